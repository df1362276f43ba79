# Saving and loading: whole models in both formats, weights alone, the architecture as text
import numpy as np
from tensorflow.keras.layers import BatchNormalization, Conv2D, Dense, Flatten, MaxPool2D
from tensorflow.keras.models import Sequential, load_model, model_from_json

rng = np.random.RandomState(2)
x, y = rng.rand(64, 10, 10, 1), rng.randint(0, 2, 64)


def build():
    return Sequential([
        Conv2D(4, 3, padding="same", activation="relu", kernel_initializer="he_normal", input_shape=(10, 10, 1)),
        BatchNormalization(),
        MaxPool2D(),
        Flatten(),
        Dense(1, activation="sigmoid"),
    ])


model = build()
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=2, verbose=0)
expected = model.predict(x, verbose=0)
for name in ("model.keras", "model.h5"):
    model.save(name)
    again = load_model(name)
    print(name, np.allclose(again.predict(x, verbose=0), expected, atol=1e-6), again.count_params())
model.save_weights("model.weights.h5")
other = build()
other.load_weights("model.weights.h5")
print(np.allclose(other.predict(x, verbose=0), expected, atol=1e-6))
other.compile("sgd", "binary_crossentropy")
other.fit(x, y, epochs=1, verbose=0)
print([layer["class_name"] for layer in model_from_json(model.to_json()).get_config()["layers"]])
