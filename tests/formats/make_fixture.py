"""Makes data/keras.keras with real Keras: python make_fixture.py (the numbers in test_keras_file.py follow from it).

The archive is packed again with deflate, which keeps it small; its members are as Keras wrote them.
"""

import os
import zipfile
from pathlib import Path

import numpy as np

PATH = Path(__file__).parent / "data" / "keras.keras"


def images():
    """Four images that need no file and no random numbers."""
    return (np.arange(4 * 8 * 8).reshape(4, 8, 8, 1) * 37 % 256).astype(np.float32)


def main():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 255),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.1),
            layers.MaxPooling2D(2),
            layers.Conv2D(6, (2, 3), padding="same", strides=2, groups=2, use_bias=False, name="named"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.25, seed=3),
            layers.Dense(3, activation="softmax"),
        ],
        name="fixture",
    )
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    for _ in range(5):
        model.train_on_batch(images(), np.array([0, 1, 2, 1]))
    PATH.parent.mkdir(exist_ok=True)
    model.save(PATH)
    with zipfile.ZipFile(PATH) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(PATH, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for info, content in members.items():
            archive.writestr(info.filename, content)
    print(PATH.stat().st_size, "bytes")
    print(np.round(model.predict(images(), verbose=0), 6).tolist())
    print(model.evaluate(images(), np.array([0, 1, 2, 1]), verbose=0))


if __name__ == "__main__":
    main()
