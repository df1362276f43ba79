"""Why not one large dense layer: parameters, accuracy and learning curves side by side (document 002).

First the document's counts: a dense layer of 100 units on an image of 800x600 needs 48,000,100 parameters, 100 filters
of 3x3 need 2,800 whatever the size of the image. Then three networks learn clothes: a dense one, the document's with
one convolution (118,980 parameters), and LeNet-5, its third challenge. The report of the last, with the learning
curves, is a page to open in a browser.

    python examples/dense_or_convolution.py [--quick]
"""

from __future__ import annotations

from pathlib import Path

from common import CLASSES, accuracy, asked_to_be_quick, clothes

import striate
from striate import layers
from striate.applications import LeNet5, from_pixels
from striate.graph import outlines
from striate.report import Results, Run, write_report

REPORT = Path("lenet5-report.html")


def counts() -> None:
    """Within `outlines` a network has shapes and no numbers: its 48 million parameters take no memory."""
    with outlines():
        dense = striate.Sequential([layers.Input((800, 600)), layers.Flatten(), layers.Dense(100)])
        convolution = striate.Sequential([layers.Input((800, 600, 3)), layers.Conv2D(100, 3)])
    print(f"An image of 800x600, 100 units:   {dense.count_params():>12,} parameters")
    print(f"the same image, 100 filters 3x3:  {convolution.count_params():>12,} parameters\n")


def networks() -> dict[str, striate.Model]:
    """For images of 28x28."""

    def stack(*first: layers.Layer) -> striate.Sequential:
        top = [layers.Flatten(), layers.Dense(120, activation="relu"), layers.Dense(10, activation="softmax")]
        return striate.Sequential([layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), *first, *top])

    return {
        "dense": stack(),
        "one convolution": stack(
            layers.Conv2D(5, 3, padding="same", activation="relu"), layers.MaxPooling2D()
        ),
        "LeNet-5": from_pixels(LeNet5(modern=True)),
    }


def main(quick: bool) -> None:
    """Count, train, compare, report."""
    counts()
    (x, y), (x_test, y_test) = clothes(*((4000, 1000) if quick else (60000, 10000)), quick)
    striate.utils.set_random_seed(1)
    print(f"{'':18}parameters   training   validation   test")
    for name, model in networks().items():
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, epochs=2 if quick else 5, validation_split=0.2, verbose=0).history
        last = f"{history['accuracy'][-1]:8.1%}   {history['val_accuracy'][-1]:10.1%}"
        print(f"{name:16}{model.count_params():12,}   {last}   {accuracy(model, x_test, y_test):.1%}")
    results = Results(y_test, model.predict(x_test, verbose=0), CLASSES)
    worst = min(results.by_class(), key=lambda result: result.recall)
    print(f"\nLeNet-5 finds {worst.recall:.0%} of the images of {worst.name}, the least of all kinds.")
    write_report(REPORT, Run(title="LeNet-5 on clothes", history=history, results=results, images=x_test))
    print(f"Curves, confusions and the errors it was surest of: {REPORT}")


if __name__ == "__main__":
    main(asked_to_be_quick(__doc__.splitlines()[0]))
