# A convolutional autoencoder that takes noise out of digits
import numpy as np
from tensorflow.keras.datasets import mnist
from tensorflow.keras.layers import Conv2D, Conv2DTranspose, Input, MaxPooling2D, UpSampling2D
from tensorflow.keras.models import Model

(x_train, _), (x_test, _) = mnist.load_data()
x_train = np.reshape(x_train.astype("float32") / 255.0, (len(x_train), 28, 28, 1))[:128]
noisy = np.clip(x_train + 0.3 * np.random.RandomState(6).normal(size=x_train.shape), 0.0, 1.0)

input_img = Input(shape=(28, 28, 1))
x = Conv2D(8, (3, 3), activation="relu", padding="same")(input_img)
encoded = MaxPooling2D((2, 2), padding="same")(x)
x = Conv2DTranspose(8, (3, 3), strides=2, activation="relu", padding="same")(encoded)
decoded = Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
autoencoder = Model(input_img, decoded)
encoder = Model(input_img, encoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(noisy, x_train, epochs=2, batch_size=32, verbose=0)
print(encoder.predict(noisy[:2], verbose=0).shape, UpSampling2D(2)(np.ones((1, 2, 2, 1))).shape)
