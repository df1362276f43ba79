# Callbacks of all kinds, one of them the program's own
import os

import numpy as np
from tensorflow import keras
from tensorflow.keras.callbacks import (
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)


class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("epoch %d: %s" % (epoch + 1, sorted(logs)))
        if logs.get("accuracy") > 0.99:
            self.model.stop_training = True


(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x = np.expand_dims(x.astype("float32") / 255, -1)
model = keras.models.Sequential([
    keras.Input(shape=(28, 28, 1)),
    keras.layers.Conv2D(4, kernel_size=(3, 3), activation="relu"),
    keras.layers.MaxPooling2D(pool_size=(2, 2)),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.5),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(0.05, momentum=0.9), metrics=["accuracy"])
y = keras.utils.to_categorical(y, 10)
os.makedirs("checkpoints", exist_ok=True)
callbacks = [
    Stop(),
    EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True),
    ReduceLROnPlateau(factor=0.5, patience=1),
    LearningRateScheduler(lambda epoch, lr: lr if epoch < 2 else lr * 0.9),
    ModelCheckpoint("checkpoints/best.keras", save_best_only=True),
    ModelCheckpoint("checkpoints/{epoch:02d}.weights.h5", save_weights_only=True),
    CSVLogger("log.csv"),
]
history = model.fit(x, y, batch_size=64, epochs=4, verbose=0, validation_split=0.25, callbacks=callbacks)
print(sorted(os.listdir("checkpoints"))[-1], len(open("log.csv").readlines()))
best = keras.models.load_model("checkpoints/best.keras")
np.testing.assert_allclose(best.predict(x[:8], verbose=0), model.predict(x[:8], verbose=0), rtol=1e-4, atol=1e-5)
