# An input pipeline of tf.data: map, cache, batch, prefetch
import tensorflow as tf

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
AUTOTUNE = tf.data.AUTOTUNE


def normalize_img(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


ds_train = tf.data.Dataset.from_tensor_slices((x_train, y_train))
ds_train = ds_train.map(normalize_img, num_parallel_calls=AUTOTUNE).cache().batch(32).prefetch(AUTOTUNE)
ds_test = tf.data.Dataset.from_tensor_slices((x_test, y_test)).map(normalize_img).batch(32)
for images, labels in ds_train.take(1):
    print(images.shape, labels.shape, images.dtype)

model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(16, activation="relu"),
    tf.keras.layers.Dense(10),
])
model.compile(
    optimizer=tf.keras.optimizers.Adam(0.001),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[tf.keras.metrics.SparseCategoricalAccuracy()],
)
history = model.fit(ds_train, epochs=2, validation_data=ds_test, verbose=0)
print(sorted(history.history), tf.config.list_physical_devices("GPU"))
print(f"{tf.reduce_mean(tf.nn.softmax(model(x_test[:4] / 255.0))).numpy():.4f}")
