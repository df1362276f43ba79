"""Whole programs of both eras: they run as they stand, and train as real Keras does from the same initial weights.

A program of `era1` that no Keras of today runs is written again in `today`, in today's words; real Keras runs that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.programs import small_data
from tests.programs.conftest import HERE, POISON, Run

PROGRAMS = sorted([*HERE.glob("era1/*.py"), *HERE.glob("era2/*.py")])
TODAY = {path.stem: path for path in sorted(HERE.glob("today/*.py"))}
LAST_LINES = {
    "autoencoder": "(2, 14, 14, 8) (1, 4, 4, 1)",
    "batches_by_hand": "True (2, 4)",
    "callbacks": "best.keras 5",
    "checkpoints": "training_2/cp-0004.ckpt True",
    "cifar10_generator": "Test accuracy: True",
    "class_weights": "True",
    "faces": "['age_output', 'race_output', 'gender_output'] 14",
    "fashion_cnn": "['accuracy', 'loss', 'val_accuracy', 'val_loss']",
    "functional_keras1": "['binary_accuracy', 'loss'] True",
    "inception_merge": "(2, 16, 16, 12)",
    "learning_rates": "True",
    "lenet_aula": "(5, 5, 1, 6) (6,) (1, 28, 28, 6) (1, 14, 14, 6)",
    "mnist_cnn": "classes (3,) (3, 10)",
    "own_layers": "20 1404",
    "pipeline": "0.1000",
    "regression": "(3,)",
    "resnet_v1": "5370 cifar10_ResNet8v1_model.00",
    "save_load": "['InputLayer', 'Conv2D', 'BatchNormalization', 'MaxPooling2D', 'Flatten', 'Dense']",
    "siamese": "(2, 1) True 25650",
    "signals_volumes": "['acc', 'loss', 'val_acc', 'val_loss'] 265",
    "tensorflow1": "(1, 28, 28) True",
    "transfer": "1.0",
    "two_inputs": "[(96, 3), (96, 1)]",
    "unet": "(8, 32, 32, 1) 8517 ['accuracy', 'learning_rate', 'loss', 'val_accuracy', 'val_loss'] True",
}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    small_data.write(folder)
    return folder


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_it_runs_as_it_stands(run: Run, environment: dict[str, str], data: Path, program: Path) -> None:
    if "matplotlib" in program.read_text():
        pytest.importorskip("matplotlib")
    environment["STRIATE_DATA"] = str(data)
    done = run(program)
    assert done.returncode == 0, done.stderr
    expected = ("is read as in Keras 1", "cannot be shown", "saved as")
    assert done.stderr == "" or any(warning in done.stderr for warning in expected)
    assert done.stdout.splitlines()[-1].startswith(LAST_LINES.get(program.stem, ""))
    checked = run(program, options=("--check",))
    assert checked.returncode == 0, checked.stdout


def side(name: str, programs: list[Path], data: Path, folder: Path) -> dict[str, Any]:
    """What one side's trainings gave, by program."""
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if name == "striate":
        paths.insert(0, str(POISON))
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(paths), "STRIATE_DATA": str(data), "KERAS_BACKEND": "torch",
        "MPLBACKEND": "Agg",
    }  # fmt: skip
    (folder / "weights").mkdir(exist_ok=True)
    (folder / name).mkdir(exist_ok=True)
    target = folder / f"{name}.json"
    command = [sys.executable, str(HERE / "side.py"), name, str(data), str(folder / "weights"), str(target)]
    done = subprocess.run(
        [*command, *map(str, programs)], cwd=folder / name, env=environment, capture_output=True, text=True,
        check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(target.read_text())
    return found


@pytest.fixture(scope="session")
def both(keras: Any, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trainings of all programs on Striate, and of the same, or of today's spelling, on real Keras."""
    folder = tmp_path_factory.mktemp("sides")
    theirs = side("keras", [TODAY.get(path.stem, path) for path in PROGRAMS], data, folder)
    return side("striate", PROGRAMS, data, folder), theirs


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_it_trains_as_keras_does(both: tuple[dict[str, Any], dict[str, Any]], program: Path) -> None:
    ours = both[0][name_of(program)]
    theirs = both[1][name_of(TODAY.get(program.stem, program))]
    assert len(ours) == len(theirs) > 0
    for our, their in zip(ours, theirs, strict=True):
        assert our["parameters"] == their["parameters"]
        assert our["shapes"] == their["shapes"]
        assert sorted(our["history"]) == sorted(their["history"])
        for key in their["history"]:
            np.testing.assert_allclose(our["history"][key], their["history"][key], rtol=1e-3, atol=1e-3, err_msg=key)
