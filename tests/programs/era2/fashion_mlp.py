# A first network, as in TensorFlow's own beginners' course
import numpy as np
import tensorflow as tf
from tensorflow import keras

print(tf.__version__ >= "2", keras.__version__ > "2")
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0

model = keras.Sequential([
    keras.layers.Flatten(input_shape=(28, 28)),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dense(10),
])
model.compile(optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=["accuracy"])
model.fit(x_train, y_train, epochs=3, verbose=2)
test_loss, test_acc = model.evaluate(x_test, y_test, verbose=2)

probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
predictions = probability_model.predict(x_test)
print("predicted", np.argmax(predictions[0]), predictions.shape, "%.4f" % test_loss)
