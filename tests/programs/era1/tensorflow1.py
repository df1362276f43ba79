# tf.keras as TensorFlow 1.12's first tutorial used it
import numpy as np
import tensorflow as tf
from tensorflow import keras

print(tf.__version__)
fashion_mnist = keras.datasets.fashion_mnist
(train_images, train_labels), (test_images, test_labels) = fashion_mnist.load_data()
train_images = train_images / 255.0
test_images = test_images / 255.0
model = keras.Sequential([
    keras.layers.Flatten(input_shape=(28, 28)),
    keras.layers.Dense(24, activation=tf.nn.relu),
    keras.layers.Dense(10, activation=tf.nn.softmax)
])
model.compile(optimizer=tf.train.AdamOptimizer(),
              loss='sparse_categorical_crossentropy',
              metrics=['accuracy'])
model.fit(train_images, train_labels, epochs=2, verbose=0)
test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=0)
predictions = model.predict(test_images)
img = (np.expand_dims(test_images[0], 0))
print(img.shape, np.argmax(model.predict(img)[0]) == np.argmax(predictions[0]))
tf.logging.set_verbosity(tf.logging.ERROR)
