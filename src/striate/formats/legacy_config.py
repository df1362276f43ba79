"""What Keras 1 and 2 say about networks, in the form in which Keras 3 says it.

Keras 2 names classes without modules, shapes of images `batch_input_shape`, and learning rates `lr` with a `decay`
beside them. The calls of layers in functional models stay as they are: both forms can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.errors import ModelFileError, StriateError
from striate.formats.keras2_config import keras2_objects
from striate.layers.former import updated
from striate.lookup import serialized
from striate.losses import ALIASES

_MODELS = ("Sequential", "Functional", "Model")
_DEPTH = 50  # of models within models
# Arguments that layers no longer have, with the values under which nothing is lost without them.
_GONE: dict[str, tuple[Any, ...]] = {
    "batch_input_shape": (None,), "fused": (None, True, False), "virtual_batch_size": (None,), "adjustment": (None,),
    "renorm": (False,), "renorm_clipping": (None,), "renorm_momentum": (0.99,), "implementation": (None, 0, 1, 2),
    "rng_type": (None, "stateful", "stateless", "legacy_stateful"),  # of random changes of images
    "input_spec": (None,), "sparse": (False, None), "ragged": (False, None), "batch_size": (None,),
}  # fmt: skip
_FOREIGN = (("Transpose", "groups", 1), ("SpatialDropout", "noise_shape", None))  # of the class that these come from
_OF_DEPTHWISE = ("groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
_OPTIMIZER_NEW = (  # Keras 2 lacks these; the values are those that Keras 3 takes without them
    ("weight_decay", None), ("use_ema", False), ("ema_momentum", 0.99), ("ema_overwrite_frequency", None),
    ("loss_scale_factor", None), ("gradient_accumulation_steps", None),
    *((name, None) for name in ("clipnorm", "global_clipnorm", "clipvalue")),
)  # fmt: skip
_OPTIMIZER_WITHOUT_MEANING = ("jit_compile", "is_legacy_optimizer", "schedule_decay", "decay")


def modern_model(form: Mapping[str, Any], name: str, depth: int = 0) -> dict[str, Any]:
    """The Keras 3 form of a model_config.

    Raises:
        ModelFileError: not the configuration of a model; `name` is what the error calls the file.
    """
    class_name, config = form.get("class_name"), form.get("config")
    if depth > _DEPTH:
        raise ModelFileError(f"{name}: models within models, more than {_DEPTH} deep")
    if isinstance(config, list):  # Keras 1 and early Keras 2, for Sequential
        config = {"layers": config}
    if class_name not in _MODELS or not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
        raise ModelFileError(f"{name}: model_config: holds {class_name!r}, expected a model with a list of layers")
    made = {key: value for key, value in config.items() if key not in _GONE}
    made["layers"] = [_layer(layer, name, depth) for layer in config["layers"]]
    if class_name == "Sequential":
        return serialized("keras", "Sequential", made)
    return serialized("keras.src.models.functional", "Functional", made)


def modern_compile(training: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The Keras 3 form of a training_config.

    Raises:
        ModelFileError: no optimizer in it.
    """
    optimizer = training.get("optimizer_config")
    if not isinstance(optimizer, Mapping) or not isinstance(optimizer.get("config"), Mapping):
        raise ModelFileError(f"{name}: training_config: expected an optimizer_config")
    arguments = {key: _plain_objects(training.get(key)) for key in ("loss", "loss_weights")}
    for key in ("metrics", "weighted_metrics"):
        arguments[key] = _metrics(training.get(key))
    return {"optimizer": _optimizer(optimizer)} | arguments


def legacy_compile(form: Mapping[str, Any]) -> dict[str, Any]:
    """The training_config for what Keras 3 writes of `compile`."""
    made = {key: keras2_objects(form.get(key)) for key in ("metrics", "weighted_metrics", "loss_weights")}
    made["loss"] = _named_in_full(keras2_objects(form.get("loss")))
    given = form["optimizer"]["config"].items()
    config = {key: value for key, value in given if (key, value) not in _OPTIMIZER_NEW}
    optimizer = {"class_name": form["optimizer"]["class_name"], "config": config}  # schedules keep their modules
    return made | {"sample_weight_mode": None, "optimizer_config": optimizer}


