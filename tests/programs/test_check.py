"""`striate run --check`: what a program uses of TensorFlow and Keras and Striate lacks, without running it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.programs.conftest import Run

from striate.errors import StriateError
from striate.programs.check import check

PROGRAM = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.layers import Dense, LSTM as Rec, Conv2D
from keras.preprocessing.text import Tokenizer
import keras.quantizers.any
try:
    from keras.layers import CuDNNLSTM
except ImportError:
    CuDNNLSTM = None
layers = keras.layers
l2 = keras.regularizers.l2
def shadowed(layers, *rest, other=layers.GRU):
    return layers.GRU(3)
def f():
    x = layers.GRU(3)
    return [keras.layers.Bar(k) for keras in range(3)], lambda y: late.layers.Foo(y)
import keras as late
class A(keras.layers.Dense):
    def call(self, keras):
        return keras.nothing
layers.Dense(3, activaton="relu")
Dense(output_dim=3, init="uniform", flux=3)
tf.keras.optimizers.SGD(lr=3, decay=1e-6, foo=3)
np.foo.bar
from keras.losses import *
mean_squared_error(1, 2)
keras = 3
keras.anything
"""
LACKING = [
    ("keras.layers.LSTM", 5), ("keras.preprocessing.text", 6), ("keras.quantizers", 7), ("keras.layers.GRU", 14),
    ("keras.layers.GRU", 17), ("keras.layers.Foo", 18), ("A.call", 21), ("Dense(activaton=...)", 23),
    ("Dense(flux=...)", 24), ("SGD(foo=...)", 25),
]  # fmt: skip


