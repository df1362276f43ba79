"""LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998), the network that read cheques."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.models import Sequential


def lenet5(
    input_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10, include_preprocessing: bool = True
) -> Sequential:
    """LeNet-5 in its modern form: ReLU for tanh, maximum for mean pooling, softmax at the end.

    Conv 6@5x5 same, pool, conv 16@5x5, pool, dense 120, dense 84, dense `classes`: 61,706 parameters for 28x28x1 and
    ten classes.

    Args:
        input_shape: (height, width, channels), at least 12x12.
        classes: width of the softmax.
        include_preprocessing: begin with x / 255, so that the network takes pixels as they are.
    """
    from striate import layers
    from striate.models import Sequential

    return Sequential(
        [
            layers.Input(input_shape),
            *([layers.Rescaling(1 / 255)] if include_preprocessing else []),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ],
        name="lenet5",
    )
