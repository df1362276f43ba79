import keras
import numpy as np
from keras import layers

rng = np.random.RandomState(8)
x = rng.randn(120, 4)
y = (x[:, 0] * x[:, 1] > 0).astype(int)
model = keras.Sequential([keras.Input((4,)), layers.Dense(12, "relu"), layers.Dense(1, "sigmoid")])
model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "binary_crossentropy", metrics=["accuracy"])
scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 2 else 0.05)
model.fit(x, y, validation_split=0.33, epochs=4, batch_size=10, verbose=0, callbacks=[scheduler])
