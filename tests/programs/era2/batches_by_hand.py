# A training loop of one's own over train_on_batch, with a display of its own
import sys

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(5)
x = rng.random((80, 16, 3), dtype="float32")
y = keras.utils.to_categorical(rng.integers(0, 4, 80), num_classes=4)
model = keras.Sequential([
    keras.Input((16, 3)),
    layers.Conv1D(6, 3, padding="causal", activation="relu"),
    layers.AveragePooling1D(2),
    layers.GlobalMaxPooling1D(),
    layers.Dense(4, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.SGD(0.1), loss="categorical_crossentropy", metrics=["accuracy"])
for epoch in range(2):
    for step in range(0, 80, 20):
        loss, accuracy = model.train_on_batch(x[step : step + 20], y[step : step + 20])
        sys.stdout.write("\rstep %d loss %.4f" % (step // 20, loss))
    print()
model.fit(x, y, epochs=1, batch_size=20, verbose=0)
print(model.test_on_batch(x, y)[1] >= 0, model.predict_on_batch(x[:2]).shape)
