"""Tensors are NumPy arrays, and behave as TensorFlow's where those are used."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from striate import Sequential, activations, layers, losses, metrics
from striate.arrays import Tensor
from striate.errors import DataError
from striate.tensors import as_tensor, wrapped


def test_numpy_gives_plain_arrays_and_numbers() -> None:
    tensor = wrapped(np.arange(6.0).reshape(2, 3))
    assert type(tensor.numpy()) is np.ndarray
    assert np.shares_memory(tensor.numpy(), tensor)
    assert type(tensor.mean().numpy()) is np.float64
    assert tensor[1, 2].numpy() == 5
    assert [row.numpy().tolist() for row in tensor] == [[0, 1, 2], [3, 4, 5]]
    assert [number.numpy() for number in tensor[0]] == [0, 1, 2]


def test_arithmetic_stays_a_tensor() -> None:
    tensor = wrapped(np.ones((2, 3), np.float32))
    for value in (tensor / 255.0, np.sqrt(tensor), tensor @ tensor.T, tensor.sum(axis=0), tensor.sum(), tensor[0, 0]):
        assert isinstance(value, Tensor)
        assert value.dtype == np.float32
    assert isinstance(tensor == 1, Tensor)


def test_single_elements_act_as_numbers() -> None:
    three = wrapped(np.float32(3.25))
    assert float(three) == 3.25
    assert int(three) == 3
    assert f"{three:.1f}" == "3.2"
    assert bool(three)
    assert round(three) == 3
    assert "abcd"[wrapped(np.int64(2))] == "c"
    assert {wrapped(np.int64(2)): "two"}[wrapped(np.int64(2))] == "two"
    with pytest.raises(TypeError, match=r"tensor of shape \(2,\)"):
        hash(wrapped(np.zeros(2)))


def test_augmented_assignment_leaves_the_original_alone() -> None:
    data = np.ones(3, np.float32)
    tensor = wrapped(data)
    tensor += 1
    tensor /= 4
    assert data.tolist() == [1, 1, 1]
    assert tensor.tolist() == [0.5, 0.5, 0.5]


def test_numpy_of_what_must_not_be_written_is_a_copy() -> None:
    data = np.ones(3)
    data.flags.writeable = False
    wrapped(data).numpy()[0] = 5
    assert data.tolist() == [1, 1, 1]


def test_pickling() -> None:
    restored = pickle.loads(pickle.dumps(wrapped(np.arange(3))))
    assert isinstance(restored, Tensor)
    assert restored.numpy().tolist() == [0, 1, 2]


def test_what_layers_and_models_return() -> None:
    model = Sequential([layers.Input((4,)), layers.Dense(3, activation="softmax")])
    x = np.ones((2, 4), np.float32)
    assert type(model(x).numpy()) is np.ndarray
    assert model(x)[0].numpy().shape == (3,)
    assert np.argmax(model(x)) == np.argmax(model(x).numpy())
    assert type(model.predict(x, verbose=0)) is np.ndarray
    hidden = model.layers[0](x)[:, [0, 1, 2, 0]]
    np.testing.assert_array_equal(model(hidden), model(hidden.numpy()))
    assert isinstance(activations.relu(np.zeros(3)), Tensor)
    assert isinstance(activations.softmax(x, axis=0), Tensor)


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        (3, np.int32, ()),
        (2**40, np.int64, ()),
        (1.5, np.float32, ()),
        ([[1, 2.5]], np.float32, (1, 2)),
        (True, np.bool_, ()),
        (np.float64(1), np.float64, ()),
        (np.zeros(2, np.uint8), np.uint8, (2,)),
        ([np.zeros(2)] * 3, np.float64, (3, 2)),
        ([], np.float32, (0,)),
    ],
)
def test_as_tensor_has_the_types_of_tensorflow(value: object, dtype: type, shape: tuple[int, ...]) -> None:
    tensor = as_tensor(value)
    assert isinstance(tensor, Tensor)
    assert tensor.dtype == dtype
    assert tensor.shape == shape


def test_losses_and_metrics_hand_tensors_out() -> None:
    truth, said = np.array([0.0, 1.0]), np.array([0.25, 0.5])
    loss = losses.MeanSquaredError()(truth, said)
    assert loss.numpy() == (0.0625 + 0.25) / 2
    assert f"{loss:.2f}" == "0.16"
    assert losses.mean_absolute_error(truth[:, None], said[:, None]).numpy().tolist() == [0.25, 0.5]
    metric = metrics.MeanAbsoluteError()
    assert metric(truth, said).numpy() == metric.result().numpy() == 0.375
    assert metrics.RootMeanSquaredError()(truth, said).numpy() == np.sqrt((0.0625 + 0.25) / 2)
    assert metrics.binary_accuracy(truth, said).numpy().tolist() == [True, False]

    class Largest(metrics.Metric):
        def update_state(self, y_true: object, y_pred: object, sample_weight: object = None) -> None:
            self.value = float(np.max(np.asarray(y_pred)))

        def result(self) -> float:
            return self.value

    assert Largest("largest")(truth, said).numpy() == 0.5
    assert (Largest().name, Largest(name="most").name) == ("largest", "most")


def test_text_is_bytes() -> None:
    assert as_tensor("é\0").numpy() == "é\0".encode()
    assert as_tensor(["a", b"bc"]).tolist() == [b"a", b"bc"]
    assert as_tensor(np.array(["a", "bc"]))[1].numpy() == b"bc"


@pytest.mark.parametrize("value", [[[1], [1, 2]], None, object(), [np.zeros(2), np.zeros(3)]])
def test_what_is_no_tensor(value: object) -> None:
    with pytest.raises(DataError, match="here: "):
        as_tensor(value, name="here")
