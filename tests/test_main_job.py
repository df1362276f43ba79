"""The main job, as a user does it: a network learns real images, in little memory, with the same bits every time."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import striate
from striate.applications import LeNet5, from_pixels
from striate.datasets import fashion_mnist
from striate.utils import set_random_seed


def run(program: str, **environment: str) -> str:
    """What a program prints in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_lenet5_learns_fashion_mnist() -> None:
    (x, y), (x_test, y_test) = fashion_mnist.load_data(subset=True)
    set_random_seed(1)
    model = from_pixels(LeNet5(modern=True))
    model.compile(striate.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x[..., None], y, batch_size=64, epochs=5, verbose=0)
    _, accuracy = model.evaluate(x_test[..., None], y_test, verbose=0)
    assert accuracy >= 0.85
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]


BITS = """
    import hashlib, sys
    import numpy as np
    import striate
    from striate import layers
    from striate.utils import set_random_seed

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (300, 12, 12, 1), dtype="uint8"), rng.integers(0, 4, 300)

    def weights(how):
        set_random_seed(7)
        model = striate.Sequential([
            layers.Input((12, 12, 1)), layers.Rescaling(1 / 255), layers.Conv2D(9, 3, padding="same"),
            layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(), layers.Dropout(0.3), layers.Flatten(),
            layers.Dense(70, activation="relu", kernel_regularizer="l2"), layers.Dense(4, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        fit = lambda **options: model.fit(x, y, batch_size=32, verbose=0, **options)
        if how == "at once":
            fit(epochs=3)
        if how == "validated":
            fit(epochs=3, validation_data=(x[:50], y[:50]))
        if how == "continued":
            fit(epochs=1)
            fit(epochs=3, initial_epoch=1)
        return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()

    print({weights(how) for how in ("at once", "validated", "continued")})
"""


def test_same_bits_on_any_number_of_threads_validated_or_continued() -> None:
    printed = {run(BITS, STRIATE_NUM_THREADS=threads) for threads in ("1", "2", "3", "8")}
    assert len(printed) == 1, printed
    assert printed.pop().count("'") == 2  # one digest for all three ways


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="peak memory is read as Linux reports it")
def test_training_lenet5_on_60000_images_takes_less_than_400_mb() -> None:
    # VmHWM, not ru_maxrss: that one remembers the parent's size from before the exec.
    printed = run("""
        import numpy as np
        from striate.applications import LeNet5, from_pixels

        rng = np.random.default_rng(0)
        x, y = rng.integers(0, 256, (60000, 28, 28, 1), dtype="uint8"), rng.integers(0, 10, 60000).astype("uint8")
        model = from_pixels(LeNet5(modern=True))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=32, verbose=0, epochs=1)
        print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
    """)
    assert float(printed) / 1024 < 400


def test_a_program_in_keras_s_words_runs_with_another_import() -> None:
    (x, y), _ = fashion_mnist.load_data(subset=True)
    model = striate.models.Sequential()
    model.add(striate.layers.Conv2D(4, (3, 3), activation="relu", input_shape=(28, 28, 1)))
    model.add(striate.layers.MaxPool2D((2, 2)))
    model.add(striate.layers.Flatten())
    model.add(striate.layers.Dense(10))
    loss = striate.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=striate.optimizers.SGD(0.01, momentum=0.9, nesterov=True), loss=loss, metrics=["acc"])
    stop = striate.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    history = model.fit(
        x[:1000] / 255.0, y[:1000], epochs=2, validation_split=0.2, callbacks=[stop], class_weight={0: 2.0}, verbose=0
    )
    assert sorted(history.history) == ["acc", "loss", "val_acc", "val_loss"]
    assert model.predict(np.zeros((3, 28, 28, 1)), verbose=0).shape == (3, 10)
