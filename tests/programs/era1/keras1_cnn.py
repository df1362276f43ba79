# A program of 2016, for Keras 1
import numpy as np

np.random.seed(123)
from keras.constraints import maxnorm
from keras.datasets import cifar10
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.layers.core import Activation, Dense, Dropout, Flatten
from keras.models import Sequential
from keras.optimizers import SGD
from keras.regularizers import l2
from keras.utils import np_utils

(X_train, y_train), (X_test, y_test) = cifar10.load_data()
X_train, X_test = X_train.astype('float32') / 255.0, X_test.astype('float32') / 255.0
Y_train = np_utils.to_categorical(y_train)
Y_test = np_utils.to_categorical(y_test)

model = Sequential()
model.add(Convolution2D(8, 3, 3, input_shape=(32, 32, 3), border_mode='same', init='he_uniform',
                        W_constraint=maxnorm(3)))
model.add(Activation('relu'))
model.add(Convolution2D(8, 3, 3, subsample=(2, 2), dim_ordering='tf', W_regularizer=l2(0.01)))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode='valid'))
model.add(Dropout(p=0.2))
model.add(Flatten())
model.add(Dense(output_dim=16, init='uniform', activation='relu'))
model.add(Dense(output_dim=Y_test.shape[1], activation='softmax'))

epochs = 2
lrate = 0.01
sgd = SGD(lr=lrate, decay=lrate / epochs, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy', optimizer=sgd, metrics=['acc'])
model.fit(X_train, Y_train, validation_data=(X_test, Y_test), nb_epoch=epochs, batch_size=32, verbose=0)
scores = model.evaluate(X_test, Y_test, verbose=0)
print("Error: %.2f%%" % (100 - scores[1] * 100))
