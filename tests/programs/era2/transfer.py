# Transfer learning: a frozen base, a head of one's own, then fine tuning
import numpy as np
import tensorflow as tf

(x, y), _ = tf.keras.datasets.cifar10.load_data()
x, y = x[:64], y[:64]
preprocess_input = tf.keras.applications.mobilenet_v2.preprocess_input
base_model = tf.keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
base_model.trainable = False

inputs = tf.keras.Input(shape=(32, 32, 3))
h = tf.keras.layers.Rescaling(1.0 / 127.5, offset=-1)(inputs)
h = base_model(h, training=False)
h = tf.keras.layers.GlobalAveragePooling2D()(h)
h = tf.keras.layers.Dropout(0.2)(h)
outputs = tf.keras.layers.Dense(10)(h)
model = tf.keras.Model(inputs, outputs)
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=1e-3),
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
print(len(model.trainable_variables), "trainable;", len(base_model.layers), "layers in the base")
model.fit(x, y, epochs=1, verbose=0)

base_model.trainable = True
for number, layer in enumerate(base_model.layers):
    if number < 100 or isinstance(layer, tf.keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(optimizer=tf.keras.optimizers.RMSprop(learning_rate=1e-5),
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
print(len(model.trainable_variables), "trainable")
model.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
print(preprocess_input(np.full((1, 2, 2, 3), 255.0)).max())
