import keras
from keras import layers

(x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255
y, y_test = keras.utils.to_categorical(y), keras.utils.to_categorical(y_test)
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.Conv2D(8, 3, padding="same", kernel_constraint=keras.constraints.MaxNorm(3)),
    layers.Activation("relu"),
    layers.Conv2D(8, 3, strides=2, kernel_regularizer=keras.regularizers.L2(0.01), activation="relu"),
    layers.MaxPooling2D(2), layers.Dropout(0.2), layers.Flatten(), layers.Dense(16, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 0.01 / 2)
model.compile(keras.optimizers.SGD(rate, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["acc"])
model.fit(x, y, validation_data=(x_test, y_test), epochs=2, batch_size=32, verbose=0)
