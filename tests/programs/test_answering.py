"""Imports of TensorFlow and Keras in all their spellings, and what happens to names that Striate lacks."""

from __future__ import annotations

import sys

import pytest
from tests.programs.conftest import Run

from striate.errors import StriateError
from striate.programs import answering

SPELLINGS = """
import sys
from keras import layers
import keras.layers as a
import tensorflow.keras.layers as b
import tf_keras.layers as c
import tensorflow.compat.v1.keras.layers as f
import keras.api.layers as d
import tensorflow.python.keras.layers as e
from tensorflow.keras import layers as g
from keras.api._v2.keras import layers as h
import tensorflow.keras as keras
import keras as plain
import striate.keras, striate.layers
assert {id(m) for m in (a, b, c, d, e, f, g, h, keras.layers, striate.keras.layers)} == {id(layers)}
assert plain is keras is sys.modules["keras"] is striate.keras
from keras.layers.convolutional import Conv2D
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.core import Dense, Dropout
from tensorflow.keras.layers import Dense as D
from tensorflow.python.keras.layers import Dense as E
from keras.engine.topology import Layer, Input
from keras.engine import Model
from keras.utils.np_utils import to_categorical
from keras.objectives import mse
from keras.optimizers.legacy import Adam
from keras.optimizers.schedules import ExponentialDecay
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.datasets import mnist
from keras.losses import *
assert Dense is D is E is striate.layers.Dense and Conv2D is striate.layers.Conv2D
assert mse is mean_squared_error is keras.losses.MSE
assert Model is keras.Model and Layer is keras.Layer is keras.layers.Layer
assert "Conv2D" in dir(layers) and "Conv2D" in layers.__all__ and "layers" in dir(keras)
assert not hasattr(layers, "LSTM") and getattr(keras, "quantizers", None) is None
import tensorflow as tf, tensorflow.compat.v1 as tf1
from tensorflow.nn import relu
assert keras.backend.image_data_format() == keras.config.image_data_format() == "channels_last"
from tensorflow.keras import backend
import keras.backend as K
assert K is backend is keras.backend is tf.keras.backend
import tensorflow.nn as nn
from tensorflow.python.framework.ops import EagerTensor
from tensorflow.python.client import device_lib
assert [device.device_type for device in device_lib.list_local_devices()] == ["CPU"]
from keras import mixed_precision
mixed_precision.set_global_policy("float32")
assert keras.mixed_precision.experimental is not None and mixed_precision.global_policy() == "float32"
assert type(tf.constant(1)) is EagerTensor and isinstance(keras.layers.Dense(2)(tf.ones((1, 3))), EagerTensor)
assert tf1 is tf and tf.keras is keras and nn is tf.nn and nn.relu is relu and tf.losses is keras.losses
print("same")
"""


def test_all_spellings_give_the_same_modules(run: Run) -> None:
    done = run(SPELLINGS)
    assert (done.stdout, done.stderr, done.returncode) == ("same\n", "", 0)


def test_one_edited_line_needs_no_answering() -> None:
    import striate.keras as keras
    from striate.keras import layers
    from striate.keras.layers import Dense

    assert layers.Dense is Dense is keras.layers.core.Dense
    assert not any(isinstance(finder, answering.Answerer) for finder in sys.meta_path)
    with pytest.raises(ImportError, match="cannot import name 'LSTM'"):
        from striate.keras.layers import LSTM  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(ModuleNotFoundError):
        import striate.keras.src  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(AttributeError, match="has no attribute 'quantizers'"):
        _ = keras.quantizers


def test_the_real_ones_are_not_mixed_with_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setitem(sys.modules, "keras", sys)
    with pytest.raises(StriateError, match="keras is already imported"):
        answering.answer()


