"""Penalties that training adds to the loss: l1 sum|x| + l2 sum x^2, or what is not orthogonal in a matrix."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import ShapeError, StriateError, UnavailableError
from striate.graph import Orthogonality
from striate.lookup import find, made, serialized
from striate.tensors import Tensor


class Regularizer:
    """l1 sum|x| + l2 sum x^2. Engines know few penalties: functions and classes of your own must come to that."""

    l1: float = 0.0
    l2: float = 0.0
    orthogonality: Orthogonality | None = None  # for weights of two dimensions, besides
    _arguments: ClassVar[tuple[str, ...]] = ()

    def __call__(self, x: ArrayLike) -> float:
        """The penalty of an array."""
        values = np.asarray(x, dtype=np.float64)
        return float(self.l1 * np.abs(values).sum() + self.l2 * np.square(values).sum())

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {argument: getattr(self, argument) for argument in self._arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Regularizer:
        """The regularizer of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class L1(Regularizer):
    """l1 sum|x|: drives weights to exactly zero (Tibshirani 1996).

    Args:
        l1: the factor, 0 or more.
    """

    _arguments = ("l1",)

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)


class L2(Regularizer):
    """l2 sum x^2: keeps weights small (ridge; Hoerl and Kennard 1970).

    Args:
        l2: the factor, 0 or more.
    """

    _arguments = ("l2",)

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)


class L1L2(Regularizer):
    """l1 sum|x| + l2 sum x^2 (elastic net; Zou and Hastie 2005).

    Args:
        l1: factor of the absolute values, 0 or more.
        l2: factor of the squares, 0 or more.
    """

    _arguments = ("l1", "l2")

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", "l2", 0.0 if l2 is None else l2)


class OrthogonalRegularizer(Regularizer):
    """factor / pairs times the sum over all pairs of rows (or columns) of a matrix of |their cosine|.

    Args:
        factor: 0 or more.
        mode: "rows" or "columns": which are to be orthogonal.
    """

    _arguments = ("factor", "mode")

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        if mode not in ("rows", "columns"):
            raise StriateError(f'OrthogonalRegularizer: got mode={mode!r}, expected "rows" or "columns"')
        self.mode = mode
        self.orthogonality = Orthogonality(self.factor, mode == "rows")

    def __call__(self, x: ArrayLike) -> float:
        """The penalty of a matrix."""
        values = np.asarray(x, dtype=np.float64)
        if values.ndim != 2:
            raise ShapeError(
                f"OrthogonalRegularizer: got weights of shape {values.shape}, expected two dimensions (a dense kernel)"
            )
        vectors = values if self.mode == "rows" else values.T
        units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-7)
        pairs = len(units) * (len(units) - 1) / 2
        cosines = np.abs(np.triu(units @ units.T, 1)).sum()
        return float(self.factor * cosines / pairs) if pairs else 0.0


class Own(Regularizer):
    """A penalty of the user's own: a function of the weights that is l1 sum|x| + l2 sum x^2 for some l1 and l2.

    Engines take no other, so `of` finds the two numbers from its values, for weights of a shape, and makes sure.

    Args:
        function: of weights, an array; it returns a number.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.became: L1L2 | None = None  # once it is known for which weights

    def __call__(self, x: ArrayLike) -> float:
        """The penalty of an array."""
        return float(np.asarray(self.function(np.asarray(x, dtype=np.float64).view(Tensor))))

    def of(self, shape: Sequence[int]) -> L1L2:
        """The same for weights of a shape.

        Raises:
            UnavailableError: any other penalty.
        """
        random = np.random.default_rng(0)
        probes = [scale * random.standard_normal(tuple(shape)) for scale in (1.0, 0.1, 3.0, -0.5, 1.0)]
        sums = np.array([[np.abs(probe).sum(), np.square(probe).sum()] for probe in probes])
        values = np.array([self(probe) for probe in probes])
        found = np.linalg.lstsq(sums, values, rcond=None)[0]
        found[np.abs(found) < 1e-6 * np.abs(found).max()] = 0
        if not np.allclose(sums @ found, values, rtol=1e-4, atol=0) or found.min() < 0 or self(np.zeros(shape)) != 0:
            raise self._another()
        self.became = L1L2(float(f"{found[0]:.6g}"), float(f"{found[1]:.6g}"))
        return self.became

    def of_any(self) -> L1L2:
        """The same for arrays of any shape, as outputs have.

        Raises:
            UnavailableError: any other penalty, such as a mean.
        """
        made, other = self.of((4, 5)), self.of((3, 7))
        if made.get_config() != other.get_config():
            raise self._another()
        return made

    def _another(self) -> UnavailableError:
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return UnavailableError(
            "penalties of Python code", f"{name}: is not l1 sum|w| + l2 sum w^2 for any l1 and l2",
            "keras.regularizers.L1, L2, L1L2 or OrthogonalRegularizer, or a function that comes to one of the first "
            "three.",
        )

    def get_config(self) -> dict[str, Any]:
        """That of what it has come to.

        Raises:
            UnavailableError: nothing yet, as its layer is not built; a configuration holds no code.
        """
        if self.became is None:
            raise UnavailableError(
                "configurations of code", "regularizer: is code of your own, which a configuration cannot bring back",
                "keras.regularizers.L1, L2 or L1L2; or build the layer first.",
            )
        return self.became.get_config()


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
_CLASSES: dict[str, type[Regularizer]] = {"L1": L1, "L2": L2, "L1L2": L1L2}
_CLASSES |= {"OrthogonalRegularizer": OrthogonalRegularizer, "orthogonal_regularizer": OrthogonalRegularizer}
_CLASSES |= {"l1": L1, "l2": L2, "l1l2": L1L2, "l1_l2": L1L2}

RegularizerLike = str | Mapping[str, Any] | Regularizer | type[Regularizer] | Callable[[Any], Any] | None


def get(identifier: RegularizerLike) -> Regularizer | None:
    """The regularizer of a name ("l2"), a configuration, a class or an object; None for None.

    By name all factors are 0.01, as Keras documents.

    Raises:
        StriateError: nothing of the kind; the message says what there is.
    """
    if isinstance(identifier, Regularizer) and type(identifier).__call__ not in (
        Regularizer.__call__, OrthogonalRegularizer.__call__, Own.__call__
    ):  # fmt: skip
        return Own(identifier)
    if identifier is None or isinstance(identifier, Regularizer):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Regularizer):
        return get(identifier())
    if isinstance(identifier, str):
        cls = _find(identifier)
        return L1L2(0.01, 0.01) if cls is L1L2 else cls()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return Own(identifier)
    raise StriateError(
        f'regularizer: got {identifier!r}, expected one of L1, L2, L1L2, OrthogonalRegularizer or a name such as "l2"'
    )


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """The form in which Keras writes a regularizer."""
    if regularizer is None:
        return None
    name = "L1L2" if isinstance(regularizer, Own) else type(regularizer).__name__
    return serialized("keras.regularizers", name, regularizer.get_config())


def deserialize(form: Mapping[str, Any]) -> Regularizer:
    """The regularizer of a serialized form."""
    return made("regularizer", form, _find)


def _find(name: str) -> type[Regularizer]:
    return find("regularizer", name, _CLASSES)


def _factor(name: str, argument: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise StriateError(f"{name}: got {argument}={value!r}, expected a number, 0 or more")
    if not math.isfinite(value) or value < 0:
        raise StriateError(f"{name}: got {argument}={value}, expected a finite number, 0 or more")
    return float(value)
