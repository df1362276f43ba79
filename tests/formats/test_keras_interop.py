"""Real Keras opens our files and we open Keras's: same predictions, same weights, training goes on the same way."""

import numpy as np
import pytest

import striate
from formats import networks
from striate.errors import ModelFileError
from striate.models import load_model

keras = pytest.importorskip("keras", reason='needs Keras: pip install "striate[peers]"')

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # inside Keras

# Sums of up to a few hundred float32 products, in two orders.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def assert_same_predictions(ours, theirs, x):
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), **CLOSE)


def assert_same_weights(ours, theirs):
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_the_list_of_networks_is_complete():
    assert tuple(networks.every_layer(striate)) == networks.NAMES
    assert tuple(networks.optimizers(striate)) == networks.OPTIMIZERS


@pytest.mark.parametrize("name", networks.NAMES)
def test_keras_opens_ours(name, tmp_path):
    ours = networks.make(striate, name)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    assert [layer.name for layer in theirs.layers] == [layer.name for layer in ours.layers]
    assert [layer.trainable for layer in theirs.layers] == [layer.trainable for layer in ours.layers]
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, networks.images())


@pytest.mark.parametrize("name", networks.NAMES)
def test_we_open_keras_s(name, tmp_path):
    theirs = networks.make(keras, name)
    theirs.save(tmp_path / "theirs.keras")
    ours = load_model(tmp_path / "theirs.keras")
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [layer.trainable for layer in ours.layers] == [layer.trainable for layer in theirs.layers]
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, networks.images())


@pytest.mark.parametrize("name", networks.NAMES)
def test_a_file_survives_both_readers(name, tmp_path):
    """Keras to Striate to Keras: every configuration comes back as it was."""
    theirs = networks.make(keras, name)
    theirs.save(tmp_path / "1.keras")
    load_model(tmp_path / "1.keras").save(tmp_path / "2.keras")
    again = keras.models.load_model(tmp_path / "2.keras")
    for before, after in zip(theirs.layers, again.layers, strict=True):
        assert after.get_config() == before.get_config()


def compiled(api, optimizer):
    model = networks.classifier(api)
    model.compile(networks.optimizers(api)[optimizer], "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def state(model):
    """All numbers of a Keras optimizer."""
    return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in model.optimizer.variables]


def train(model, steps):
    x, y = networks.examples()
    return [np.atleast_1d(model.train_on_batch(x, y))[0] for _ in range(steps)]


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_keras_continues_our_training(optimizer, tmp_path, recwarn):
    ours = compiled(striate, optimizer)
    train(ours, 4)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    assert not [w for w in recwarn if "Skipping variable loading" in str(w.message)]
    assert int(theirs.optimizer.iterations) == 4
    rate = ours.optimizer.get_config()["learning_rate"]
    assert theirs.optimizer.get_config()["learning_rate"] == (rate if isinstance(rate, dict) else pytest.approx(rate))
    np.testing.assert_allclose(train(theirs, 5), train(ours, 5), rtol=2e-4)


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_we_continue_keras_s_training(optimizer, tmp_path):
    theirs = compiled(keras, optimizer)
    train(theirs, 4)
    theirs.save(tmp_path / "theirs.keras")
    ours = load_model(tmp_path / "theirs.keras")
    assert ours.optimizer.iterations == 4
    np.testing.assert_allclose(train(ours, 5), train(theirs, 5), rtol=2e-4)


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_optimizer_state_survives_both_readers(optimizer, tmp_path):
    theirs = compiled(keras, optimizer)
    train(theirs, 3)
    theirs.save(tmp_path / "1.keras")
    load_model(tmp_path / "1.keras").save(tmp_path / "2.keras")
    again = keras.models.load_model(tmp_path / "2.keras")
    assert again.optimizer.get_config() == theirs.optimizer.get_config()
    for before, after in zip(state(theirs), state(again), strict=True):
        np.testing.assert_array_equal(after, before)


