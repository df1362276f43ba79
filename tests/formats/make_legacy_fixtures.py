"""Makes data/<name>.h5 and data/<name>.npz with old versions of Keras, each in an environment of its own:

    keras==1.2.2 Theano==1.0.5 "numpy<1.20" "scipy<1.6" "h5py<3", Python 3.7     keras1_tf, keras1_th
    keras==2.2.4 and the same                                                    keras2_theano
    tensorflow-cpu==2.10.1 "numpy<1.24", Python 3.9                              tf_keras, tf_keras_functional
    tf_keras==2.21.0 tensorflow-cpu==2.21.0                                      tf_keras_last

    KERAS_BACKEND=theano python make_legacy_fixtures.py NAME

Each .h5 file is a whole model after some steps of training; the .npz holds examples, what the model makes of them, and
the losses of the steps that follow.
"""

import json
import sys

import numpy as np

SHAPE = (6, 5, 2)


def keras1(ordering):
    from keras import backend
    from keras.layers import (
        Activation,
        BatchNormalization,
        Convolution2D,
        Dense,
        Dropout,
        Flatten,
        MaxPooling2D,
        ZeroPadding2D,
    )
    from keras.models import Sequential
    from keras.optimizers import SGD
    from keras.regularizers import l2

    backend.set_image_dim_ordering(ordering)
    first = ordering == "th"
    model = Sequential()
    model.add(ZeroPadding2D((1, 1), input_shape=(2, 6, 5) if first else SHAPE))
    model.add(Convolution2D(4, 3, 2, init="he_normal", W_regularizer=l2(0.01)))
    model.add(BatchNormalization(axis=1 if first else -1))
    model.add(Activation("relu"))
    model.add(MaxPooling2D((2, 2), strides=(2, 1)))
    model.add(Convolution2D(3, 3, 3, border_mode="same", bias=False))
    model.add(Dropout(0.0))
    model.add(Flatten())
    model.add(Dense(3, activation="softmax"))
    model.compile(SGD(lr=0.05, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])
    return model


def keras2():
    from keras import layers
    from keras.models import Sequential
    from keras.optimizers import Adam

    model = Sequential()
    model.add(layers.Conv2D(4, (5, 3), padding="same", input_shape=SHAPE, activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.SeparableConv2D(5, 2))
    model.add(layers.LeakyReLU(0.2))
    model.add(layers.AveragePooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(3, activation="softmax", kernel_regularizer="l2"))
    model.compile(Adam(lr=0.01, decay=0.1), "categorical_crossentropy", metrics=["accuracy"])
    return model


def tf_keras():
    from tensorflow.keras import Sequential, layers, optimizers

    model = Sequential(
        [
            layers.Conv2D(4, 3, padding="same", input_shape=SHAPE, kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.DepthwiseConv2D(2, padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizers.RMSprop(0.01, momentum=0.5), "categorical_crossentropy", metrics=["accuracy"])
    return model


def tf_keras_functional():
    from tensorflow.keras import Input, Model, Sequential, layers, losses, optimizers

    x = Input(SHAPE)
    stem = Sequential([layers.Conv2D(4, 2, padding="same"), layers.BatchNormalization()], name="stem")
    shared = layers.Conv2D(4, 1, activation="relu")
    a = stem(x)
    b = layers.Add()([shared(a), shared(shared(a))])
    c = layers.Concatenate()([a, b])
    y = layers.Dense(3)(layers.GlobalAveragePooling2D()(c))
    model = Model(x, y)
    model.compile(optimizers.Adam(0.01, amsgrad=True), losses.CategoricalCrossentropy(from_logits=True), ["accuracy"])
    return model


def tf_keras_last():
    """The last Keras 2: classes with more arguments than those before, inner models with and without an input."""
    from tf_keras import Input, Model, Sequential, layers, optimizers

    x = Input(SHAPE)
    h = layers.RandomFlip(seed=1)(x, training=False)
    h = layers.Conv2DTranspose(4, 3, padding="same")(h)
    h = layers.SpatialDropout2D(0.0)(layers.LeakyReLU(0.1)(h))
    first = Sequential([Input((6, 5, 4)), layers.Conv2D(3, 3, activation="relu"), layers.BatchNormalization()])
    second = Sequential([layers.Conv2D(3, 1, use_bias=False), layers.LayerNormalization()])
    h = layers.Add()([first(h), second(first(h))])
    inner = Input((4, 3, 3))
    last = Model(inner, layers.Dense(3)(layers.Flatten()(inner)))
    y = layers.Activation("log_softmax")(last(layers.Dropout(0.0)(h, training=True)))
    model = Model(x, layers.Softmax()(y))
    model.compile(optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return model


MODELS = {
    "keras1_tf": lambda: keras1("tf"), "keras1_th": lambda: keras1("th"), "keras2_theano": keras2,
    "tf_keras": tf_keras, "tf_keras_functional": tf_keras_functional, "tf_keras_last": tf_keras_last,
}  # fmt: skip


def main(name):
    if "tf_keras" not in name:
        import theano.ifelse  # noqa: F401 (Keras 1 forgets to)

    np.random.seed(3)
    model = MODELS[name]()
    generator = np.random.RandomState(4)
    x = generator.normal(size=(16, *SHAPE)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[generator.randint(0, 3, 16)]
    given = x.transpose(0, 3, 1, 2) if name == "keras1_th" else x
    for _ in range(5):
        model.train_on_batch(given, y)
    model.save(f"data/{name}.h5")
    if name.startswith("keras1"):  # which says nothing of it
        import h5py

        with h5py.File(f"data/{name}.h5", "a") as file:
            file.attrs["backend"] = b"theano"
    outputs = model.predict(given)
    losses = [model.train_on_batch(given, y)[0] for _ in range(5)]
    np.savez(f"data/{name}.npz", x=x, y=y, outputs=outputs, losses=np.float64(losses))
    print(name, json.loads(model.to_json())["class_name"], losses)


main(sys.argv[1])
