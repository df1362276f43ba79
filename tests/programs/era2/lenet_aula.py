# -*- coding: utf-8 -*-
"""Aula 7 - Redes neurais convolucionais: LeNet-5 para dígitos (caderno de um curso, exportado)"""
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import callbacks
from tensorflow.keras.layers import AveragePooling2D, Conv2D, Dense, Flatten, Input
from tensorflow.keras.models import Sequential

print('Versão do TensorFlow:', tf.__version__[0])
tf.random.set_seed(42)
np.random.seed(42)

# Carregando a base
(x_treino, y_treino), (x_teste, y_teste) = keras.datasets.mnist.load_data()
print('Formato do treino:', x_treino.shape, '- teste:', x_teste.shape)
fig, eixos = plt.subplots(2, 5, figsize=(10, 4))
for i, eixo in enumerate(eixos.flat):
    eixo.imshow(x_treino[i], cmap='gray')
    eixo.set_title(f'rótulo {y_treino[i]}')
    eixo.axis('off')
plt.tight_layout()
x_treino = x_treino.reshape(-1, 28, 28, 1).astype('float32') / 255.
x_teste = x_teste.reshape(-1, 28, 28, 1).astype('float32') / 255.
y_treino_cat = keras.utils.to_categorical(y_treino, num_classes=10)
y_teste_cat = keras.utils.to_categorical(y_teste, num_classes=10)

# LeNet-5
modelo = Sequential(name='lenet5')
modelo.add(Input(shape=(28, 28, 1)))
modelo.add(Conv2D(6, kernel_size=5, strides=1, activation='tanh', padding='same', name='C1'))
modelo.add(AveragePooling2D(2, name='S2'))
modelo.add(Conv2D(16, kernel_size=5, strides=1, activation='tanh', padding='valid', name='C3'))
modelo.add(AveragePooling2D(2, name='S4'))
modelo.add(Conv2D(120, kernel_size=5, strides=1, activation='tanh', padding='valid', name='C5'))
modelo.add(Flatten())
modelo.add(Dense(84, activation='tanh', name='F6'))
modelo.add(Dense(10, activation='softmax', name='saida'))
modelo.summary()
modelo.compile(loss=keras.losses.CategoricalCrossentropy(), optimizer=keras.optimizers.SGD(learning_rate=0.1),
               metrics=['accuracy'])
parada = callbacks.EarlyStopping(monitor='val_loss', patience=2, restore_best_weights=True, verbose=1)
reduz = callbacks.ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=1, min_lr=1e-5, verbose=1)
ponto = callbacks.ModelCheckpoint('melhor_modelo.keras', monitor='val_accuracy', save_best_only=True, mode='max')
historico = modelo.fit(x_treino, y_treino_cat, batch_size=32, epochs=3, validation_split=0.2,
                       callbacks=[parada, reduz, ponto], verbose=0)
plt.figure()
plt.plot(historico.history['loss'], label='treino')
plt.plot(historico.history['val_loss'], label='validação')
plt.xlabel('Época')
plt.legend()
plt.savefig('curvas.png')
perda, acuracia = modelo.evaluate(x_teste, y_teste_cat, verbose=0)
print(f'Acurácia no teste: {0 <= acuracia <= 1} ({perda > 0})')
y_pred = np.argmax(modelo.predict(x_teste, verbose=0), axis=-1)
matriz = np.zeros((10, 10), dtype=int)
np.add.at(matriz, (y_teste, y_pred), 1)
print('Matriz de confusão:', matriz.sum(), '- acertos:', matriz.trace() == np.sum(y_pred == y_teste))
modelo2 = keras.models.load_model('melhor_modelo.keras')
for camada in modelo2.layers:
    print(camada.name, camada.output.shape, camada.count_params())
pesos, vies = modelo2.get_layer('C1').get_weights()
mapas = keras.Model(inputs=modelo2.inputs, outputs=[modelo2.get_layer('C1').output, modelo2.get_layer('S2').output])
m1, m2 = mapas.predict(x_teste[:1], verbose=0)
print(pesos.shape, vies.shape, m1.shape, m2.shape)
