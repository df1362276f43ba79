# The functional API of Keras 1, and the layer of Keras 2 that followed merge()
import numpy as np
from keras.layers import Dense, Input
from keras.layers.advanced_activations import LeakyReLU, PReLU
from keras.layers.merge import Add, concatenate
from keras.models import Model
from keras.optimizers import Adam

rng = np.random.RandomState(7)
a, b = rng.rand(60, 6), rng.rand(60, 4)
y = (a.sum(axis=1) > b.sum(axis=1) + 1).astype(int)
left = Input(shape=(6,))
right = Input(batch_shape=(None, 4))
x = LeakyReLU(alpha=0.1)(Dense(5, init='glorot_normal', bias=False)(left))
z = PReLU()(Dense(output_dim=5)(right))
z = Add()([x, z])
out = Dense(1, activation='sigmoid', weights=[np.full((10, 1), 0.1), np.zeros(1)])(concatenate([x, z], axis=-1))
model = Model(input=[left, right], output=out)
model.compile(optimizer=Adam(lr=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-08, decay=0.01),
              loss='binary_crossentropy', metrics=['binary_accuracy'])
history = model.fit([a, b], y, nb_epoch=3, batch_size=20, verbose=0)
print(sorted(history.history), np.allclose(model.layers[-1].get_weights()[1], 0, atol=0.1))
