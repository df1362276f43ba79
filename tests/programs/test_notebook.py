"""`%load_ext striate` in IPython's shell, as a notebook's kernel runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="needs IPython: pip install ipython")

SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor", history_load_length=0)
def cell(text):
    result = shell.run_cell(text, store_history=True)
    return result.error_before_exec or result.error_in_exec
"""

ANSWERED = """
assert cell("%load_ext striate") is None
assert cell("import tensorflow.keras as keras, keras as plain, striate.keras") is None
assert cell("assert keras is plain is striate.keras") is None
assert cell("from keras.layers import Dense\\nDense(3)") is None
cell("x = 1\\nfrom keras.layers import LSTM")
cell("keras.layers.GRU")
cell("1 / 0")
cell("from keras.layers import Dnse")
cell("from keras.layers import *\\nLSTM(3)")
cell("class Own(keras.Model):\\n    def train_step(self, data):\\n        pass")
assert cell("try:\\n    keras.layers.GRU\\nexcept AttributeError:\\n    print('caught')") is None
assert cell("%reload_ext striate\\nfrom keras import layers") is None
assert cell("%unload_ext striate") is None
assert "keras" not in sys.modules and not any(type(f).__name__ == "Answerer" for f in sys.meta_path)
print("done")
"""

OWN_ERRORS = """
cell("%load_ext striate\\nimport keras, numpy as np")
cell("def build():\\n    return keras.layers.Dense('a')\\nbuild()")
cell("m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\\nm.compile('sgd', 'mse')")
cell("def batches():\\n    yield np.zeros((2, 4)), np.zeros(2)\\n    raise KeyError('mine')")
cell("m.fit(batches(), steps_per_epoch=2, verbose=0)")
"""

REFUSED = """
import types
sys.modules["keras"] = types.ModuleType("keras")
cell("%load_ext striate")
assert not any(type(f).__name__ == "Answerer" for f in sys.meta_path)
"""


def shell(text: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "shell.py").write_text(SHELL + text)
    environment = {**environment, "IPYTHONDIR": str(folder / "ipython")}
    return subprocess.run(
        [sys.executable, "shell.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


def test_answered(tmp_path: Path, environment: dict[str, str]) -> None:
    done = shell(ANSWERED, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert said[0].endswith("In[5], line 2: Striate has no keras.layers.LSTM")
    assert said[1].strip() == "from keras.layers import LSTM"
    assert said[2].startswith("Instead: nothing. Striate is for convolutional networks")
    assert any(line.endswith("In[6], line 1: Striate has no keras.layers.GRU") for line in said)
    assert "Did you mean: 'Dense'?" in done.stdout
    assert any(line.endswith("In[9], line 2: Striate has no keras.layers.LSTM") for line in said)
    assert any(line.endswith("In[10], line 1: Striate has no models with train_step()") for line in said)
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert done.stdout.count("ImportError") == 2  # of the name that no Keras has
    assert done.stdout.endswith("caught\ndone\n")


def test_errors_end_at_the_cells(tmp_path: Path, environment: dict[str, str]) -> None:
    done = shell(OWN_ERRORS, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "dense: got units='a', expected a whole number of at least 1" in said
    assert "KeyError: 'mine'" in said
    assert "----> 2     return keras.layers.Dense('a')" in said
    assert "----> 3     raise KeyError('mine')" in said
    assert "striate/" not in said


def test_refused_beside_the_real_one(tmp_path: Path, environment: dict[str, str]) -> None:
    done = shell(REFUSED, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    assert "UsageError: striate: keras is already imported" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
