"""Networks trained with margins, on labels of both kinds, as Keras trains them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import DataError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 6, 6, 1)).astype(np.float32)


def network(library: Any, units: int) -> Any:
    layers = library.layers
    return library.Sequential(
        [library.Input((6, 6, 1)), layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(units)]
    )


@pytest.mark.parametrize(
    ("loss", "labels"),
    [("hinge", RNG.integers(0, 2, (40, 1))), ("squared_hinge", RNG.integers(0, 2, (40, 1)) * 2 - 1),
     ("categorical_hinge", np.eye(4)[RNG.integers(0, 4, 40)])],
)  # fmt: skip
def test_training_is_keras(keras: Any, loss: str, labels: np.ndarray) -> None:
    theirs, ours = network(keras, labels.shape[1]), network(striate, labels.shape[1])
    ours.set_weights(theirs.get_weights())
    losses = []
    for library, model in ((keras, theirs), (striate, ours)):
        model.compile(library.optimizers.SGD(0.02), loss, metrics=["accuracy"])
        history = model.fit(X, labels.astype(np.float32), batch_size=13, epochs=4, shuffle=False, verbose=0).history
        losses.append((history["loss"], history["accuracy"]))
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-5)
    assert losses[1][0][-1] < losses[1][0][0]


def test_labels_that_a_hinge_does_not_take() -> None:
    model = network(striate, 1)
    model.compile("sgd", "hinge")
    labels = np.array([-1.0, 0, 1, 1])
    with pytest.raises(DataError, match=r"label at index 0 is \[-1\.\], but the loss hinge takes 0 and 1, or -1 and 1"):
        model.fit(X[:4], labels, verbose=0)
    model = network(striate, 3)
    model.compile("sgd", "categorical_hinge")
    with pytest.raises(ValueError, match="these look like class numbers: make them one-hot with"):
        model.fit(X[:4], np.array([0, 1, 2, 1]), verbose=0)
