# Checkpoints as TensorFlow 2's tutorial wrote them until 2023, in folders and under names without an ending
import os

import tensorflow as tf
from tensorflow import keras

(train_images, train_labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
train_images = train_images[:1000].reshape(-1, 28 * 28) / 255.0
test_images = test_images[:1000].reshape(-1, 28 * 28) / 255.0


# Define a simple sequential model
def create_model():
  model = tf.keras.models.Sequential([
    keras.layers.Dense(32, activation='relu', input_shape=(784,)),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10)
  ])
  model.compile(optimizer='adam',
                loss=tf.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=['accuracy'])
  return model


model = create_model()
checkpoint_path = "training_2/cp-{epoch:04d}.ckpt"
checkpoint_dir = os.path.dirname(checkpoint_path)
cp_callback = tf.keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, verbose=1, save_weights_only=True, period=2)
model.save_weights(checkpoint_path.format(epoch=0))
model.fit(train_images, train_labels, epochs=4, callbacks=[cp_callback], validation_data=(test_images, test_labels),
          verbose=0)
latest = tf.train.latest_checkpoint(checkpoint_dir)
loss, acc = model.evaluate(test_images, test_labels, verbose=0)
model = create_model()
model.load_weights(latest)
restored = model.evaluate(test_images, test_labels, verbose=0)
print("Restored model, accuracy: {:5.2f}%".format(100 * restored[1]), restored == [loss, acc])
model.save_weights('./checkpoints/my_checkpoint')
model = create_model()
model.load_weights('./checkpoints/my_checkpoint')
model.save('saved_model/my_model')
new_model = tf.keras.models.load_model('saved_model/my_model')
print(latest, new_model.evaluate(test_images, test_labels, verbose=0) == restored)
