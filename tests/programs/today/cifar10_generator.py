import keras
from keras import layers

(x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
y, y_test = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(y_test, 10)
model = keras.Sequential([
    keras.Input((32, 32, 3)), layers.Conv2D(8, 3, padding="same", activation="relu"), layers.MaxPooling2D(2),
    layers.Flatten(), layers.Dense(10, activation="softmax"),
])
rate = keras.optimizers.schedules.InverseTimeDecay(0.001, 1, 1e-6)
model.compile(keras.optimizers.RMSprop(rate), "categorical_crossentropy", metrics=["accuracy"])
model.fit(x / 255.0, y, epochs=2, batch_size=32, verbose=0, validation_data=(x_test / 255.0, y_test))
