'''CIFAR10 with a generator of images, in the style of Keras 2.2's examples.'''

import os

import keras
from keras.datasets import cifar10
from keras.layers import Activation, Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.preprocessing.image import ImageDataGenerator

batch_size = 32
num_classes = 10
epochs = 2
save_dir = os.path.join(os.getcwd(), 'saved_models')

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Conv2D(8, (3, 3), padding='same', input_shape=x_train.shape[1:]))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(num_classes))
model.add(Activation('softmax'))
opt = keras.optimizers.rmsprop(lr=0.001, decay=1e-6)
model.compile(loss='categorical_crossentropy', optimizer=opt, metrics=['accuracy'])

x_train = x_train.astype('float32')
x_test = x_test.astype('float32')
x_train /= 255
x_test /= 255
datagen = ImageDataGenerator(featurewise_center=False, samplewise_center=False, zca_whitening=False,
                             rotation_range=0, horizontal_flip=False, vertical_flip=False)
datagen.fit(x_train)
history = model.fit_generator(datagen.flow(x_train, y_train, batch_size=batch_size, shuffle=False),
                              steps_per_epoch=len(x_train) // batch_size, epochs=epochs, verbose=0,
                              validation_data=(x_test, y_test), workers=4)
augmented = ImageDataGenerator(rotation_range=15, width_shift_range=0.1, height_shift_range=0.1, shear_range=0.1,
                               zoom_range=0.1, channel_shift_range=0.1, fill_mode='nearest', horizontal_flip=True)
batch_x, batch_y = next(augmented.flow(x_train, y_train, batch_size=8))
print(batch_x.shape, batch_y.shape)
if not os.path.isdir(save_dir):
    os.makedirs(save_dir)
model_path = os.path.join(save_dir, 'keras_cifar10_trained_model.h5')
model.save(model_path)
scores = keras.models.load_model(model_path).evaluate(x_test, y_test, verbose=0)
print('Test accuracy:', scores[1] == model.evaluate(x_test, y_test, verbose=0)[1])
