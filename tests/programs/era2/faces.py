# Three outputs of one image from a generator: age, gender and race, as articles on UTKFace do it
import numpy as np
from tensorflow.keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.utils import to_categorical

rng = np.random.RandomState(0)
n = 60
X = rng.rand(n, 24, 24, 3).astype("float32")
age, gender = rng.rand(n), rng.randint(0, 2, n)
race = to_categorical(rng.randint(0, 4, n), 4)


class UtkMultiOutputModel:
    """
    Used to generate our multi-output model.
    """

    def make_default_hidden_layers(self, inputs):
        x = Conv2D(8, (3, 3), padding="same")(inputs)
        x = Activation("relu")(x)
        x = BatchNormalization(axis=-1)(x)
        x = MaxPooling2D(pool_size=(3, 3))(x)
        x = Dropout(0.25)(x)
        return x

    def build_branch(self, inputs, units, activation, name):
        x = self.make_default_hidden_layers(inputs)
        x = Flatten()(x)
        x = Dense(16)(x)
        x = Activation("relu")(x)
        x = Dense(units)(x)
        return Activation(activation, name=name)(x)

    def assemble_full_model(self, width, height, num_races):
        inputs = Input(shape=(height, width, 3))
        age_branch = self.build_branch(inputs, 1, "linear", "age_output")
        race_branch = self.build_branch(inputs, num_races, "softmax", "race_output")
        gender_branch = self.build_branch(inputs, 1, "sigmoid", "gender_output")
        return Model(inputs=inputs, outputs=[age_branch, race_branch, gender_branch], name="face_net")


def generate_images(is_training, batch_size=10):
    """Used to generate a batch with images when training/testing/validating our Keras model."""
    while True:
        for start in range(0, n, batch_size):
            rows = slice(start, start + batch_size)
            yield X[rows], (age[rows, None], race[rows], gender[rows, None])
        if not is_training:
            break


model = UtkMultiOutputModel().assemble_full_model(24, 24, num_races=4)
model.compile(
    optimizer=Adam(learning_rate=1e-4),
    loss={"age_output": "mse", "race_output": "categorical_crossentropy", "gender_output": "binary_crossentropy"},
    loss_weights={"age_output": 4.0, "race_output": 1.5, "gender_output": 0.1},
    metrics={"age_output": "mae", "race_output": "accuracy", "gender_output": "accuracy"},
)
history = model.fit(generate_images(True), steps_per_epoch=n // 10, epochs=2, verbose=0,
                    validation_data=(X[:20], (age[:20, None], race[:20], gender[:20, None])))
age_pred, race_pred, gender_pred = model.predict(generate_images(False), steps=2, verbose=0)
print(age_pred.shape, race_pred.argmax(axis=-1).shape, gender_pred.shape)
print(model.output_names, len(history.history))
