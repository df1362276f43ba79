# Learning rates asked and set through the backend, curves of acc, as programs of Keras 2.2 do
import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np
from keras import backend as K
from keras.callbacks import Callback, EarlyStopping, LearningRateScheduler, ModelCheckpoint
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD


class Rates(Callback):
    def on_train_begin(self, logs={}):
        self.rates = []

    def on_epoch_end(self, epoch, logs={}):
        self.rates.append(float(K.get_value(self.model.optimizer.lr)))
        if logs.get('acc') is not None and logs.get('acc') > 2:
            self.model.stop_training = True


def step_decay(epoch):
    return 0.1 if epoch < 2 else 0.05


rng = np.random.RandomState(8)
x = rng.randn(120, 4)
y = (x[:, 0] * x[:, 1] > 0).astype(int)
model = Sequential()
model.add(Dense(12, input_dim=4, kernel_initializer='normal', activation='relu'))
model.add(Dense(1, kernel_initializer='normal', activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer=SGD(lr=0.1, momentum=0.9, decay=0.0, nesterov=False),
              metrics=['accuracy'])
rates = Rates()
checkpoint = ModelCheckpoint('weights-{epoch:02d}-{val_acc:.2f}.hdf5', monitor='val_acc', verbose=0,
                             save_best_only=True, mode='max')
history = model.fit(x, y, validation_split=0.33, epochs=4, batch_size=10, verbose=0,
                    callbacks=[LearningRateScheduler(step_decay), rates, checkpoint,
                               EarlyStopping(monitor='val_acc', patience=9)])
print(rates.rates)
K.set_value(model.optimizer.lr, 0.001)
print(model.optimizer.lr == np.float32(0.001) or abs(float(model.optimizer.lr) - 0.001) < 1e-9)
plt.plot(history.history['acc'])
plt.plot(history.history['val_acc'])
plt.title('model accuracy')
plt.ylabel('accuracy')
plt.xlabel('epoch')
plt.legend(['train', 'test'], loc='upper left')
plt.show()
plt.savefig('acc.png')
