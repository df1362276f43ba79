# Unbalanced classes: weights of classes and of examples, and metrics that see them
import numpy as np
from tensorflow import keras

rng = np.random.RandomState(3)
y = (rng.rand(200) < 0.15).astype("int32")
x = rng.randn(200, 8).astype("float32") + y[:, None]
model = keras.Sequential([
    keras.layers.Dense(8, activation="relu", input_shape=(x.shape[-1],)),
    keras.layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-1.7)),
])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-2),
    loss=keras.losses.BinaryCrossentropy(),
    metrics=[keras.metrics.Precision(name="precision"), keras.metrics.AUC(name="auc"), "accuracy"],
)
weight_for_0, weight_for_1 = len(y) / (2.0 * (y == 0).sum()), len(y) / (2.0 * (y == 1).sum())
history = model.fit(x, y, batch_size=50, epochs=3, verbose=0, class_weight={0: weight_for_0, 1: weight_for_1})
print(sorted(history.history))
model.fit(x, y, batch_size=50, epochs=1, verbose=0, sample_weight=np.where(y == 1, weight_for_1, weight_for_0))
print(dict(zip(model.metrics_names, model.evaluate(x, y, verbose=0))).keys() >= {"loss"})
