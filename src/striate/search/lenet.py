"""The LeNet of the lectures, with every size of it left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from striate.errors import DataError

if TYPE_CHECKING:
    from striate.models import Sequential

ODD: dict[str, tuple[int, int]] = {"kernel1": (3, 9), "kernel2": (3, 7)}  # first and last
PLAIN: dict[str, tuple[int, int]] = {"stride1": (1, 2), "stride2": (1, 2)}
LOGARITHMIC: dict[str, tuple[int, int]] = {
    "filters1": (4, 32), "filters2": (8, 64), "units1": (60, 240), "units2": (42, 168),
}  # fmt: skip
PADDINGS = ("same", "valid")
RATES = (1e-4, 1e-2)
SMALLEST = 11  # pixels: with both strides 2 they become 6, pooled 3, 2, pooled 1


@dataclass(frozen=True)
class LeNet:
    """Sizes of a network CONV-POOL-CONV-POOL-FC-FC-FC and the learning rate of its training.

    The defaults are the LeNet-5 of the lectures. The first convolution is padded to keep the image's size (divided by
    its stride), the second one as `padding2` says; both are followed by maximum pooling 2x2.

    Attributes:
        kernel1, stride1, filters1: of the first convolution.
        kernel2, stride2, filters2, padding2: of the second one.
        units1, units2: of the dense layers.
        learning_rate: Adam's.
    """

    kernel1: int = 5
    stride1: int = 1
    filters1: int = 6
    kernel2: int = 5
    stride2: int = 1
    filters2: int = 16
    padding2: str = "valid"
    units1: int = 120
    units2: int = 84
    learning_rate: float = 1e-3

    def build(self, input_shape: Sequence[int], classes: int) -> Sequential:
        """The network for pixels from 0 to 255, compiled."""
        from striate import layers, optimizers
        from striate.models import Sequential

        first: dict[str, Any] = {"strides": self.stride1, "padding": "same", "activation": "relu"}
        second: dict[str, Any] = {"strides": self.stride2, "padding": self.padding2, "activation": "relu"}
        model = Sequential(
            [
                layers.Input(input_shape),
                layers.Rescaling(1 / 255),
                layers.Conv2D(self.filters1, self.kernel1, **first),
                layers.MaxPooling2D(2),
                layers.Conv2D(self.filters2, self.kernel2, **second),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dense(self.units1, activation="relu"),
                layers.Dense(self.units2, activation="relu"),
                layers.Dense(classes, activation="softmax"),
            ]
        )
        adam = optimizers.Adam(self.learning_rate)
        model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def program(self, input_shape: Sequence[int], classes: int) -> str:
        """What `build` does, as a program to copy."""
        second = f'{self.filters2}, {self.kernel2}, strides={self.stride2}, padding="{self.padding2}"'
        return f"""\
import striate
from striate import layers, optimizers

model = striate.Sequential([
    layers.Input({tuple(input_shape)}),
    layers.Rescaling(1 / 255),
    layers.Conv2D({self.filters1}, {self.kernel1}, strides={self.stride1}, padding="same", activation="relu"),
    layers.MaxPooling2D(2),
    layers.Conv2D({second}, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense({self.units1}, activation="relu"),
    layers.Dense({self.units2}, activation="relu"),
    layers.Dense({classes}, activation="softmax"),
])
model.compile(optimizers.Adam({self.learning_rate!r}), "sparse_categorical_crossentropy", metrics=["accuracy"])
"""

    @property
    def first(self) -> str:
        """The first convolution in words: size/stride x filters."""
        return f"{self.kernel1}x{self.kernel1}/{self.stride1} x{self.filters1}"

    @property
    def second(self) -> str:
        """The second convolution in words: size/stride x filters, padding."""
        return f"{self.kernel2}x{self.kernel2}/{self.stride2} x{self.filters2} {self.padding2}"

    def describe(self) -> str:
        """In one line: both convolutions, units, learning rate."""
        return f"{self.first}, {self.second}, {self.units1}, {self.units2}, lr {self.learning_rate:g}"

    def settings(self, input_shape: Sequence[int]) -> dict[str, Any]:
        """By name, as `propose` would have asked for them."""
        found = asdict(self)
        if not self._unpadded_fits(input_shape):
            del found["padding2"]
        return found

    def _unpadded_fits(self, input_shape: Sequence[int]) -> bool:
        """Whether the second convolution and the pooling behind it fit without padding."""
        size = -(-min(input_shape[:2]) // self.stride1) // 2
        return size >= self.kernel2 and (size - self.kernel2) // self.stride2 + 1 >= 2


BASELINE = LeNet()


def propose(trial: Any, input_shape: Sequence[int]) -> LeNet:
    """The sizes that an Optuna trial suggests; without padding only where the kernel fits."""
    chosen: dict[str, Any] = {name: trial.suggest_int(name, *bounds, step=2) for name, bounds in ODD.items()}
    chosen |= {name: trial.suggest_int(name, *bounds) for name, bounds in PLAIN.items()}
    chosen |= {name: trial.suggest_int(name, *bounds, log=True) for name, bounds in LOGARITHMIC.items()}
    chosen["learning_rate"] = _rounded(trial.suggest_float("learning_rate", *RATES, log=True))
    chosen["padding2"] = "same"
    if LeNet(**chosen)._unpadded_fits(input_shape):
        chosen["padding2"] = trial.suggest_categorical("padding2", PADDINGS)
    return LeNet(**chosen)


def proposed(settings: Mapping[str, Any], name: str) -> LeNet:
    """What `propose` made of settings that a study file holds, which nobody vouches for.

    Raises:
        DataError: values that no search of ours has put there; `name` is what the file is called.
    """
    chosen: dict[str, Any] = {"padding2": "same"} | dict(settings)
    bounds: dict[str, tuple[float, float]] = {**ODD, **PLAIN, **LOGARITHMIC, "learning_rate": RATES}
    for key, (low, high) in bounds.items():
        kind = float if key == "learning_rate" else int
        if type(chosen.get(key)) is not kind or not low <= chosen[key] <= high:
            raise DataError(f"{name}: holds a trial with {key}={chosen.get(key)!r}, expected {low:g} to {high:g}")
    if set(chosen) != {*bounds, "padding2"} or chosen["padding2"] not in PADDINGS:
        raise DataError(f"{name}: holds a trial with {sorted(chosen)}, which is no LeNet of this search")
    return LeNet(**{**chosen, "learning_rate": _rounded(chosen["learning_rate"])})


def _rounded(rate: float) -> float:
    """Three digits, so that what is shown is what was trained."""
    return float(f"{rate:.3g}")
