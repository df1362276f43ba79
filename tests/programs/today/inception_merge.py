import keras
import numpy as np
from keras import layers

rng = np.random.RandomState(4)
image = keras.Input((16, 16, 3))
one = layers.Conv2D(4, 1, padding="same", activation="relu")(image)
one = layers.Conv2D(4, 3, padding="same", activation="relu")(one)
two = layers.Conv2D(4, 1, padding="same", activation="relu")(image)
two = layers.Conv2D(4, 5, padding="same", activation="relu")(two)
three = layers.MaxPooling2D(3, 1, padding="same")(image)
three = layers.Conv2D(4, 1, padding="same", activation="relu")(three)
towers = layers.concatenate([one, two, three])
z = layers.Conv2D(12, 3, padding="same", activity_regularizer=keras.regularizers.L2(0.001))(towers)
z = layers.Dropout(0.3)(layers.Flatten()(layers.AveragePooling2D(4)(layers.add([towers, z]))))
model = keras.Model(image, layers.Dense(3, activation="softmax")(z))
model.compile(keras.optimizers.RMSprop(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
x = rng.rand(96, 16, 16, 3)
y = (x[:, :, :, 0].mean(axis=(1, 2)) > 0.5).astype(int) + (x[:, :, :, 1].mean(axis=(1, 2)) > 0.5)
model.fit(x, y, batch_size=16, epochs=3, validation_split=0.25, verbose=0)
