"""Why well-known families of names of TensorFlow and Keras are absent, and what there is in their place."""

from __future__ import annotations

import re
from types import ModuleType

_RECURRENT = (
    "nothing. Striate is for convolutional networks and has no recurrent layers; Conv1D (also with padding=\"causal\") "
    "reads sequences."
)
_TEXT = "nothing. Striate is for images, signals and volumes; it has no layers and tools for text."
_SESSION = (
    "nothing. Striate has no graphs and sessions of TensorFlow 1; write the network with keras.Sequential or "
    "keras.Model and train it with fit."
)
_OWN_TRAINING = (
    "nothing. Striate's gradients belong to its engine; train with model.fit or model.train_on_batch, with metrics and "
    "callbacks of your own where need be. model.gradient(images, of=layer) is the gradient of any layer's output."
)
LAYER_OF_CODE = (
    "build the layer from others: with keras.Model(inputs, outputs), or in the call() of a keras.layers.Layer."
)
_AUGMENTATION = (
    "RandomFlip, RandomRotation, RandomZoom, RandomTranslation, RandomCrop, RandomContrast and RandomBrightness; "
    "anything else through the preprocessing_function of keras.preprocessing.image.ImageDataGenerator."
)
_DEVICES = (
    "nothing. The engine uses all cores by itself; compile(engine=\"torch\") trains on GPUs, with torchrun on several."
)
_TENSORBOARD = "keras.callbacks.TensorBoard, keras.callbacks.CSVLogger, and model.fit's history."
_SERVING = "model.save(\"model.keras\") or model.save(\"model.h5\"), which Keras reads, too."
_SRC = "the names of `keras` itself; keras.src is private to Keras."

