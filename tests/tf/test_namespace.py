"""The namespace as programs see it: modules, versions, devices, names that are not there."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import striate.tensorflow as tf
from striate.data import Dataset
from striate.errors import StriateError

MODULES = [
    "autograph", "autograph.experimental", "compat", "config", "config.experimental", "config.optimizer",
    "config.threading", "data", "data.experimental", "debugging", "dtypes", "errors", "image", "io", "linalg",
    "logging", "math", "nn", "random", "strings", "test", "train", "version",
]  # fmt: skip


@pytest.mark.parametrize("module", ["", *MODULES])
def test_all_names_are_there(module: str) -> None:
    found = importlib.import_module(f"striate.tensorflow.{module}".rstrip("."))
    for name in found.__all__:
        assert getattr(found, name) is not None or name == "newaxis"
    assert sorted(found.__all__) == sorted(set(found.__all__))


def test_missing_names_say_what_there_is() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'reduce_men'$"):  # Python says which is near
        tf.reduce_men  # noqa: B018
    with pytest.raises(AttributeError, match=r"has no attribute 'conv2dd'$") as caught:
        tf.nn.conv2dd  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("conv2dd", tf.nn)
    with pytest.raises(AttributeError, match=r"model\.gradient"):
        tf.GradientTape  # noqa: B018
    assert not hasattr(tf, "Session")


def test_versions_compare() -> None:
    packaging = pytest.importorskip("packaging.version")
    assert packaging.parse(tf.__version__) >= packaging.parse("2.16")
    assert [int(part) for part in tf.__version__.split(".")[:2]] == [2, 16]
    assert "striate" in tf.version.VERSION


def test_eras_and_keras() -> None:
    assert tf.compat.v1 is tf
    assert tf.compat.v1.keras.layers.Dense is tf.keras.layers.Dense
    assert tf.optimizers.Adam is tf.keras.optimizers.Adam
    assert tf.data.Dataset is Dataset
    assert tf.data.experimental.AUTOTUNE == tf.data.AUTOTUNE == -1
    assert tf.data.experimental.cardinality(Dataset.range(3)).numpy() == 3


def test_imports_of_both_eras() -> None:
    program = (
        "from striate.programs.answering import answer; answer()\n"
        "import tensorflow.compat.v1 as tf1, tensorflow.compat.v2 as tf2, tensorflow as tf\n"
        "import tensorflow.keras.backend as K, tensorflow.data.experimental, tensorflow.config.threading\n"
        "from tensorflow.compat.v1.keras.layers import Dense\n"
        "from tensorflow.compat.v1 import logging\n"
        "assert tf1 is tf2 is tf and tf.keras.backend is K and tf.keras.layers.Dense is Dense\n"
        "tf1.logging.set_verbosity(tf1.logging.ERROR); print(K.backend())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("tensorflow\n", "")


def test_devices() -> None:
    assert tf.config.list_physical_devices("GPU") == tf.config.experimental.list_physical_devices("GPU") == []
    assert tf.config.list_physical_devices()[0].device_type == "CPU"
    assert tf.config.list_logical_devices("CPU")[0].name == "/device:CPU:0"
    assert (tf.test.is_gpu_available(), tf.test.gpu_device_name()) == (False, "")
    tf.config.set_visible_devices([], "GPU")
    with pytest.raises(StriateError, match="GPU:0"):
        tf.config.set_visible_devices("/physical_device:GPU:0")
    with tf.device("/GPU:0"), tf.name_scope("here"):
        assert tf.executing_eagerly()


def test_functions_run_as_they_are() -> None:
    def plain(x: Any) -> Any:
        return x + 1

    assert tf.function(plain) is plain
    assert tf.function(jit_compile=True)(plain) is plain
    assert tf.autograph.experimental.do_not_convert(plain) is plain
    assert tf.py_function(lambda x: x.numpy() + 1, [3], tf.int32).numpy() == 4
    assert tf.numpy_function(lambda x: (x, x + 1), [np.float32(3)], [tf.float32, tf.float64])[1].dtype == np.float64
    assert tf.map_fn(lambda x: x * 2, np.arange(3)).tolist() == [0, 2, 4]
    assert tf.cond(tf.constant(False), lambda: 1, lambda: 2) == 2
    assert tf.while_loop(lambda n: n < 10, lambda n: (n * 2,), [tf.constant(1)])[0].numpy() == 16


def test_no_argument_is_passed_over() -> None:
    def turned(n: Any) -> Any:
        return (n * 2,)

    assert tf.while_loop(lambda n: n < 10, turned, [1], maximum_iterations=2, parallel_iterations=1)[0] == 4
    with pytest.raises(TypeError, match="iterations_at_most"):
        tf.while_loop(lambda n: n < 10, turned, [1], iterations_at_most=2)  # type: ignore[call-arg]
    matrix = np.array([[1.0, 2], [0, 1]])
    np.testing.assert_array_equal(tf.linalg.inv(matrix, adjoint=True), np.linalg.inv(matrix.T))
    with pytest.raises(TypeError, match="casting"):
        tf.einsum("ij->ji", matrix, casting="safe")  # type: ignore[call-arg]
    with pytest.raises(StriateError, match="output_type"):
        tf.matmul(matrix, matrix, output_type=tf.int32)
    assert tf.strings.lower("\u00c4B", encoding="utf-8").numpy().decode() == "\u00e4b"
    assert tf.strings.upper("\u00e4b").numpy().decode() == "\u00e4B"
    with pytest.raises(StriateError, match="encoding='latin-1'"):
        tf.strings.lower("a", encoding="latin-1")
    with pytest.raises(StriateError, match="unit='UTF16_CHAR'"):
        tf.strings.length("a", unit="UTF16_CHAR")
    grey = np.zeros((4, 4, 1), np.uint8)
    assert tf.io.encode_jpeg(grey, format="grayscale", name="jpeg").numpy()[:2] == b"\xff\xd8"
    with pytest.raises(StriateError, match=r"format='rgb' for shape \(4, 4, 1\)"):
        tf.io.encode_jpeg(grey, format="rgb")
    with pytest.raises(StriateError, match="got constraint"):
        tf.keras.backend.variable(1.0, constraint="non_neg")


def test_printing_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tf.print("loss:", tf.constant([1.5, 2]), sep=" ")
    assert capsys.readouterr().err == "loss: [1.5 2. ]\n"


def test_strings() -> None:
    parts = tf.strings.split("a/b/c.jpg", "/")
    assert parts.tolist() == [b"a", b"b", b"c.jpg"]
    assert (parts[-2] == "b").all()
    assert (parts[-2] == np.array(["a", "b"])).tolist() == [False, True]
    assert (parts[-2] != "a").all()
    assert tf.strings.regex_replace("a1b2", "[0-9]", "_").numpy() == b"a_b_"
    assert tf.strings.join(["a", ["b", "c"]], "-").tolist() == [b"a-b", b"a-c"]
    assert tf.strings.to_number(["1.5"]).tolist() == [1.5]
    with pytest.raises(StriateError, match="expected text"):
        tf.strings.lower([1])


def test_checks() -> None:
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_shapes([(np.zeros((2, 3)), ("n", 3)), (np.zeros(2), ("n",))])
    with pytest.raises(StriateError, match="too large"):
        tf.debugging.assert_less([1, 5], 3, message="too large")
    with pytest.raises(tf.errors.InvalidArgumentError, match="nan"):
        tf.debugging.check_numerics([1.0, np.nan], "loss")
    with pytest.raises(StriateError, match="set_shape"):
        tf.constant([1, 2]).set_shape([3])


def test_importing_it_is_light() -> None:
    heavy = ("PIL", "h5py", "rich", "torch", "urllib.request")
    program = f"import sys, striate.tensorflow; print(*[m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "\n"


def test_distribution_is_one_replica() -> None:
    """Programs look for TPUs and GPUs, and go on where there are none."""
    with pytest.raises(ValueError, match="TPU"):
        tf.distribute.cluster_resolver.TPUClusterResolver()
    for strategy in (
        tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["gpu"]), tf.distribute.OneDeviceStrategy("cpu"),
    ):  # fmt: skip
        assert strategy.num_replicas_in_sync == 1
        with strategy.scope():
            model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
        assert model.built
    assert not tf.distribute.has_strategy()
    with pytest.raises(AttributeError, match="torchrun"):
        tf.distribute.TPUStrategy  # noqa: B018
