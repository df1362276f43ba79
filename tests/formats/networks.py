"""Networks that hold every layer, written once: `api` is `striate` or `keras`."""

import numpy as np

SHAPE = (9, 8, 2)


def every_layer(api):
    """For each layer and its options a short stack of layers for images of SHAPE."""
    layers = api.layers
    regularizers = api.regularizers
    initializers = api.initializers
    return {
        "conv": [layers.Conv2D(3, 3)],
        "conv options": [
            layers.Conv2D(
                4, (2, 3), strides=(2, 1), padding="same", groups=2, activation="relu", use_bias=False,
                kernel_initializer=initializers.HeNormal(seed=3), kernel_regularizer=regularizers.L2(1e-3),
                activity_regularizer=regularizers.L1(1e-4), name="my_conv",
            )
        ],
        "conv dilated": [
            layers.Conv2D(
                3, 2, dilation_rate=(2, 3), activation="elu", bias_regularizer=regularizers.L1L2(1e-3, 1e-4),
                bias_initializer=initializers.RandomNormal(0.0, 0.5, seed=1),
            )
        ],
        "max pooling": [layers.MaxPooling2D(2), layers.MaxPool2D((3, 2), strides=1, padding="same")],
        # Padding alike on both sides: any other is counted by Keras on PyTorch, though not by Keras on TensorFlow.
        "average pooling": [layers.AveragePooling2D((3, 5), strides=1, padding="same"), layers.AveragePooling2D(2)],
        "global average": [layers.GlobalAveragePooling2D()],
        "global average kept": [layers.GlobalAveragePooling2D(keepdims=True)],
        "global max": [layers.GlobalMaxPooling2D()],
        "flatten, dense": [layers.Flatten(), layers.Dense(5, activation="tanh"), layers.Dense(3, use_bias=False)],
        "dense options": [
            layers.Flatten(),
            layers.Dense(
                4, activation="sigmoid", kernel_initializer="he_uniform",
                bias_initializer=initializers.Constant(0.25), kernel_regularizer="l2",
            ),
        ],
        "dense on images": [layers.Dense(3)],
        "reshape": [layers.Reshape((4, 4, 9)), layers.Reshape((-1, 2))],
        "activations": [
            layers.Activation(name)
            for name in ("relu", "selu", "softplus", "softsign", "silu", "gelu", "hard_sigmoid", "exponential")
        ],
        "activation layers": [
            layers.ReLU(max_value=0.9, negative_slope=0.1, threshold=0.05), layers.LeakyReLU(0.2), layers.ELU(0.7),
            layers.Softmax(),
        ],
        "dropout": [layers.Dropout(0.4, seed=3), layers.Dropout(0.1)],
        "noise": [
            layers.Dropout(0.2, noise_shape=(None, 1, 1, 2)), layers.SpatialDropout2D(0.3, seed=4),
            layers.AlphaDropout(0.1), layers.GaussianNoise(0.2, seed=1), layers.GaussianDropout(0.3),
            layers.ActivityRegularization(0.1, 0.2), layers.Reshape((-1, 2)), layers.SpatialDropout1D(0.2),
        ],
        "augmentation": [
            layers.RandomFlip("vertical"), layers.RandomRotation((-0.1, 0.2), seed=1),
            layers.RandomZoom(0.2, [-0.1, 0.3], fill_mode="wrap"),
            layers.RandomTranslation(0.1, 0.2, fill_mode="constant", fill_value=0.5, interpolation="nearest"),
            layers.RandomContrast(0.3, value_range=[0, 1]), layers.RandomBrightness((0.1, 0.2), value_range=[-1, 1]),
            layers.RandomCrop(*SHAPE[:2], seed=2),
        ],
        "batch normalisation": [
            layers.BatchNormalization(), layers.Conv2D(3, 2),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-2, center=False),
            layers.BatchNormalization(scale=False),
        ],
        "frozen": [
            layers.Conv2D(3, 2, trainable=False), layers.BatchNormalization(trainable=False), layers.Conv2D(2, 1),
        ],
        "rescaling": [layers.Rescaling(1 / 127.5, offset=-1.0)],
        "zero padding": [layers.ZeroPadding2D(), layers.ZeroPadding2D((2, 0)), layers.ZeroPadding2D(((1, 0), (0, 2)))],
        "many of a class": [
            layers.Conv2D(2, 2), layers.Conv2D(3, 2, name="b"), layers.Flatten(), layers.Dense(2), layers.Dense(2),
        ],
    }  # fmt: skip