def test_what_is_lacking(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    report = check(str(tmp_path / "p.py"))
    assert [(use.name, use.line) for use in report.lacking] == LACKING
    assert {"tensorflow.keras.layers.Conv2D", "keras.losses.mean_squared_error"} <= report.used
    text = str(report)
    assert all(len(line) <= 80 for line in text.replace(str(tmp_path), "").splitlines())
    assert "line 14, line 17: keras.layers.GRU\n    instead: nothing. Striate is for conv" in text
    assert "line 23: Dense(activaton=...)\n    instead: perhaps activation=." in text
    assert text.endswith(f"names of TensorFlow and Keras that it uses, Striate lacks {len(LACKING) - 1}.")


@pytest.mark.parametrize(
    "guard", ["except ImportError:", "except:", "except (ValueError, ImportError) as e:", "except Exception:"]
)
def test_what_a_program_catches_is_its_own_affair(tmp_path: Path, guard: str) -> None:
    text = f"try:\n    from keras.layers import GRU\n{guard}\n    from keras.layers import LSTM\n"
    (tmp_path / "p.py").write_text(text)
    assert [use.name for use in check(str(tmp_path / "p.py")).lacking] == ["keras.layers.LSTM"]


def test_what_a_program_does_not_catch(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("try:\n    from keras.layers import GRU\nexcept ValueError:\n    pass\n")
    assert [use.name for use in check(str(tmp_path / "p.py")).lacking] == ["keras.layers.GRU"]


def test_nothing_is_run(run: Run) -> None:
    done = run("print('ran')\nimport keras\nkeras.layers.Dense\n1 / 0\n", options=("--check",))
    said = "program.py: Striate has all 2 names of TensorFlow and Keras that it uses.\n"
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)
    done = run("import keras\nkeras.layers.GRU\n", options=("--check",))
    assert done.stdout.startswith("line 2: keras.layers.GRU\n")
    assert done.returncode == 2


def test_notebooks(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": "import keras.src"},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install x\n", "from keras import layers\n"]},
        {"cell_type": "code", "source": "def f():\n    return layers.GRU\nif True:\n    %time f()\nlayers.LSTM\n"},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    report = check(str(tmp_path / "n.ipynb"))
    assert [(use.name, use.place) for use in report.lacking] == [
        ("keras.layers.GRU", "cell 3, line 2"), ("keras.layers.LSTM", "cell 3, line 5")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.py", "x = (\n", r"p\.py, line 1: is not Python"),
        ("p.py", "\0", r"p\.py.*: is not Python"),
        ("n.ipynb", "{}", "is not a notebook"),
        ("n.ipynb", "[" * 100_000, "is not a notebook"),
        ("n.ipynb", '{"cells": [{"cell_type": "code", "source": "1 +"}]}', r"n\.ipynb, cell 1, line 1: is not Python"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(StriateError, match=said):
        check(str(tmp_path / name))
    with pytest.raises(StriateError, match="No such file"):
        check(str(tmp_path / "none.py"))


def test_slips_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import keras\nkeras.layers.Dnse(3)\nkeras.tree\nkeras.frobnicate\n")
    assert [use.instead for use in check(str(tmp_path / "p.py")).lacking] == [
        "TensorFlow and Keras have no such name, either; perhaps keras.layers.Dense.", "nothing.",
        "TensorFlow and Keras have no such name, either.",
    ]  # fmt: skip


def test_names_that_a_star_does_not_bring(tmp_path: Path) -> None:
    text = (
        "from keras.layers import *\nfrom keras.applications import *\nprint(LSTM, EPOCHS, lstm)\n"
        "def f(GRU):\n    return GRU, Bidirectional\ntry:\n    RNN\nexcept NameError:\n    RNN = None\n"
        "MultiHeadAttention = 3\nMultiHeadAttention\n"
    )
    (tmp_path / "p.py").write_text(text)
    found = [(use.name, use.line) for use in check(str(tmp_path / "p.py")).lacking]
    assert found == [("keras.layers.LSTM", 3), ("keras.layers.Bidirectional", 5)]


OBJECTS = """
import keras
import tensorflow as tf
from keras.layers import Dense
from keras.preprocessing.image import ImageDataGenerator

model = keras.Sequential([Dense(3)])
model.fitt(1)
model.compile("sgd", "mse", optimiser=1)
history = model.fit(1, 2, nb_epochs=3)
history.histori
history.history["loss"]
model.history
flow = ImageDataGenerator(rescale=2).flow(1, batchsize=3)
flow.rewind()
flow.n
optimizer = keras.optimizers.Adam()
optimizer.step_up()
optimizer.lr
tf.data.Dataset.from_tensor_slice(1)
data = tf.data.Dataset.from_tensor_slices(1).batch(3, drop=True).mapp(2)
keras.Model.fitt
tensor = tf.constant(1)
tensor.numpy().reshape(1)
tensor.evaluated
keras.layers.Conv2D(1, 2).kernel_size
def late():
    model.predict_proba(1, verbos=2)
"""
ABOUT_OBJECTS = [
    ("Sequential.fitt", 8), ("Sequential.compile(optimiser=...)", 9), ("Sequential.fit(nb_epochs=...)", 10),
    ("History.histori", 11), ("ImageDataGenerator.flow(batchsize=...)", 14), ("NumpyArrayIterator.rewind", 15),
    ("Adam.step_up", 18), ("tensorflow.data.Dataset.from_tensor_slice", 20), ("Dataset.mapp", 21),
    ("Dataset.batch(drop=...)", 21), ("keras.Model.fitt", 22), ("Tensor.evaluated", 25),
    ("Sequential.predict_proba(verbos=...)", 28),
]  # fmt: skip

UNKNOWN = """
import keras
model = keras.Sequential()
model = {}
model.items()
a = b = keras.Sequential()
for a in range(3):
    a.real
def f(b):
    b.anything
    global c
    c = [1]
c = keras.Sequential()
c.append(1)
d = keras.Sequential()
d.mine = 3
print(d.mine)
if hasattr(d, "predict_step_by_step"):
    d.predict_step_by_step()
try:
    d.not_there
except AttributeError:
    pass
with open("x") as e:
    e.read()
if a:
    g = []
else:
    g = keras.Sequential()
g.append(3)
class Net(keras.Model):
    pass
net = Net()
net.own_method()
h = keras.Sequential() if a else None
h.anything
keras.Sequential().get_layer("convolution").filters
keras.optimizers.get("adam").beta_1
"""


def test_objects_are_followed(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(OBJECTS)
    assert sorted((use.name, use.line) for use in check(str(tmp_path / "p.py")).lacking) == sorted(ABOUT_OBJECTS)


def test_objects_are_followed_only_as_long_as_it_is_sure_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(UNKNOWN)
    assert check(str(tmp_path / "p.py")).lacking == []


CODE = """
import keras
class Block(keras.layers.Dense):
    def call(self, x): return x
class Own(keras.layers.Layer):
    def call(self, x): return x
class Net(keras.Model):
    def call(self, x): return x
    def train_step(self, data): return {}
class Steps(keras.optimizers.Optimizer):
    def update_step(self, gradient, variable, rate): pass
class Seen(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs): pass
"""


def test_methods_that_the_engine_would_have_to_run(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(CODE)
    report = check(str(tmp_path / "p.py"))
    assert [(use.name, use.line) for use in report.lacking] == [
        ("Block.call", 4), ("Net.train_step", 9), ("Steps.update_step", 11)
    ]  # fmt: skip
    assert "instead: train with model.fit or model.train_on_batch" in str(report)


HERE = Path(__file__).parent
PROGRAMS = [*HERE.glob("era?/*.py"), *HERE.glob("today/*.py"), *(HERE.parents[1] / "examples").glob("*.py")]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_programs_that_run_lack_nothing(path: Path) -> None:
    assert check(str(path)).lacking == []
