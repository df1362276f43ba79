"""Names, arguments and defaults that programs written for Keras rely on."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import StriateError


def network() -> Any:
    layers = striate.layers
    model = striate.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def parameters(function: Any) -> dict[str, Any]:
    return {name: p.default for name, p in inspect.signature(function).parameters.items() if name != "self"}


@pytest.mark.parametrize(
    "name",
    [
        "Conv1D", "Conv2D", "Conv3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D",
        "AveragePooling2D", "AveragePooling3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D",
        "SeparableConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    ],
)  # fmt: skip
def test_defaults_of_windows(keras: Any, name: str) -> None:
    ours, theirs = (parameters(getattr(library.layers, name)) for library in (striate, keras))
    for argument in ("strides", "pool_size", "dilation_rate"):
        if theirs.get(argument) is not inspect.Parameter.empty:  # ours has a default where Keras asks for a value
            assert ours.get(argument) == theirs.get(argument)


def test_a_subclass_shows_its_own_signature() -> None:
    class Mine(striate.layers.Conv2D):
        def __init__(self, size: int = 7) -> None:
            super().__init__(2, size)

    assert parameters(Mine) == {"size": 7}
    assert Mine().kernel_size == (7, 7)
    assert Mine().strides == (1, 1)


def test_signatures_of_models(keras: Any) -> None:
    def names(function: Any) -> list[str]:
        further = ("kwargs", "options", "objects_to_skip", "by_name", "include_optimizer", "save_format")  # kwargs
        return [name for name in parameters(function) if name not in further]

    assert names(striate.models.load_model) == names(keras.models.load_model)
    assert names(striate.models.save_model) == names(keras.models.save_model)
    for method in ("save", "load_weights", "add", "pop", "to_json", "reset_metrics"):
        ours, theirs = getattr(striate.Sequential, method), getattr(keras.Sequential, method)
        assert names(ours) == names(theirs), method


def test_what_loading_refuses(tmp_path: Path) -> None:
    model, path = network(), tmp_path / "m.keras"
    striate.models.save_model(model, path, True, None)
    load = striate.models.load_model
    again = load(path, None, False)
    assert not again.compiled
    assert load(path, custom_objects={}, safe_mode=True).compiled
    assert load(path, {"Mine": object}).compiled
    with pytest.raises(StriateError, match=r"custom_objects=\['Mine'\], expected a dictionary"):
        load(path, ["Mine"])  # type: ignore[arg-type]
    with pytest.raises(StriateError, match="safe_mode=False, expected True; code in model files is never executed"):
        load(path, safe_mode=False)
    with pytest.raises(StriateError, match=r"custom_objects=False"):  # the older order of arguments
        load(path, False)  # type: ignore[arg-type]
    with pytest.raises(StriateError, match="zipped=False"):
        model.save(path, zipped=False)
    with pytest.raises(StriateError, match="by_name=True is for files of Keras 1 and 2"):
        model.load_weights(path, by_name=True)
    with pytest.raises(StriateError, match=r"there is no folder .*none; make it first"):
        model.save(tmp_path / "none" / "m.keras")


def test_to_json_and_reset_metrics() -> None:
    model = network()
    form = json.loads(model.to_json(indent=1))
    assert form["class_name"] == "Sequential"
    assert [layer["class_name"] for layer in form["config"]["layers"]] == ["InputLayer", "Flatten", "Dense"]
    x, y = np.ones((6, 4, 4, 1), dtype=np.float32), np.zeros(6, dtype=int)
    model.reset_metrics()
    model.evaluate(x, y, verbose=0)
    model.metrics[0].update_state(y, np.eye(2)[1 - y])
    model.reset_metrics()
    model.metrics[0].update_state(y, np.eye(2)[y])
    assert model.metrics[0].result() == 1


def test_names_at_the_top() -> None:
    assert striate.Layer is striate.layers.Layer
    assert striate.Loss is striate.losses.Loss
    assert striate.Metric is striate.metrics.Metric
    assert striate.Optimizer is striate.optimizers.Optimizer
    assert {"Layer", "Loss", "Metric", "Optimizer"} <= set(dir(striate))
    code = "import sys, striate; sys.exit(any(n in sys.modules for n in ('striate.losses', 'striate.layers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ABSENT = {  # what Keras has besides, for other kinds of networks or of training
    "losses": {"CTC", "CategoricalGeneralizedCrossEntropy", "Circle", "Dice", "Tversky"},
    "metrics": set(),
    "constraints": set(),
    "regularizers": set(),
    "initializers": {"STFT", "STFTInitializer", "stft"},
    "optimizers": {
        "Adafactor", "Lamb", "LossScaleOptimizer", "MultiOptimizer", "Muon", "OptimizerMap", "ScheduleFreeAdamW",
    },
}  # fmt: skip


@pytest.mark.parametrize("module", ABSENT)
def test_names_and_signatures_of_what_networks_are_trained_with(keras: Any, module: str) -> None:
    ours, theirs = getattr(striate, module), getattr(keras, module)
    classes = {name for name, value in vars(theirs).items() if isinstance(value, type)}
    assert {name for name in classes if not hasattr(ours, name)} == ABSENT[module]
    for name in classes - ABSENT[module] - {"Loss", "Metric", "MeanMetricWrapper", "Optimizer"}:
        if theirs.__dict__[name].__init__ is not object.__init__:
            expected = {key: default for key, default in parameters(getattr(theirs, name)).items() if key != "kwargs"}
            assert parameters(getattr(ours, name)) == expected, name


@pytest.mark.parametrize("name", ["sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"])
def test_axis_of_losses(keras: Any, name: str) -> None:
    function = getattr(striate.losses, name)
    assert list(parameters(function)) == list(parameters(getattr(keras.losses, name)))
    y = np.array([1, 0]) if name.startswith("sparse") else np.eye(2)
    outputs = np.array([[0.25, 0.75], [0.5, 0.5]])
    np.testing.assert_array_equal(function(y, outputs, axis=-1), function(y, outputs))
    with pytest.raises(StriateError, match="axis=1, expected -1"):
        function(y, outputs, axis=1)


def test_surgery_counts_present_parameters_only(capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    x, y = np.ones((6, 4, 4, 1), dtype=np.float32), np.zeros(6, dtype=int)
    model.fit(x, y, verbose=0)
    model.pop()
    model.add(striate.layers.Dense(3, activation="softmax"), rebuild=True)
    model.fit(x, y, verbose=0)
    model.summary()
    assert f"Optimizer params: {2 * (16 * 3 + 3) + 2} " in capsys.readouterr().out


def test_a_new_head_gets_its_own_accuracy() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((8, 4, 4, 1), dtype=np.float32)
    model = network()
    model.pop(rebuild=True)
    model.add(striate.layers.Dense(1, activation="sigmoid"))
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    y = np.arange(8) % 2
    model.evaluate(x, y, verbose=0)
    assert type(model.metrics[0]).__name__ == "BinaryAccuracy"
    model.pop()
    model.add(striate.layers.Dense(2, activation="softmax"))
    model.evaluate(x, np.eye(2)[y], verbose=0)
    assert type(model.metrics[0]).__name__ == "CategoricalAccuracy"


def test_add_without_rebuild() -> None:
    model = striate.Sequential([striate.layers.Input((4, 4, 1)), striate.layers.Flatten()])
    model.add(striate.layers.Dense(2), rebuild=False)
    assert not model.built
    assert model(np.ones((1, 4, 4, 1))).shape == (1, 2)


@pytest.mark.parametrize("options", [{}, {"t_mul": 1.0}, {"t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1}])
def test_cosine_decay_restarts(keras: Any, options: dict[str, float]) -> None:
    ours = striate.optimizers.schedules.CosineDecayRestarts(0.1, 10, **options)
    theirs = keras.optimizers.schedules.CosineDecayRestarts(0.1, 10, **options)
    assert ours.get_config() == theirs.get_config()
    for step in (0, 1, 7, 12, 23, 29, 33, 64, 99):
        assert ours(step) == pytest.approx(float(theirs(step)), rel=1e-4)
    form = striate.schedules.serialize(ours)
    assert striate.schedules.deserialize(form)(23) == ours(23)
    with pytest.raises(StriateError, match=r"t_mul: got 0\.5"):
        striate.schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5)


def test_a_console_that_knows_ascii_only() -> None:
    code = (
        "import striate; from striate import layers as L\n"
        "from striate.training.progress import _print, live_line\n"
        "striate.Sequential([L.Input((4, 4, 1)), L.Flatten(), L.Dense(2, name='d' * 60)], name='größer').summary()\n"
        "_print(live_line('Epoch', 0.5, '1s', 3.0, {}, 80))\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code], env=_ascii_environment(), capture_output=True, check=False
    )
    text = done.stdout.decode("ascii")
    assert done.returncode == 0, done.stderr
    assert "+===" in text
    assert "| flatten (Flatten)" in text


def test_a_command_on_an_ascii_console(tmp_path: Path) -> None:
    code = (
        "import sys; from rich.console import Console; from striate import cli\n"
        "import striate.cli.application as a\n"
        "def run(arguments):\n"
        "    from striate.cli.display import class_table; from striate.report import Results; import numpy as np\n"
        "    Console().print(class_table(Results(np.array([0, 1]), np.eye(2), ['größer ' * 9, 'b']))); return 0\n"
        "a.run = run; sys.exit(cli.main([]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code], env=_ascii_environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "gr??er" in done.stdout.decode("ascii")


def _ascii_environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONIOENCODING": "ascii"}
