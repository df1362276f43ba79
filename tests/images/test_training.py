"""Networks trained, measured and asked for predictions with the iterators."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate import Sequential, layers
from striate.images import ImageDataGenerator
from striate.utils import image_dataset_from_directory, set_random_seed


def network(shape: Any, classes: int) -> Any:
    model = Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(classes, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_fit_from_arrays_is_repeatable_and_the_same_batch_by_batch(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 256, (70, 8, 8, 1)).astype(np.uint8), rng.integers(0, 3, 70)
    generator = ImageDataGenerator(rotation_range=20, zoom_range=0.1, horizontal_flip=True, rescale=1 / 255)
    losses = []
    for by_block in (True, True, False):
        set_random_seed(1)
        model, batches = network((8, 8, 1), 3), generator.flow(x, y, batch_size=16, seed=2)
        if not by_block:
            batches._several = True  # as if it had no blocks
        history = model.fit(batches, epochs=3, verbose=0, shuffle=False)  # the order of the batches
        losses.append(history.history["loss"])
    assert losses[0] == losses[1]
    np.testing.assert_allclose(losses[0], losses[2], rtol=1e-6)
    assert len(set(losses[0])) == 3


def test_predictions_of_a_folder_line_up(folder: Path) -> None:
    batches = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, (6, 6), class_mode="sparse", batch_size=5, shuffle=False
    )
    model = network((6, 6, 3), 3)
    model.fit(batches, epochs=2, verbose=0)
    next(batches)  # leaves it in the middle of an epoch
    predictions = model.predict(batches, verbose=0)
    images = np.concatenate([batches[i][0] for i in range(len(batches))])
    np.testing.assert_allclose(predictions, model.predict(images, verbose=0), rtol=1e-6)
    loss, accuracy = model.evaluate(batches, verbose=0)
    assert accuracy == pytest.approx(np.mean(predictions.argmax(1) == batches.classes))
    assert np.isfinite(loss)


def test_fit_with_validation_from_a_folder(folder: Path) -> None:
    generator = ImageDataGenerator(rescale=1 / 255, validation_split=0.3)
    flow: Any = {"directory": folder, "target_size": (6, 6), "class_mode": "sparse", "batch_size": 4}
    training, validation = (generator.flow_from_directory(subset=part, **flow) for part in ("training", "validation"))
    history = network((6, 6, 3), 3).fit(training, validation_data=validation, epochs=2, verbose=0)
    assert sorted(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]


@pytest.mark.parametrize("by_block", [True, False])
def test_epochs_of_fewer_or_more_steps_go_on_without_end(rng: np.random.Generator, by_block: bool) -> None:
    x, y = rng.integers(0, 256, (70, 8, 8, 1)).astype(np.uint8), rng.integers(0, 3, 70)
    for steps in (4, 13):  # of 5 batches
        batches = ImageDataGenerator(rescale=1 / 255).flow(x, y, batch_size=16)
        batches._several = not by_block
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = network((8, 8, 1), 3)
            history = model.fit(
                batches, steps_per_epoch=steps, epochs=3, verbose=0, validation_data=batches, validation_steps=2
            )
        assert model.optimizer.iterations == 3 * steps
        assert len(history.history["val_loss"]) == 3


def test_fit_from_a_data_set_of_a_folder(folder: Path) -> None:
    dataset = image_dataset_from_directory(folder, image_size=(6, 6), batch_size=4, seed=1)
    model = Sequential([
        layers.Input((6, 6, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3, activation="softmax")
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(dataset.map(lambda image, label: (image, label)), epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_training_does_not_depend_on_the_engines_threads(rng: np.random.Generator, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np\n"
        "from striate.images import ImageDataGenerator\n"
        "x = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1)).astype(np.uint8)\n"
        "made, _, _ = ImageDataGenerator(rotation_range=20, zoom_range=0.1).flow(x, seed=1).take(10)\n"
        "from striate.engines.image_warp import as_array\n"
        "import hashlib; print(made.shape, hashlib.sha256(as_array(made).tobytes()).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, program], env={**os.environ, "STRIATE_NUM_THREADS": threads}, capture_output=True,
            text=True, check=True,
        ).stdout
        for threads in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1
