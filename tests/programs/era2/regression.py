# Regression with a normalization layer that looks at the data first
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.RandomState(4)
features = rng.normal(5, 3, size=(160, 6)).astype("float32")
labels = features @ np.arange(6, dtype="float32") + rng.normal(size=160).astype("float32")

normalizer = layers.Normalization(axis=-1)
normalizer.adapt(features)
model = keras.Sequential([normalizer, layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile(loss="mean_absolute_error", optimizer=tf.keras.optimizers.Adam(0.01), metrics=["mse", "mae"])
history = model.fit(features, labels, validation_split=0.2, verbose=0, epochs=3)
print(sorted(history.history))
print(model.predict(features[:3], verbose=0).flatten().shape)
