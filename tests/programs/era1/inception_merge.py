# An inception block and a sum in the functional API of Keras 1, and what its layers put out
import numpy as np
from keras import backend as K
from keras.layers import AveragePooling2D, Convolution2D, Dense, Dropout, Flatten, Input, MaxPooling2D, merge
from keras.models import Model
from keras.optimizers import RMSprop
from keras.regularizers import activity_l2

rng = np.random.RandomState(4)
input_img = Input(shape=(16, 16, 3))
tower_1 = Convolution2D(4, 1, 1, border_mode='same', activation='relu')(input_img)
tower_1 = Convolution2D(4, 3, 3, border_mode='same', activation='relu')(tower_1)
tower_2 = Convolution2D(4, 1, 1, border_mode='same', activation='relu')(input_img)
tower_2 = Convolution2D(4, 5, 5, border_mode='same', activation='relu')(tower_2)
tower_3 = MaxPooling2D((3, 3), strides=(1, 1), border_mode='same')(input_img)
tower_3 = Convolution2D(4, 1, 1, border_mode='same', activation='relu')(tower_3)
output = merge([tower_1, tower_2, tower_3], mode='concat', concat_axis=-1, name='towers')
residual = Convolution2D(12, 3, 3, border_mode='same', activity_regularizer=activity_l2(0.001))(output)
output = merge([output, residual], mode='sum')
output = AveragePooling2D((4, 4))(output)
output = Flatten()(output)
output = Dropout(0.3)(output)
output = Dense(3, activation='softmax')(output)
model = Model(input=input_img, output=output)
model.compile(optimizer=RMSprop(lr=0.001), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
X = rng.rand(96, 16, 16, 3)
y = (X[:, :, :, 0].mean(axis=(1, 2)) > .5).astype(int) + (X[:, :, :, 1].mean(axis=(1, 2)) > .5)
hist = model.fit(X, y, batch_size=16, nb_epoch=3, validation_split=0.25, verbose=0)
print(sorted(hist.history))
get_towers = K.function([model.layers[0].input, K.learning_phase()], [model.get_layer('towers').output])
print(get_towers([X[:2], 0])[0].shape)
