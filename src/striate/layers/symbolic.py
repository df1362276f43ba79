"""Symbolic tensors: what `Input` returns and what layers called on it return. They have a shape, but no numbers.

A size that is not known is None: that of the batch always, others where `Input` left them open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from striate.errors import ShapeError, StriateError
from striate.layers.shapes import OpenShape

if TYPE_CHECKING:
    from striate.layers.base import Layer


class SymbolicTensor:
    """The output of a layer's call, before there are numbers.

    Attributes:
        shape: with the batch in front: (None, 28, 28, 1).
        dtype: "float32", or the type of an input's arrays.
        call: the call that makes it.
        index: its place among the outputs of that call.
    """

    def __init__(self, image_shape: OpenShape, call: Call, index: int = 0, dtype: str = "float32") -> None:
        self.image_shape = image_shape
        self.call = call
        self.index = index
        self.dtype = dtype

    @property
    def shape(self) -> OpenShape:
        """Shape with the batch, None, in front."""
        return (None, *self.image_shape)

    @property
    def ndim(self) -> int:
        """Number of axes, the batch's counted."""
        return len(self.shape)

    @property
    def name(self) -> str:
        """The name of the layer that makes it."""
        return self.call.layer.name

    # Operators make layers; see striate.layers.operators.

    __array_ufunc__ = None  # so that NumPy's numbers and arrays leave operators to these

    def __gt__(self, other: object) -> Any:
        return _choosing().above(self, other)

    def __lt__(self, other: object) -> Any:
        return _choosing().above(other, self)

    def __ge__(self, other: object) -> Any:
        return _choosing().opposite(_choosing().above(other, self))

    def __le__(self, other: object) -> Any:
        return _choosing().opposite(_choosing().above(self, other))

    def __add__(self, other: object) -> Any:
        return _operators().combined("Add", self, other)

    def __radd__(self, other: object) -> Any:
        return _operators().combined("Add", other, self)

    def __sub__(self, other: object) -> Any:
        return _operators().combined("Subtract", self, other)

    def __rsub__(self, other: object) -> Any:
        return _operators().combined("Subtract", other, self)

    def __mul__(self, other: object) -> Any:
        return _operators().combined("Multiply", self, other)

    def __rmul__(self, other: object) -> Any:
        return _operators().combined("Multiply", other, self)

    def __truediv__(self, other: object) -> Any:
        return _operators().combined("TrueDivide", self, other)

    def __rtruediv__(self, other: object) -> Any:
        return _operators().combined("TrueDivide", other, self)

    def __matmul__(self, other: object) -> Any:
        return _operators().product(self, other)

    def __pow__(self, exponent: object) -> Any:
        return _operators().power(self, exponent)

    def __neg__(self) -> Any:
        return _operators().negative(self)

    def __abs__(self) -> Any:
        return _operators().absolute(self)

    def activated(self, function: Any, *arguments: Any, **options: Any) -> Any:
        """What a function of `striate.activations` makes of it."""
        from striate.layers.activation import layer_of

        return layer_of(function, *arguments, **options)(self)

    def __getitem__(self, key: object) -> Any:
        return _operators().GetItem(key)(self)

    def __array__(self, *arguments: Any, **options: Any) -> NoReturn:
        raise StriateError(f"{self}: is symbolic and has no numbers; make a Model of it and call predict")

    def __bool__(self) -> NoReturn:
        raise StriateError(f"{self}: is symbolic, so it is neither true nor false")

    def __iter__(self) -> NoReturn:
        raise StriateError(f"{self}: is one symbolic tensor, not several")

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, from {self.name}>"


def _operators() -> Any:
    from striate.layers import operators

    return operators


def _choosing() -> Any:
    from striate.layers import choosing

    return choosing


@dataclass(frozen=True, eq=False)
class Call:
    """One use of a layer: which tensors it was given. A layer that is called twice shares its parameters.

    given: the tensors in the structure (one, list, dictionary) in which they were given.
    training: False: the layer acts as in inference, even while the network is trained; True: as in training, always.
    index: how many calls of the layer came before.
    """

    layer: Layer
    given: Any
    inputs: tuple[SymbolicTensor, ...]
    outputs: list[SymbolicTensor]
    index: int
    training: bool | None = None


class Following:
    """Stands for `training` while a network is made: layers that are given it follow the network's mode.

    Attributes:
        asked: whether its truth has been asked for; the answer is `answer`.
    """

    def __init__(self, answer: bool) -> None:
        self.answer, self.asked = answer, False

    def __bool__(self) -> bool:
        self.asked = True
        return self.answer

    def __eq__(self, other: object) -> bool:
        return bool(self) == other

    __hash__ = None  # type: ignore[assignment]


def connect(layer: Layer, given: Any, training: bool | None = None) -> list[SymbolicTensor]:
    """Call a layer on symbolic tensors, building it if need be.

    Raises:
        StriateError: numbers among the tensors.
        ShapeError: tensors that do not fit; the message names the layers that they come from.
    """
    inputs = flatten(given)
    training = None if isinstance(training, Following) else training
    for tensor in inputs:
        if not isinstance(tensor, SymbolicTensor):
            raise StriateError(
                f"{layer.name}: got {type(tensor).__name__} beside symbolic tensors; give either arrays or the outputs "
                "of Input and layers; numbers go with operators, as in 2 * x + 1"
            )
    shapes = [tensor.image_shape for tensor in inputs]
    try:
        layer.build_for_shapes(shapes)
        outputs = layer.open_output_shapes(shapes)
    except ShapeError as error:
        origins = " and ".join(f"{tensor.shape} from {tensor.name}" for tensor in inputs)
        raise ShapeError(f"{error} (its input is {origins})") from None
    call = Call(layer, given, tuple(inputs), [], len(layer.calls), training)
    made = _kind_of_outputs(layer, inputs, outputs)
    call.outputs.extend(made(shape, call, i) for i, shape in enumerate(outputs))
    layer.calls.append(call)
    return call.outputs


def _kind_of_outputs(
    layer: Layer, inputs: Sequence[SymbolicTensor], shapes: Sequence[OpenShape]
) -> type[SymbolicTensor]:
    """`Together` where inputs are such, and the outputs are of the whole batch, too."""
    if all(type(tensor) is SymbolicTensor for tensor in inputs):
        return SymbolicTensor
    from striate.layers import together

    return together.Together if together.stays(layer, inputs, shapes) else SymbolicTensor


def is_symbolic(value: object) -> bool:
    """Whether it is a symbolic tensor, or a list, tuple or dictionary with one."""
    if isinstance(value, (Mapping, list, tuple)):
        return any(is_symbolic(item) for item in (value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, SymbolicTensor)


def flatten(structure: Any) -> list[Any]:
    """What lists, tuples and dictionaries hold; dictionaries in the order of their keys, as in Keras."""
    if isinstance(structure, Mapping):
        return [item for key in sorted(structure) for item in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [item for element in structure for item in flatten(element)]
    return [structure]


def packed(structure: Any, values: Sequence[Any]) -> Any:
    """Values, in the order of `flatten`, in the form of a structure."""
    remaining = iter(values)

    def fill(form: Any) -> Any:
        if isinstance(form, Mapping):
            filled = {key: fill(form[key]) for key in sorted(form)}
            return {key: filled[key] for key in form}
        if isinstance(form, (list, tuple)):
            return [fill(element) for element in form]
        return next(remaining)

    return fill(structure)
