import random

import keras
import numpy as np
from keras import layers, ops

random.seed(1)
(x, y), _ = keras.datasets.mnist.load_data()
x = x.astype("float32") / 255
places = [np.where(y == i)[0] for i in range(10)]
pairs, labels = [], []
for d in range(10):
    for i in range(min(map(len, places)) - 1):
        other = (d + random.randrange(1, 10)) % 10
        pairs += [[x[places[d][i]], x[places[d][i + 1]]], [x[places[d][i]], x[places[other][i]]]]
        labels += [1, 0]
pairs, labels = np.array(pairs), np.array(labels, "float32")[:, None]  # of one shape with the outputs


def accuracy(y_true, y_pred):
    return ops.mean(ops.cast(ops.equal(y_true, ops.cast(y_pred > 0.5, "float32")), "float32"))


base = keras.Sequential([
    keras.Input((28, 28)), layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dropout(0.1),
    layers.Dense(16, activation="relu"),
])
a, b = keras.Input((28, 28)), keras.Input((28, 28))
squares = ops.sum(ops.square(base(a) - base(b)), axis=1, keepdims=True)
model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(ops.sqrt(ops.maximum(squares, 1e-7))))
model.compile(keras.optimizers.RMSprop(), "binary_crossentropy", metrics=[accuracy])
model.fit([pairs[:, 0], pairs[:, 1]], labels, batch_size=32, epochs=2, verbose=0)
