import keras
from keras import layers, regularizers

(x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255
mean = x.mean(axis=0)
x, x_test = x - mean, x_test - mean
y, y_test = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(y_test, 10)


def unit(x, filters=4, size=3, strides=1, activation="relu", norm=True):
    x = layers.Conv2D(filters, size, strides, "same", kernel_regularizer=regularizers.L2(1e-4))(x)
    x = layers.BatchNormalization()(x) if norm else x
    return x if activation is None else layers.Activation(activation)(x)


inputs = keras.Input((32, 32, 3))
z = unit(inputs)
for stack in range(3):
    filters, strides = 4 * 2**stack, 2 if stack else 1
    w = unit(unit(z, filters, strides=strides), filters, activation=None)
    z = unit(z, filters, 1, strides, None, False) if stack else z
    z = layers.Activation("relu")(layers.add([z, w]))
outputs = layers.Dense(10, activation="softmax")(layers.Flatten()(layers.AveragePooling2D(8)(z)))
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy", metrics=["accuracy"])
callbacks = [
    keras.callbacks.ReduceLROnPlateau(factor=0.1**0.5, patience=5, min_lr=0.5e-6),
    keras.callbacks.LearningRateScheduler(lambda epoch: 1e-4 if epoch else 1e-3),
]
model.fit(x, y, batch_size=32, epochs=2, validation_data=(x_test, y_test), verbose=0, callbacks=callbacks)
