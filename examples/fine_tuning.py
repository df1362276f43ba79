"""A network that knows some clothes learns others from a few images (document 001).

The document's network, 358,210 parameters, learns seven kinds of clothes. Then there are only five images of each of
three kinds of shoes. A network that starts from nothing takes a hundred steps to learn them. One that keeps the
convolutions it has, frozen, and learns nothing but a new classifier on top of them is there after ten. Augmentation,
every image mirrored, turned and shifted a little anew in each step, makes learning slower and gains little here, as the
shoes it is tested on lie just as the five did.

    python examples/fine_tuning.py [--quick]
"""

from __future__ import annotations

import numpy as np
from common import CLASSES, accuracy, asked_to_be_quick, clothes

import striate
from striate import layers

SHOES = (5, 7, 9)  # sandal, sneaker, ankle boot


def convolutions() -> striate.Sequential:
    """The document's three blocks: convolution, batch normalisation, dropout, pooling; images become 1,152 numbers."""
    stack: list[layers.Layer] = [layers.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
    for filters in (32, 60, 128):
        stack += [layers.Conv2D(filters, 5, padding="same", activation="relu")]
        stack += [layers.BatchNormalization(momentum=0.9)]  # Keras's 0.99 needs more steps than there are here
        stack += [layers.Dropout(0.2), layers.MaxPooling2D()]
    return striate.Sequential([*stack, layers.Flatten()], name="convolutions")


def classifier(base: striate.Model, classes: int, *before: layers.Layer) -> striate.Sequential:
    """New dense layers on some convolutions; `before` are layers that change images at random."""
    top = [layers.Dense(100, activation="relu"), layers.Dropout(0.5), layers.Dense(classes, activation="softmax")]
    model = striate.Sequential([layers.Input((28, 28, 1)), *before, base, *top])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def augmentation() -> list[layers.Layer]:
    """What does not change what a shoe is."""
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(0.03), layers.RandomTranslation(0.08, 0.08)]


def split(x: np.ndarray, y: np.ndarray, kinds: tuple[int, ...], each: int) -> tuple[np.ndarray, np.ndarray]:
    """The first images of some kinds, numbered from 0."""
    chosen = np.sort(np.concatenate([np.flatnonzero(y == kind)[:each] for kind in kinds]))
    return x[chosen], np.searchsorted(kinds, y[chosen])


def main(quick: bool) -> None:
    """Pretrain, freeze, and compare on shoes."""
    (x, y), (x_test, y_test) = clothes(60000, 10000, quick=True)
    known = tuple(kind for kind in range(10) if kind not in SHOES)
    draws, steps = (1, (10, 30)) if quick else (3, (10, 30, 100))
    striate.utils.set_random_seed(1)
    base = convolutions()
    whole = classifier(convolutions(), 10)
    print(f"The network for all ten kinds has {whole.count_params():,} parameters.")
    first = classifier(base, len(known))
    first.fit(*split(x, y, known, 200 if quick else 1000), epochs=2 if quick else 5, batch_size=16, verbose=0)
    print(f"Trained on {', '.join(CLASSES[kind] for kind in known)}: "
          f"{accuracy(first, *split(x_test, y_test, known, 200)):.1%} of them are told apart.")  # fmt: skip

    before = [weight.copy() for weight in base.get_weights()]
    base.trainable = False
    test = split(x_test, y_test, SHOES, 200)
    after = "".join(f"{f'after {step} steps':>17}" for step in steps)
    print(f"\n5 images each of {', '.join(CLASSES[kind] for kind in SHOES)}   trainable{after}")
    makes = {
        "from nothing": lambda: classifier(convolutions(), 3),
        "frozen convolutions, new classifier": lambda: classifier(base, 3),
        "the same, with augmentation": lambda: classifier(base, 3, *augmentation()),
    }
    for name, make in makes.items():
        results = []
        for draw in range(draws):  # other five images each time: which they are decides much
            model, few = make(), split(x[1000 * draw :], y[1000 * draw :], SHOES, 5)
            results.append([])
            for begun, step in zip((0, *steps), steps, strict=False):  # an epoch is a step: all 15 images
                model.fit(*few, initial_epoch=begun, epochs=step, batch_size=15, verbose=0)
                results[-1].append(accuracy(model, *test))
        trainable = sum(weight.value.size for weight in model.trainable_weights)
        print(f"{name:46} {trainable:13,}" + "".join(f"{mean:17.1%}" for mean in np.mean(results, axis=0)))
    unchanged = all((old == new).all() for old, new in zip(before, base.get_weights(), strict=True))
    print(f"The frozen convolutions are {'as they were' if unchanged else 'changed'}, to the last bit.")


if __name__ == "__main__":
    main(asked_to_be_quick(__doc__.splitlines()[0]))
