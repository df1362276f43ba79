import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train[..., None].astype("float32") / 255, x_test[..., None].astype("float32") / 255
model = keras.Sequential([
    keras.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.BatchNormalization(),
    layers.MaxPooling2D(2), layers.Dropout(0.25), layers.Flatten(), layers.Dense(32, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.compile(keras.optimizers.Adadelta(1.0, rho=0.95), "categorical_crossentropy", metrics=["accuracy"])
targets = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_test, 10)
model.fit(x_train, targets[0], batch_size=64, epochs=2, verbose=0, validation_data=(x_test, targets[1]))