def losses(api):
    kinds = api.losses
    return {
        "name": "categorical_crossentropy",
        "sparse": kinds.SparseCategoricalCrossentropy(from_logits=True),
        "smoothed": kinds.CategoricalCrossentropy(label_smoothing=0.1),
        "binary": kinds.BinaryCrossentropy(label_smoothing=0.2),
        "squared": kinds.MeanSquaredError(),
    }


@pytest.mark.parametrize("name", ["name", "sparse", "smoothed", "binary", "squared"])
@pytest.mark.parametrize("direction", ["ours to Keras", "Keras's to us"])
def test_losses_and_metrics(name, direction, tmp_path):
    x, labels = networks.examples()
    y = labels if name == "sparse" else np.eye(3, dtype=np.float32)[labels]
    source, read = (striate, keras.models.load_model) if direction == "ours to Keras" else (keras, load_model)
    model = networks.classifier(source)
    top = "SparseTopKCategoricalAccuracy" if name == "sparse" else "TopKCategoricalAccuracy"
    model.compile("adam", losses(source)[name], metrics=["accuracy", getattr(source.metrics, top)(k=2, name="two")])
    expected = model.evaluate(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    np.testing.assert_allclose(read(tmp_path / "m.keras").evaluate(x, y, verbose=0), expected, rtol=1e-5)


def test_weights_alone_both_ways(tmp_path):
    x, _ = networks.examples()
    ours, theirs = compiled(striate, "adam"), compiled(keras, "adam")
    train(ours, 2)
    train(theirs, 3)
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    new = compiled(striate, "adam")
    new.load_weights(tmp_path / "theirs.weights.h5")
    assert_same_predictions(new, theirs, x)
    assert new.optimizer.iterations == 3
    theirs.load_weights(tmp_path / "ours.weights.h5")
    assert_same_predictions(ours, theirs, x)


def test_mixed_precision_computes_in_float32(tmp_path):
    theirs = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, dtype="mixed_bfloat16")]
    )
    theirs.save(tmp_path / "m.keras")
    ours = load_model(tmp_path / "m.keras")
    assert ours.layers[1].dtype == "float32"
    assert_same_weights(ours, theirs)


def test_lambda_layers_are_refused_by_name(tmp_path):
    theirs = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Lambda(lambda x: x * 2, name="twice")])
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"layer 'twice'.*Lambda holds code.*nothing .* is ever executed"):
        load_model(tmp_path / "m.keras")


@keras.saving.register_keras_serializable("shop")
class Dense(keras.layers.Dense):
    """Named like a layer that exists."""


def test_custom_classes_are_refused_by_name(tmp_path):
    theirs = keras.Sequential([keras.Input((4,)), Dense(2, name="mine")])
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"layer 'mine'.*registered as shop>Dense"):
        load_model(tmp_path / "m.keras")


def test_layers_that_striate_does_not_have_are_refused_by_name(tmp_path):
    keras.Sequential([keras.Input((4, 2)), keras.layers.LSTM(2, name="memory")]).save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"layer 'memory' \(LSTM\): Striate has no such layer"):
        load_model(tmp_path / "m.keras")


def test_custom_losses_need_compile_false(tmp_path):
    @keras.saving.register_keras_serializable("shop")
    def my_loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    theirs = networks.classifier(keras)
    theirs.compile("adam", my_loss)
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"my_loss.*compile=False"):
        load_model(tmp_path / "m.keras")
    ours = load_model(tmp_path / "m.keras", compile=False)
    assert not ours.compiled
    assert_same_predictions(ours, theirs, networks.examples()[0])


def test_optimizer_options_that_striate_does_not_have_need_compile_false(tmp_path):
    theirs = networks.classifier(keras)
    theirs.compile(keras.optimizers.Adam(loss_scale_factor=2.0), "sparse_categorical_crossentropy")
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"loss_scale_factor.*compile=False"):
        load_model(tmp_path / "m.keras")
    assert_same_predictions(load_model(tmp_path / "m.keras", compile=False), theirs, networks.examples()[0])