# Patterns of full names, and what is said about them; the first that fits counts.
_REASONS: list[tuple[str, str]] = [
    (r"keras\.src\b.*", _SRC),
    (r"keras\.layers\.(\w+\.)*(LSTM|GRU|SimpleRNN|RNN|ConvLSTM[123]D|Bidirectional|CuDNN\w+|StackedRNNCells|\w*(LSTM|GRU|RNN)Cell|"
     r"recurrent\w*|rnn|gru|lstm|TimeDistributed|wrappers)(\..*)?", _RECURRENT),
    (r"keras\.layers\.(\w+\.)*(\w*Attention|attention)(\..*)?",
     "nothing. Striate is for convolutional networks and has no attention; GlobalAveragePooling2D and Multiply make "
     "the gates of squeeze-and-excitation."),
    (r"keras\.layers\.(\w+\.)*(TextVectorization|StringLookup|IntegerLookup|Hashing|HashedCrossing|Discretization|"
     r"CategoryEncoding)", _TEXT),
    (r"keras\.layers\.(AugMix|AutoContrast|ContrastLimitedAdaptiveHistogramEqualization|CutMix|Equalization|MixUp|"
     r"RandAugment|Random(Color(Degeneration|Jitter)|ElasticTransform|Erasing|GaussianBlur|Grayscale|Hue|Invert|"
     r"Perspective|Posterization|Saturation|Sharpness|Shear|Height|Width)|Solarization)", _AUGMENTATION),
    (r"keras\.layers\.Pipeline", "keras.Sequential of the same layers."),
    (r"keras\.layers\.(Mel|STFT)Spectrogram",
     "nothing. Make the spectrograms with NumPy or SciPy before the training; Conv2D then takes them as images."),
    (r"keras\.layers\.MaxNumBoundingBoxes", "nothing. Striate classifies images and has no boxes around objects."),
    (r"keras\.layers\.Masking",
     "nothing. Give sequences one length, as with numpy.pad; GlobalMaxPooling1D then ignores zeros behind a ReLU."),
    (r"keras\.layers\.SpectralNormalization",
     "kernel_constraint=keras.constraints.MaxNorm(1), which bounds each filter's norm instead of the whole kernel's."),
    (r"keras\.layers\.ReversibleEmbedding", "keras.layers.Embedding, and Dense for the way back."),
    (r"keras\.layers\.(\w+\.)*(LocallyConnected[12]D|local)",
     "nothing. Conv1D and Conv2D, whose weights are the same at all places, come nearest."),
    (r"keras\.layers\.(\w+\.)*Merge",
     "keras.layers.concatenate, add, multiply, average, maximum and dot, in keras.Model([a.input, b.input], "
     "Dense(10)(concatenate([a.output, b.output])))."),
    (r"keras\.layers\.(\w+\.)*(MaxoutDense|Highway)", "Dense layers put together with Maximum, Multiply and Add."),
    (r"keras\.layers\.(\w+\.)*InputSpec",
     "nothing to be written: every layer checks its input's shape, and says what it expected."),
    (r"keras\.preprocessing\.(text|sequence)(\..*)?", _TEXT),
    (r"keras\.utils\.(text_dataset_from_directory|audio_dataset_from_directory|pad_sequences|FeatureSpace)", _TEXT),
    (r"keras\.datasets\.(imdb|reuters)(\..*)?", _TEXT),
    (r"keras\.datasets\.(boston_housing|california_housing)(\..*)?",
     "keras.datasets.mnist, fashion_mnist, cifar10 and cifar100; these two are tables, not images."),
    (r"keras\.layers\.(TFSMLayer|TorchModuleWrapper|JaxLayer|FlaxLayer|Wrapper|EinsumDense)", LAYER_OF_CODE),
    (r"keras\.wrappers\..*", "keras.wrappers.scikit_learn.KerasClassifier and KerasRegressor."),
    (r"keras\.callbacks\.(RemoteMonitor|tensorboard\w*)", _TENSORBOARD),
    (r"keras\.callbacks\.BackupAndRestore",
     "keras.callbacks.ModelCheckpoint(\"last.keras\"), and keras.models.load_model to go on from it."),
    (r"tensorflow\.summary(\..*)?", _TENSORBOARD),
    (r"tensorflow\.(GradientTape|gradients|custom_gradient|stop_gradient|hessians)", _OWN_TRAINING),
    (r"keras\.backend\.learning_phase_scope|keras\.backend\.in_(train|test)_phase",
     "model(x, training=True) or training=False for one call; fit trains, predict and evaluate do not."),
    (r"keras\.backend\.gradients", _OWN_TRAINING),
    (r"keras\.utils\.(\w+\.)*HDF5Matrix", "h5py.File(name)[dataset], whose arrays fit takes when read with [:]."),
    (r"keras\.models\.model_from_yaml", "keras.models.model_from_json; Keras itself has no YAML any more."),
    (r"tensorflow\.examples(\..*)?", "keras.datasets.mnist.load_data()."),
    (r"keras\.utils\.model_to_dot", "keras.utils.plot_model, which needs neither pydot nor Graphviz."),
    (r"tensorflow\.(distribute|tpu|distribution)(\..*)?", _DEVICES),
    (r"keras\.(distribution|utils\.multi_gpu_model)(\..*)?", _DEVICES),
    (r"tensorflow\.(saved_model|lite|serving|quantization)(\..*)?|keras\.(export|quantizers)(\..*)?", _SERVING),
    (r"tensorflow\.(Session|InteractiveSession|placeholder|global_variables_initializer|get_variable|variable_scope|"
     r"get_default_graph|reset_default_graph|ConfigProto|GPUOptions|layers|app|flags|estimator|contrib|Graph|"
     r"disable_v2_behavior|disable_eager_execution)(\..*)?", _SESSION),
    (r"keras\.backend\.(get_session|set_session|tensorflow_backend)(\..*)?", _SESSION),
    (r"keras\.mixed_precision(\..*)?|keras\.(DTypePolicy|FloatDTypePolicy|dtype_policies)(\..*)?",
     "float32, in which everything is computed; on GPUs see compile(engine=...) in docs/engines.md."),
    (r"keras\.(ops|random)\..*", "NumPy's functions, on what models and layers return."),
    (r"tensorflow\.python\..*", "the names of `tensorflow` itself; tensorflow.python is private to TensorFlow."),
    (r"keras\.applications\.(\w+\.)?\w+", "the networks of keras.applications that `striate networks` lists."),
]  # fmt: skip


def absent(module: ModuleType, name: str) -> AttributeError:
    """The error about a name that one of Striate's namespaces has not, with what there is in its place."""
    why = None if name.startswith("_") else reason(f"{module.__name__.removeprefix('striate.')}.{name}")
    offer = "" if why is None else f"; instead: {why}"
    return AttributeError(f"module {module.__name__!r} has no attribute {name!r}{offer}", name=name, obj=module)


def reason(name: str) -> str | None:
    """What is said about a full name such as keras.layers.LSTM; None for a name of no known family."""
    for pattern, text in _REASONS:
        if re.fullmatch(pattern, name):
            return text
    return None
