"""What the networks for ImageNet share: the arguments of keras.applications, the way in, the way out, the weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from striate.errors import ShapeError, StriateError

if TYPE_CHECKING:
    from striate.models import Model

Weights = str | os.PathLike[str] | None
InputShape = Sequence[int | None] | None
Activation = str | Callable[..., Any] | None

IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Frame:
    """The arguments that all these networks take.

    Attributes:
        include_top: whether the network ends in its classifier.
        weights: None (random), "imagenet" (as Keras has published them), or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels) of the images.
        pooling: without the classifier: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: of the model.
        size: height and width of the images that the network was made for.
        smallest: least height and width.
        fixed_size: whether the classifier needs images of one size, known beforehand.
    """

    include_top: bool
    weights: Weights
    input_tensor: Any
    input_shape: InputShape
    pooling: str | None
    classes: int
    classifier_activation: Activation
    name: str
    size: int = 224
    smallest: int = 32
    fixed_size: bool = False

    def __post_init__(self) -> None:
        from striate.layers.symbolic import SymbolicTensor

        self._check_weights()
        if not isinstance(self.input_tensor, SymbolicTensor | None):
            raise StriateError(
                f"{self.name}: got {type(self.input_tensor).__name__} as input_tensor, expected what Input(...) or "
                "calling a layer on it returns"
            )
        if self.pooling not in (None, "avg", "max"):
            raise StriateError(f'{self.name}: got pooling={self.pooling!r}, expected None, "avg" or "max"')

    def _check_weights(self) -> None:
        published, wrong = self.weights == "imagenet", f"{self.name}: got weights={self.weights!r}"
        if self.weights is None:
            return
        if not published and not (isinstance(self.weights, (str, os.PathLike)) and os.path.exists(self.weights)):
            raise StriateError(f'{wrong}, expected None, "imagenet" or a file that exists')
        if published and self.include_top and self.classes != IMAGENET_CLASSES:
            raise StriateError(f"{wrong} with classes={self.classes}; the classifier on offer has {IMAGENET_CLASSES}")
        activation = getattr(self.classifier_activation, "__name__", self.classifier_activation)
        if self.include_top and activation not in (None, "softmax", "linear"):
            raise StriateError(f'{wrong} with classifier_activation={activation!r}, expected "softmax" or None')

    @property
    def shape(self) -> tuple[int | None, ...]:
        """(height, width, channels) of the images; None for sizes that may be any.

        Raises:
            StriateError: an input_shape that does not fit the network or its weights.
        """
        imagenet, fixed = self.weights == "imagenet", self.include_top and self.fixed_size
        usual = (self.size, self.size, 3)
        given = self.input_tensor.shape[1:] if self.input_tensor is not None else self.input_shape
        if given is None:
            return usual if self.include_top else (None, None, 3)
        shape = tuple(given)
        wrong = f"{self.name}: got input_shape={shape}"
        if len(shape) != 3:
            raise ShapeError(f"{wrong}, expected (height, width, channels)")
        if imagenet and (shape[2] != 3 or (fixed and shape != usual)):
            raise ShapeError(f'{wrong} with weights="imagenet", expected {usual if fixed else "3 channels"}')
        if fixed and None in shape:
            raise ShapeError(f"{wrong}; its classifier needs known sizes. Give them, or take include_top=False")
        if any(size is not None and size < self.smallest for size in shape[:2]):
            raise ShapeError(f"{wrong}, expected images of at least {self.smallest}x{self.smallest}")
        return shape

    def start(self) -> Any:
        """The tensor of the images."""
        from striate.layers import Input

        shape = self.shape
        return Input(shape=shape) if self.input_tensor is None else self.input_tensor

    def classifier(self, x: Any, name: str = "predictions") -> Any:
        """The dense layer that ends a network."""
        from striate.layers import Dense

        return Dense(self.classes, activation=self.classifier_activation, name=name)(x)

    def pooled(self, x: Any, names: tuple[str | None, str | None] = (None, None)) -> Any:
        """The end of a network without classifier; names: of the layers for "avg" and "max"."""
        from striate import layers

        if self.pooling == "avg":
            return layers.GlobalAveragePooling2D(name=names[0])(x)
        return layers.GlobalMaxPooling2D(name=names[1])(x) if self.pooling == "max" else x

    def model(self, outputs: Any, file_name: str | None = None, name: str | None = None) -> Model:
        """The model from the images to some tensors, with its weights.

        Args:
            outputs: one tensor, or a list.
            file_name: the published weights'; None where there are none.
            name: of the model, if not the frame's.
        """
        from striate.models import Model

        end = outputs[0] if isinstance(outputs, list) else outputs
        model = Model(_source(end), outputs, name=name or self.name)
        if self.weights == "imagenet":
            from striate.applications.weights import resolve

            if file_name is None:
                raise StriateError(f'{self.name}: there are no published weights="imagenet" for it; take weights=None')
            model.load_weights(resolve(file_name))
        elif self.weights is not None:
            model.load_weights(self.weights)
        return model

    def kernels_file(self, network: str) -> str:
        """The name under which Keras has published a network's weights."""
        ending = "" if self.include_top else "_notop"
        return f"{network}_weights_tf_dim_ordering_tf_kernels{ending}.h5"


def _source(tensor: Any) -> Any:
    """The input that a tensor comes from."""
    while tensor.call.inputs:
        tensor = tensor.call.inputs[0]
    return tensor
