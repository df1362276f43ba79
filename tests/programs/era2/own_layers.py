# Layers of one's own: a residual block, squeeze and excitation, a dense layer with its own weights, activations
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers


def swish(x):
    return x * keras.activations.sigmoid(x)


class ResidualBlock(layers.Layer):
    def __init__(self, filters, strides=1, **kwargs):
        super(ResidualBlock, self).__init__(**kwargs)
        self.filters, self.strides = filters, strides
        self.main = [
            layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation(swish),
            layers.Conv2D(filters, 3, padding="same"),
        ]
        self.shortcut = layers.Conv2D(filters, 1, strides=strides) if strides > 1 else None

    def call(self, inputs, training=None):
        x = inputs
        for layer in self.main:
            x = layer(x, training=training) if isinstance(layer, layers.BatchNormalization) else layer(x)
        if self.shortcut is not None:
            inputs = self.shortcut(inputs)
        return keras.activations.relu(x + inputs)

    def get_config(self):
        config = super().get_config()
        config.update({"filters": self.filters, "strides": self.strides})
        return config


class SqueezeExcite(layers.Layer):
    def build(self, input_shape):
        channels = input_shape[-1]
        self.pool = layers.GlobalAveragePooling2D(keepdims=True)
        self.squeeze = layers.Dense(channels // 2, activation="relu")
        self.excite = layers.Dense(channels, activation="sigmoid")
        self.squeeze.build((None, 1, 1, channels))
        self.excite.build((None, 1, 1, channels // 2))
        self.built = True

    def call(self, inputs):
        return inputs * self.excite(self.squeeze(self.pool(inputs)))


rng = np.random.RandomState(0)
x_train = rng.rand(128, 16, 16, 1).astype("float32")
y_train = rng.randint(0, 4, 128)
for i, label in enumerate(y_train):
    x_train[i, 4 * label : 4 * label + 3] += 1

model = keras.Sequential(
    [
        keras.Input(shape=(16, 16, 1)),
        layers.Conv2D(4, 3, padding="same", activation=swish),
        ResidualBlock(4),
        ResidualBlock(8, strides=2),
        SqueezeExcite(),
        layers.GlobalAveragePooling2D(),
        layers.Lambda(lambda t: t - 0.5 * t**2),
        layers.Dense(4, activation="softmax"),
    ]
)
model.summary()
model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=0)
print([layer.name for layer in model.layers])
print(len(model.trainable_variables), model.count_params())