@pytest.mark.parametrize(
    ("line", "name", "offer"),
    [
        ("from keras.layers import LSTM", "keras.layers.LSTM", "nothing. Striate is for convolutional networks"),
        ("from tensorflow.keras.layers import Dense, Bidirectional", "keras.layers.Bidirectional", "nothing."),
        ("import keras.src.layers", "keras.src", "the names of `keras` itself"),
        ("from keras.src import ops", "keras.src", "private"),
        ("import keras.quantizers", "keras.quantizers", "model.save(\"model.keras\")"),
        ("from keras.callbacks import RemoteMonitor", "keras.callbacks.RemoteMonitor", "keras.callbacks.CSVLogger"),
        (
            "import sys; sys.modules['tensorboard'] = None; import keras; keras.callbacks.TensorBoard()",
            "keras.callbacks.TensorBoard without the package tensorboard", 'pip install "striate[tensorboard]"',
        ),
        ("from keras.preprocessing.text import Tokenizer", "keras.preprocessing.text", "Striate is for images"),
        ("from keras.applications import Xception", "keras.applications.Xception", "`striate networks`"),
        ("from keras.layers import *; LSTM(3)", "keras.layers.LSTM", "nothing. Striate is for convolutional"),
        (
            "import keras; m = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]); "
            "m.compile('sgd', lambda t, y: keras.backend.max(t - y)); m.fit([[1, 2, 3]], [[1, 2]])",
            '"max" over a batch, in a loss', "sums and means over all axes",
        ),
        (
            "import keras; type('M', (keras.Model,), dict(train_step=print))", "models with train_step()",
            "train with model.fit or model.train_on_batch",
        ),
        (
            "import keras; type('O', (keras.optimizers.Optimizer,), dict(update_step=print))",
            "optimizers of Python code", "use one of keras.optimizers",
        ),
        (
            "import keras; keras.layers.Lambda(lambda x: keras.backend.sum(x))(keras.Input((3,)))",
            "sums over a whole batch inside a network", "give axes from 1 to 1",
        ),
        (
            "import keras; keras.layers.Lambda(str)(keras.Input((3,)))", "keras.layers.Lambda of such code",
            "operators with numbers and tensors",
        ),
        (
            "import tensorflow as tf; tf.math.sin(tf.keras.Input((3,)))", "sin for tensors inside a network",
            "use a layer",
        ),
        (
            "import keras; keras.Sequential([keras.Input((3,)), keras.layers.Lambda(abs)]).save('m.keras')",
            "configurations of code", "save_weights",
        ),
        (
            "import keras; type('M', (keras.Model,), dict(call=lambda self, x: str(x)))()(keras.Input((3,)))",
            "M.call() of such code", "operators with numbers and tensors",
        ),
    ],
)
def test_missing_names_fail_on_their_line(run: Run, line: str, name: str, offer: str) -> None:
    done = run(f"print('before')\n\n{line}\nprint('after')\n")
    assert done.returncode == 2
    assert done.stdout == "before\n"
    first, second, *rest = done.stderr.splitlines()
    assert first == f"striate: program.py, line 3: Striate has no {name}"
    assert second.strip() == line
    offers = [text for text in rest if text.startswith("Instead: ")]
    assert len(offers) == 1
    assert rest[0].startswith("Because: " if name.endswith("of such code") else "Instead: ")
    assert offer in " ".join(rest)
    assert all(len(text) <= 80 for text in rest)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (
            "import keras; keras.layers.Dnse(3)",
            "AttributeError: module 'striate.keras.layers' has no attribute 'Dnse'. Did you mean: 'Dense'?",
        ),
        (
            "from keras.layers import Dnse",
            "ImportError: cannot import name 'Dnse' from 'striate.keras.layers' (unknown location). Did you mean: "
            "'Dense'?",
        ),
        ("import keras, keras.layrs", "ModuleNotFoundError: No module named 'keras.layrs'. Did you mean: 'layers'?"),
        (
            "import keras; keras.Sequential().sumary()",
            "AttributeError: 'Sequential' object has no attribute 'sumary'. Did you mean: 'summary'?",
        ),
        (
            "import tensorflow as tf; tf.nn.frobnicate()",
            "AttributeError: module 'striate.tensorflow.nn' has no attribute 'frobnicate'",
        ),
    ],
)
def test_slips_are_errors_of_the_program(run: Run, line: str, error: str) -> None:
    done = run(f"\n\n{line}\n")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[-1] == error
    assert next(text for text in lines if text.startswith("  File")).endswith("line 3, in <module>")
    assert "striate/keras" not in done.stderr.replace("striate.keras", "")


def test_programs_can_ask_and_catch(run: Run) -> None:
    done = run(
        "import keras\n"
        "try:\n    from keras.layers import GRU\nexcept ImportError as error:\n    print('import', error.name)\n"
        "try:\n    keras.layers.GRU\nexcept AttributeError as error:\n    print('attribute', error.name)\n"
        "try:\n    import keras.quantizers\nexcept ModuleNotFoundError:\n    print('module')\n"
        "print(hasattr(keras, 'quantizers'), getattr(keras.layers, 'GRU', 7))\n"
    )
    assert done.stderr == ""
    assert done.stdout.split("\n")[:4] == ["import striate.keras.layers", "attribute GRU", "module", "False 7"]


def test_a_missing_name_in_a_module_beside_the_program(run: Run, tmp_path: object) -> None:
    (tmp_path / "beside.py").write_text("import keras\ndef f():\n    return keras.layers.GRU\n")  # type: ignore[operator]
    done = run("import beside\nbeside.f()\n")
    assert done.returncode == 2
    assert done.stderr.startswith("striate: beside.py, line 3: Striate has no keras.layers.GRU\n    return keras")


def test_other_names_that_are_not_bound_are_the_programs_errors(run: Run) -> None:
    done = run("from keras.layers import *\nfrom keras.applications import *\nEPOCHS\n")
    assert done.returncode == 1
    assert done.stderr.endswith("NameError: name 'EPOCHS' is not defined\n")


def test_code_can_be_asked_for_and_caught(run: Run) -> None:
    done = run(
        "import keras, pickle\ntry:\n    keras.layers.Lambda(str)(keras.Input((3,)))\nexcept ValueError as error:\n"
        "    print(error.name, str(pickle.loads(pickle.dumps(error))) == str(error))\n"
    )
    assert (done.returncode, done.stdout) == (0, "keras.layers.Lambda of such code True\n"), done.stderr
