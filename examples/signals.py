"""Convolution is not only for images: which exercise does an arm with a smartwatch do? (question 1 of document 003)

Ten people did seven shoulder exercises, about twenty times each, left and right, while a watch measured acceleration
and rotation along three axes: 140 recordings, here at 10 measurements a second (Burns et al. 2018). A window of four
seconds is an "image" of 40 places in a row with 6 channels, and a filter that slides along it finds the same piece of a
movement wherever in the window it happens. A dense layer has to learn each piece anew for every place.

The network is tested on people it has never seen. Windows of one person resemble each other, so to split the windows
at random would be to test on what was learnt by heart: the last lines show by how much that flatters.

    python examples/signals.py [--quick]
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from common import accuracy, asked_to_be_quick

import striate
from striate import layers

DATA = Path(__file__).parent / "data" / "watch.npz"
WINDOW, STEP = 40, 10  # measurements: 4 s, a new window every second
TEST_PEOPLE = (8, 9, 10)
TITLES = {
    "PEN": "pendulum", "ABD": "abduction", "FEL": "forward elevation", "IR": "internal rotation",
    "ER": "external rotation", "TRAP": "trapezius extension", "ROW": "upright row",
}  # fmt: skip


def windows() -> dict[str, np.ndarray]:
    """All windows, with the number of the recording, the person and the exercise of each."""
    with np.load(DATA) as file:
        data = dict(file)  # each array is unpacked once
    names = ("x", "recording", "person", "exercise")
    found: dict[str, list] = {name: [] for name in names}
    for i, (start, end) in enumerate(zip(data["starts"], [*data["starts"][1:], len(data["signals"])], strict=True)):
        for at in range(start, end - WINDOW + 1, STEP):
            values = data["signals"][at : at + WINDOW], i, data["person"][i], data["exercise"][i]
            for name, value in zip(names, values, strict=True):
                found[name].append(value)
    arrays = {name: np.array(values) for name, values in found.items()}
    return arrays | {"x": arrays["x"] * data["scale"].astype(np.float32), "names": data["names"]}


def convolutional() -> list[layers.Layer]:
    """Filters of half a second, twice; then for each the largest answer anywhere in the window."""
    return [
        layers.Conv1D(32, 5, padding="same", activation="relu"), layers.MaxPooling1D(2),
        layers.Conv1D(64, 5, padding="same", activation="relu"), layers.Dropout(0.3), layers.GlobalMaxPooling1D(),
    ]  # fmt: skip


def dense() -> list[layers.Layer]:
    """As many units as the convolutional network has filters."""
    return [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dropout(0.3)]


def train(body: list[layers.Layer], x, y, train_on, test_on, epochs: int) -> tuple[striate.Model, float]:
    """A network trained on some windows, and its accuracy on others."""
    striate.utils.set_random_seed(1)
    mean, spread = x[train_on].mean(axis=(0, 1)), x[train_on].std(axis=(0, 1))
    scale = layers.Normalization(mean=mean, variance=spread**2)
    model = striate.Sequential([layers.Input(x.shape[1:]), scale, *body, layers.Dense(7, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[train_on], y[train_on], epochs=epochs, batch_size=32, verbose=0)
    return model, accuracy(model, x[test_on], y[test_on])


def main(quick: bool) -> None:
    """Split by people, train both networks, let windows vote, and show what a careless split would have said."""
    data = windows()
    x, y, epochs = data["x"], data["exercise"], 8 if quick else 25
    test = np.isin(data["person"], TEST_PEOPLE)
    print(f"{len(x):,} windows of {WINDOW / 10:g} s from {data['recording'].max() + 1} recordings of 10 people; "
          f"tested on the {test.sum():,} of people {', '.join(map(str, TEST_PEOPLE))}.")  # fmt: skip
    print("\n                   parameters   accuracy on new people")
    for name, body in (("dense", dense()), ("convolution in 1-D", convolutional())):
        model, result = train(body, x, y, ~test, test, epochs)
        print(f"{name:18} {model.count_params():11,}   {result:22.1%}")

    answers, recordings = model.predict(x[test], verbose=0), data["recording"][test]
    votes = {i: answers[recordings == i].sum(axis=0).argmax() for i in np.unique(recordings)}
    right = [vote == y[data["recording"] == i][0] for i, vote in votes.items()]
    print(f"\nAll windows of a recording together name its exercise in {sum(right)} of {len(right)} recordings.")
    for kind, name in enumerate(data["names"]):
        own = y[test] == kind
        print(f"  {TITLES[str(name)]:20} {np.mean(answers[own].argmax(axis=1) == kind):6.1%} of its windows")

    mixed = np.random.default_rng(1).random(len(x)) < test.mean()
    _, flattered = train(convolutional(), x, y, ~mixed, mixed, epochs)
    print(f"\nSplit at random, with every person on both sides, it would have been {flattered:.1%}.")


if __name__ == "__main__":
    main(asked_to_be_quick(__doc__.splitlines()[0]))
