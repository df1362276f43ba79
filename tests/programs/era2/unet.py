# A U-Net that finds squares, written as Kaggle's kernels write it
import numpy as np
import tensorflow as tf
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from tensorflow.keras.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dropout,
    Input,
    MaxPooling2D,
    concatenate,
)
from tensorflow.keras.models import Model, load_model
from tensorflow.keras.optimizers import Adam

rng = np.random.RandomState(1)
X = np.zeros((40, 32, 32, 1), dtype=np.float32)
y = np.zeros((40, 32, 32, 1), dtype=np.float32)
for n in range(40):
    r, c = rng.randint(4, 20, 2)
    y[n, r:r + 8, c:c + 8] = 1
    X[n] = y[n] * 0.6 + rng.rand(32, 32, 1) * 0.4
X_train, X_valid, y_train, y_valid = X[:32], X[32:], y[:32], y[32:]


def conv2d_block(input_tensor, n_filters, kernel_size=3, batchnorm=True):
    """Function to add 2 convolutional layers with the parameters passed to it"""
    x = input_tensor
    for _ in range(2):
        x = Conv2D(filters=n_filters, kernel_size=(kernel_size, kernel_size), kernel_initializer="he_normal",
                   padding="same")(x)
        if batchnorm:
            x = BatchNormalization()(x)
        x = Activation("relu")(x)
    return x


def get_unet(input_img, n_filters=16, dropout=0.1, batchnorm=True):
    # Contracting Path
    c1 = conv2d_block(input_img, n_filters * 1, batchnorm=batchnorm)
    p1 = MaxPooling2D((2, 2))(c1)
    p1 = Dropout(dropout)(p1)
    c2 = conv2d_block(p1, n_filters * 2, batchnorm=batchnorm)
    p2 = MaxPooling2D((2, 2))(c2)
    p2 = Dropout(dropout)(p2)
    c3 = conv2d_block(p2, n_filters=n_filters * 4, batchnorm=batchnorm)
    # Expansive Path
    u8 = Conv2DTranspose(n_filters * 2, (3, 3), strides=(2, 2), padding="same")(c3)
    u8 = concatenate([u8, c2])
    u8 = Dropout(dropout)(u8)
    c8 = conv2d_block(u8, n_filters * 2, batchnorm=batchnorm)
    u9 = Conv2DTranspose(n_filters * 1, (3, 3), strides=(2, 2), padding="same")(c8)
    u9 = concatenate([u9, c1], axis=3)
    c9 = conv2d_block(u9, n_filters * 1, batchnorm=batchnorm)
    outputs = Conv2D(1, (1, 1), activation="sigmoid")(c9)
    return Model(inputs=[input_img], outputs=[outputs])


model = get_unet(Input((32, 32, 1), name="img"), n_filters=4, dropout=0.05, batchnorm=True)
model.compile(optimizer=Adam(1e-4), loss="binary_crossentropy", metrics=["accuracy"])
callbacks = [
    EarlyStopping(patience=10, verbose=1),
    ReduceLROnPlateau(factor=0.1, patience=5, min_lr=0.00001, verbose=1),
    ModelCheckpoint("model-tgs-salt.keras", verbose=0, save_best_only=True, save_weights_only=False),
]
results = model.fit(X_train, y_train, batch_size=8, epochs=2, callbacks=callbacks,
                    validation_data=(X_valid, y_valid), verbose=0)
best = np.argmin(results.history["val_loss"])
model = load_model("model-tgs-salt.keras")
print(abs(model.evaluate(X_valid, y_valid, verbose=0)[0] - results.history["val_loss"][best]) < 1e-4)
preds_val_t = (model.predict(X_valid, verbose=0) > 0.5).astype(np.uint8)
print(preds_val_t.shape, model.count_params(), sorted(results.history), tf.__version__ > "2")
