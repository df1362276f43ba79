import keras
from keras import layers

(x, y), _ = keras.datasets.fashion_mnist.load_data()
model = keras.Sequential([
    keras.Input((28, 28)), layers.Flatten(), layers.Dense(24, activation="relu"), layers.Dense(10, activation="softmax")
])
model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x / 255.0, y, epochs=2, verbose=0)