NAMES = (
    "conv", "conv options", "conv dilated", "max pooling", "average pooling", "global average", "global average kept",
    "global max", "flatten, dense", "dense options", "dense on images", "reshape", "activations", "activation layers",
    "dropout", "noise", "augmentation", "batch normalisation", "frozen", "rescaling", "zero padding",
    "many of a class",
)  # fmt: skip


def make(api, name):
    """A built model of one of the stacks, with weights that are not those it began with."""
    model = api.Sequential([api.Input(SHAPE), *every_layer(api)[name]])
    generator = np.random.default_rng(5)
    model.set_weights([generator.uniform(0.2, 0.9, np.shape(weight)) for weight in model.get_weights()])
    return model


def images(count=4):
    return np.random.default_rng(6).normal(size=(count, *SHAPE)).astype(np.float32)


def classifier(api, shape=(6, 6, 1), classes=3):
    """A small network with every kind of array: kernels, biases, gammas, moving means."""
    layers = api.layers
    return api.Sequential(
        [
            api.Input(shape),
            layers.Conv2D(3, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax", name="head"),
        ]
    )


def examples(count=16, shape=(6, 6, 1), classes=3):
    generator = np.random.default_rng(7)
    return generator.normal(size=(count, *shape)).astype(np.float32), generator.integers(0, classes, count)


def optimizers(api):
    """Every rule, with the options that add state."""
    kinds = api.optimizers
    schedules = kinds.schedules
    return {
        "sgd": kinds.SGD(0.05),
        "momentum": kinds.SGD(0.05, momentum=0.9, nesterov=True),
        "adam": kinds.Adam(0.002, beta_1=0.8),
        "amsgrad": kinds.Adam(0.002, amsgrad=True, clipnorm=1.0),
        "adamw": kinds.AdamW(0.002, weight_decay=0.01),
        "nadam": kinds.Nadam(0.002),
        "rmsprop": kinds.RMSprop(0.002),
        "rmsprop centered": kinds.RMSprop(0.002, momentum=0.5, centered=True),
        "adagrad": kinds.Adagrad(0.05),
        "adadelta": kinds.Adadelta(0.5),
        "adamax": kinds.Adamax(0.002),
        "ftrl": kinds.Ftrl(0.05, beta=0.1),
        "lion": kinds.Lion(0.0005),
        "averaged": kinds.Adam(0.002, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3),
        "exponential": kinds.Adam(schedules.ExponentialDecay(0.01, 5, 0.9, staircase=True)),
        "cosine": kinds.SGD(schedules.CosineDecay(0.05, 100)),
        "piecewise": kinds.SGD(schedules.PiecewiseConstantDecay([2, 5], [0.05, 0.02, 0.01]), momentum=0.9),
        "polynomial": kinds.SGD(schedules.PolynomialDecay(0.05, 50)),
        "inverse time": kinds.SGD(schedules.InverseTimeDecay(0.05, 10, 0.5)),
    }


OPTIMIZERS = (
    "sgd", "momentum", "adam", "amsgrad", "adamw", "nadam", "rmsprop", "rmsprop centered", "adagrad", "adadelta",
    "adamax", "ftrl", "lion", "averaged", "exponential", "cosine", "piecewise", "polynomial", "inverse time",
)  # fmt: skip
