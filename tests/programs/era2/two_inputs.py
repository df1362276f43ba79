# The functional API: two inputs, a shared layer, two outputs with weights of their own
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.RandomState(0)
images = rng.rand(96, 12, 12, 1).astype("float32")
numbers = rng.rand(96, 5).astype("float32")
kinds = rng.randint(0, 3, 96)
sizes = images.mean(axis=(1, 2, 3)) * 2 + numbers.sum(axis=1)

image = keras.Input(shape=(12, 12, 1), name="image")
x = layers.Conv2D(6, 3, padding="same", activation="relu")(image)
x = layers.BatchNormalization()(x)
y = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
x = layers.add([x, y])
x = layers.GlobalAveragePooling2D()(x)
number = keras.Input(shape=(5,), name="number")
both = layers.concatenate([x, layers.Dense(4, activation="tanh")(number)])
kind = layers.Dense(3, activation="softmax", name="kind")(both)
size = layers.Dense(1, name="size")(both)
model = keras.Model(inputs=[image, number], outputs=[kind, size])
model.summary()
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-2),
    loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
    loss_weights={"kind": 1.0, "size": 0.5},
    metrics={"kind": ["accuracy"], "size": ["mae"]},
)
history = model.fit({"image": images, "number": numbers}, {"kind": kinds, "size": sizes}, epochs=2, batch_size=16, verbose=0)
print(sorted(history.history))
print([out.shape for out in model.predict([images, numbers], verbose=0)])