def _named_in_full(loss: Any) -> Any:
    """Losses without abbreviations: Keras 3 cannot read "mse" and the like in .h5 files, its own included."""
    if isinstance(loss, str):
        return ALIASES.get(loss.lower(), loss)
    if isinstance(loss, Mapping) and "class_name" not in loss:
        return {key: _named_in_full(one) for key, one in loss.items()}
    return [_named_in_full(one) for one in loss] if isinstance(loss, list) else loss


def _layer(form: Any, name: str, depth: int) -> dict[str, Any]:
    """The Keras 3 form of a layer, or of a model in the place of one."""
    if not isinstance(form, Mapping) or not isinstance(form.get("class_name"), str):
        raise ModelFileError(f"{name}: model_config: {str(form)[:100]!r} is not a serialized layer")
    class_name, config = form["class_name"], form.get("config")
    if class_name in _MODELS and not isinstance(config, type(None)):
        made = modern_model(form, name, depth + 1)
    elif not isinstance(config, Mapping):
        raise ModelFileError(f"{name}: model_config: a layer {class_name} without configuration")
    else:
        try:
            class_name, config = updated(class_name, config)
        except StriateError as error:
            raise ModelFileError(f"{name}: model_config: {error}") from None
        made = {"module": "keras.layers", "class_name": class_name, "config": _config(class_name, config)}
        made["registered_name"] = form.get("registered_name")
    if "name" in form or "inbound_nodes" in form:  # of a functional model
        made["name"] = form.get("name", made["config"].get("name"))
        made["inbound_nodes"] = form.get("inbound_nodes") or []
    return made


def _config(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    shape = config.get("batch_input_shape")
    made = {
        key: _plain_objects(value)
        for key, value in config.items()
        if not (key in _GONE and any(value is gone or value == gone for gone in _GONE[key]))
    }
    if class_name == "InputLayer":
        made = {key: value for key, value in made.items() if key not in ("batch_input_shape", "sparse", "ragged")}
        return made if shape is None else made | {"batch_shape": shape}
    if "Depthwise" in class_name or "Separable" in class_name:
        made = {key: value for key, value in made.items() if key not in _OF_DEPTHWISE or _needed(class_name, key)}
    for family, argument, value in _FOREIGN:
        if family in class_name and made.get(argument, value) == value:
            made.pop(argument, None)
    if isinstance(made.get("axis"), list) and len(made["axis"]) == 1:
        made["axis"] = made["axis"][0]
    return made


def _needed(class_name: str, key: str) -> bool:
    return key == "filters" and "Separable" in class_name


def _plain_objects(value: Any) -> Any:
    """A configuration without what TensorFlow's versions of Keras 2 add to objects."""
    if isinstance(value, list):
        return [_plain_objects(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("class_name") == "function" and value.get("module") == "builtins":
        return str(value.get("config")).removesuffix("_v2")  # TensorFlow's own name of an activation
    made = {key: _plain_objects(item) for key, item in value.items()}
    if isinstance(made.get("class_name"), str) and isinstance(made.get("config"), dict):
        config = made["config"]
        if config.get("reduction") == "auto":
            config["reduction"] = "sum_over_batch_size"
        config.pop("dtype", None) if made["class_name"] not in ("DTypePolicy", "Policy") else None
        if made["class_name"] == "Policy":
            return config.get("name")
    return made


def _optimizer(form: Mapping[str, Any]) -> dict[str, Any]:
    """An optimizer whose rate falls by `decay` has the schedule that says so: rate / (1 + decay step)."""
    config = dict(form["config"])
    rate = config.pop("lr", config.pop("learning_rate", 0.001))
    decay = config.get("decay")
    if isinstance(decay, (int, float)) and decay > 0:
        schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay, "staircase": False}
        rate = {"class_name": "InverseTimeDecay", "config": schedule}
    config = {key: value for key, value in config.items() if key not in _OPTIMIZER_WITHOUT_MEANING}
    if config.get("epsilon", 0) is None:  # early Keras 2 took it from the backend
        config["epsilon"] = 1e-7
    return {"class_name": form.get("class_name"), "config": {"learning_rate": _plain_objects(rate)} | config}


def _metrics(value: Any) -> Any:
    """Metrics as a flat list where one output has them all; functions wrapped by TensorFlow by their names."""
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        return [_metrics(item) for item in value]
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        function = value["config"].get("fn")
        return function if isinstance(function, str) else _plain_objects(value)
    return value
