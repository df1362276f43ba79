"""The first convolutional networks: LeNet-1 (1989) and LeNet-5 (1998), which read digits and cheques."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate import checks, initializers
from striate.graph import Array

if TYPE_CHECKING:
    from striate.layers import Layer
    from striate.models import Sequential

# Which maps of H2 each map of H3 sees (LeCun et al. 1990, table 1), counted from 0.
H3_CONNECTIONS = ((0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1), (2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3))

# Which maps of S2 each map of C3 sees (LeCun et al. 1998, table I), counted from 0.
C3_CONNECTIONS = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# The digits as pictures of 7x12 dots, in the manner of LeCun et al. 1998, figure 3: what F6 is to look like. The lowest
# rows are for letters that reach below the line.
DIGITS = (
    "....... ....... ....... ....... ....... ....... ....... ....... ....... .......",
    "..###.. ...##.. .#####. ####### ....##. ####### ..####. ####### .#####. .#####.",
    ".##.##. ..###.. ##...## .....## ...###. ##..... .##.... .....## ##...## ##...##",
    "##...## .####.. .....## ....##. ..####. ##..... ##..... ....##. ##...## ##...##",
    "##...## ...##.. ....##. ...##.. .##.##. ######. ##..... ....##. ##...## ##...##",
    "##...## ...##.. ..###.. ..####. ##..##. .....## ######. ...##.. .#####. .######",
    "##...## ...##.. .##.... .....## ####### .....## ##...## ...##.. ##...## .....##",
    "##...## ...##.. ##..... .....## ....##. .....## ##...## ..##... ##...## .....##",
    ".##.##. ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.",
    "..###.. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..",
    "....... ....... ....... ....... ....... ....... ....... ....... ....... .......",
    "....... ....... ....... ....... ....... ....... ....... ....... ....... .......",
)

# The initial weights that suit the scaled tanh: variance 1 / fan-in (LeCun et al. 1998, "Efficient BackProp").
START = "lecun_uniform"


def LeNet1(
    input_shape: Sequence[int] = (28, 28, 1), classes: int = 10, name: str = "lenet1"
) -> Sequential:
    """LeNet-1: H1 4@5x5, H2 subsampling, H3 12@5x5 by a connection table, H4 subsampling, one layer of units.

    2,578 parameters and 98,442 connections, as the paper counts them. Every layer passes through 1.7159 tanh(2 x / 3).
    (LeCun, Boser, Denker, Henderson, Howard, Hubbard and Jackel 1990, "Handwritten digit recognition with a
    back-propagation network", NIPS 1989)

    Args:
        input_shape: (height, width, channels), at least 16x16.
        classes: number of output units; the targets of the paper are 1 and -1.
        name: the model's name.
    """
    from striate import layers
    from striate.models import Sequential

    squash: dict[str, Any] = {"activation": "scaled_tanh"}
    return Sequential(
        [
            layers.Input(input_shape),
            layers.Conv2D(4, 5, kernel_initializer=START, name="H1", **squash),
            layers.Subsampling2D(name="H2", **squash),
            layers.TableConv2D(H3_CONNECTIONS, 5, kernel_initializer=START, name="H3", **squash),
            layers.Subsampling2D(name="H4", **squash),
            layers.Flatten(name="flatten"),
            layers.Dense(classes, kernel_initializer=START, name="output", **squash),
        ],
        name=name,
    )


def LeNet5(
    input_shape: Sequence[int] | None = None,
    classes: int = 10,
    modern: bool = False,
    classifier_activation: str | None = "softmax",
    name: str = "lenet5",
) -> Sequential:
    """LeNet-5: the paper's, or in the form in which it is taught today.

    The paper's (60,000 trainable parameters, 340,908 connections): C1 6@5x5, S2 subsampling with a weight and a bias
    for each map, C3 16@5x5 by a connection table, S4 subsampling, C5 120@5x5, F6 84 units, each followed by
    1.7159 tanh(2 x / 3); output: for each class the squared distance of F6 to a 7x12 picture of 1 and -1 that is not
    learnt. The paper's penalties are these distances; here they are negated, so that the nearest class is the largest
    and softmax gives probabilities: the cross-entropy is then the paper's discriminative loss (equation 9 without its
    constant). Ten classes have pictures of the digits; any other number has codes of 1 and -1 drawn with equal
    probabilities, as the paper says of distributed codes, the same ones always.

    modern (61,706 parameters): 6@5x5 with "same" padding, maximum pooling, 16@5x5, maximum pooling, 120, 84 and
    `classes` units, ReLU.
    (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition")

    Args:
        input_shape: (height, width, channels); (32, 32, 1) if not given, (28, 28, 1) for the modern form. At least
            32x32, or 12x12 for the modern form.
        classes: number of output units.
        modern: the form of today.
        classifier_activation: of the output; None for logits (of the paper's form: minus the distances).
        name: the model's name.
    """
    from striate import layers
    from striate.models import Sequential

    size = 28 if modern else 32
    body = _modern() if modern else _paper()
    if modern:
        output: Layer = layers.Dense(classes, activation=classifier_activation, name="output")
    else:
        codes = initializers.Constant(_codes(classes))
        output = layers.RBF(classes, classifier_activation, codes, trainable=False, name="output")
    return Sequential([layers.Input(input_shape or (size, size, 1)), *body, output], name=name)


def _codes(classes: int) -> Array:
    """The (84, classes) numbers 1 and -1 that F6 is compared with."""
    if classes != 10:
        count = checks.whole("LeNet5", classes, 1, "classes")
        bits = np.random.Generator(np.random.Philox(1998)).integers(0, 2, (count, 84)).T
        return np.asarray(2 * bits - 1, np.float32)
    pictures = [[row.split()[digit] for row in DIGITS] for digit in range(10)]
    ink = np.array([[dot == "#" for row in picture for dot in row] for picture in pictures])
    return np.asarray(np.where(ink.T, 1, -1), np.float32)


def _paper() -> list[Layer]:
    from striate import layers

    squash: dict[str, Any] = {"activation": "scaled_tanh"}
    learnt = {"kernel_initializer": START, **squash}
    return [
        layers.Conv2D(6, 5, name="C1", **learnt),
        layers.Subsampling2D(name="S2", **squash),
        layers.TableConv2D(C3_CONNECTIONS, 5, name="C3", **learnt),
        layers.Subsampling2D(name="S4", **squash),
        layers.Conv2D(120, 5, name="C5", **learnt),
        layers.Flatten(name="flatten"),
        layers.Dense(84, name="F6", **learnt),
    ]


def _modern() -> list[Layer]:
    from striate import layers

    return [
        layers.Conv2D(6, 5, padding="same", activation="relu", name="C1"),
        layers.MaxPooling2D(name="S2"),
        layers.Conv2D(16, 5, activation="relu", name="C3"),
        layers.MaxPooling2D(name="S4"),
        layers.Flatten(name="flatten"),
        layers.Dense(120, activation="relu", name="C5"),
        layers.Dense(84, activation="relu", name="F6"),
    ]
