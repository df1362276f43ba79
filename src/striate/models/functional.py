"""Networks made by calling layers on symbolic tensors: branches, several inputs and outputs, shared layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.errors import StriateError
from striate.layers import Layer
from striate.layers.symbolic import SymbolicTensor, flatten, packed
from striate.models import configuration
from striate.models.configuration import MakeLayer
from striate.models.model import Model
from striate.models.wiring import Wiring, rewired


class Functional(Model):
    """The network between symbolic tensors; `Model(inputs, outputs)` makes one.

        x = Input((28, 28, 1))
        y = layers.Dense(10)(layers.Flatten()(x))
        model = Model(x, y)

    Args:
        inputs: what `Input` returned; a list or a dictionary for several. Tensors from the middle of a network begin
            a new one there that shares the layers behind.
        outputs: tensors that follow from them; a list or a dictionary for several.
        name: made up if not given.
        trainable: False freezes all layers; None leaves them as they are.
        input, output: what Keras 1 called `inputs` and `outputs`.

    Raises:
        StriateError: something that is no symbolic tensor, an output that needs another input, two layers of one name.
    """

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, trainable: bool | None = None, *,
        input: Any = None, output: Any = None,
    ) -> None:
        super().__init__(name=name)
        inputs, outputs = self._one_of("inputs", inputs, input), self._one_of("outputs", outputs, output)
        for argument, structure in (("inputs", inputs), ("outputs", outputs)):
            _check_tensors(self.name, argument, structure)
        if len(set(flatten(inputs))) != len(flatten(inputs)):
            raise StriateError(f"{self.name}: inputs: one tensor is there twice; give each once")
        self._forms = packed(inputs, [None] * len(flatten(inputs))), packed(outputs, [None] * len(flatten(outputs)))
        self._wiring = Wiring(self.name, *rewired(flatten(inputs), flatten(outputs)))
        if trainable is not None:
            self.trainable = trainable

    def _one_of(self, argument: str, given: Any, former: Any) -> Any:
        if given is not None and former is not None:
            raise StriateError(f"{self.name}: got {argument} twice, once as {argument[:-1]}; leave one out")
        return former if given is None else given

    _module, _registered = "keras.src.models.functional", "Functional"

    @property
    def layers(self) -> list[Layer]:
        """The layers in Keras's order, those of the inputs included."""
        return list(self._wired("layers").layers)

    @property
    def _input_form(self) -> Any:
        return _single(self._forms[0])

    @property
    def _output_form(self) -> Any:
        return _single(self._forms[1])

    def build(self, input_shape: Any = None) -> None:
        """Nothing to do: a functional network is built from the start."""


    def get_config(self) -> dict[str, Any]:
        """What makes the same model, with new weights, in the form in which Keras writes it."""
        wiring = self._wired("configuration")
        parts = configuration.describe(wiring, *self._forms)
        return {"name": self.name, "trainable": self.trainable, **parts}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], make_layer: MakeLayer = configuration.make_layer) -> Functional:
        """The model of a configuration, with new weights.

        Raises:
            StriateError: not the configuration of a functional model, layers that are not known, or calls of them that
                wait for each other.
        """
        name = config.get("name")
        model = cls(*configuration.build(config, make_layer), name=name)
        if config.get("trainable") is False:
            model._trainable = False  # the layers' own configurations say the rest
        return model


def _single(form: Any) -> Any:
    """A list of one counts as the one."""
    return form[0] if isinstance(form, list) and len(form) == 1 else form


def _check_tensors(model: str, argument: str, structure: Any) -> None:
    tensors = flatten(structure)
    if not tensors:
        raise StriateError(f"{model}: {argument}: got {structure!r}, expected at least one symbolic tensor")
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            hint = ""
            if isinstance(tensor, Layer):
                hint = f"; call the layer, as {tensor.name}(x), or give {tensor.name}.output"
            raise StriateError(
                f"{model}: {argument}: got {tensor!r}, expected what Input(...) or calling a layer returns{hint}"
            )
    if isinstance(structure, Mapping) and not all(isinstance(key, str) for key in structure):
        raise StriateError(f"{model}: {argument}: got the keys {list(structure)}, expected names")
