# One-dimensional convolutions over sensor data, repeated, and three-dimensional ones over small scans
import numpy as np
from keras.layers import (
    BatchNormalization,
    Conv1D,
    Conv3D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling3D,
    Input,
    MaxPooling1D,
    MaxPooling3D,
    Reshape,
)
from keras.models import Sequential
from keras.utils import to_categorical

rng = np.random.RandomState(2)
trainX = rng.randn(96, 64, 6)
trainy = to_categorical(rng.randint(0, 4, 96))


# fit and evaluate a model
def evaluate_model(trainX, trainy):
    verbose, epochs, batch_size = 0, 2, 32
    n_timesteps, n_features, n_outputs = trainX.shape[1], trainX.shape[2], trainy.shape[1]
    model = Sequential()
    model.add(Input(shape=(n_timesteps, n_features)))
    model.add(Conv1D(filters=16, kernel_size=3, activation="relu"))
    model.add(Conv1D(filters=16, kernel_size=3, activation="relu"))
    model.add(Dropout(0.5))
    model.add(MaxPooling1D(pool_size=2))
    model.add(Flatten())
    model.add(Dense(20, activation="relu"))
    model.add(Dense(n_outputs, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(trainX, trainy, epochs=epochs, batch_size=batch_size, verbose=verbose)
    _, accuracy = model.evaluate(trainX, trainy, batch_size=batch_size, verbose=0)
    return accuracy


scores = [evaluate_model(trainX, trainy) * 100.0 for r in range(2)]
print("Accuracy: %d (+/-%d)" % (np.mean(scores) >= 0, np.std(scores) >= 0))
model_m = Sequential()
model_m.add(Input(shape=(384,)))
model_m.add(Reshape((64, 6)))
model_m.add(Conv1D(8, 10, activation="relu", strides=2, padding="causal"))
model_m.add(MaxPooling1D(3))
model_m.add(GlobalAveragePooling1D())
model_m.add(Dense(4, activation="softmax"))
print(model_m.summary())
model_m.compile(loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
model_m.fit(trainX.reshape(96, -1), trainy, batch_size=400, epochs=1, validation_split=0.2, verbose=0)
scans, labels = rng.rand(24, 12, 12, 12, 1), rng.randint(0, 2, 24)
m3 = Sequential()
m3.add(Input((12, 12, 12, 1)))
m3.add(Conv3D(8, kernel_size=(3, 3, 3), activation="relu", kernel_initializer="he_uniform"))
m3.add(MaxPooling3D(pool_size=(2, 2, 2)))
m3.add(BatchNormalization(center=True, scale=True))
m3.add(GlobalAveragePooling3D())
m3.add(Dense(1, activation="sigmoid"))
m3.compile("sgd", "binary_crossentropy", metrics=["acc"])
h = m3.fit(scans, labels, batch_size=8, epochs=2, verbose=0, validation_split=0.25)
print(sorted(h.history), m3.count_params())
