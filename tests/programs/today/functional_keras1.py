import keras
import numpy as np
from keras import layers

rng = np.random.RandomState(7)
a, b = rng.rand(60, 6), rng.rand(60, 4)
y = (a.sum(axis=1) > b.sum(axis=1) + 1).astype(int)
left, right = keras.Input((6,)), keras.Input((4,))
x = layers.LeakyReLU(0.1)(layers.Dense(5, use_bias=False)(left))
z = layers.Add()([x, layers.PReLU()(layers.Dense(5)(right))])
model = keras.Model([left, right], layers.Dense(1, activation="sigmoid")(layers.Concatenate()([x, z])))
rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 0.01)
model.compile(keras.optimizers.Adam(rate, epsilon=1e-8), "binary_crossentropy", metrics=["binary_accuracy"])
model.fit([a, b], y, epochs=3, batch_size=20, verbose=0)
