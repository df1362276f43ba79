"""config.json: a network's layers and compilation in the nesting that Keras 3 writes, and back.

An object is {"module", "class_name", "config", "registered_name"}. Class names are looked up in Striate's registries,
nothing else; code in a file (Lambda layers, pickled functions) and classes of other packages are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from striate.errors import ModelFileError
from striate.layers import Input, InputLayer, Layer, registry, serialize
from striate.layers.symbolic import OpenShape
from striate.lookup import nearest, serialized

_MAXIMAL_LAYERS = 10_000
_CODE = {"Lambda", "__lambda__", "__typespec__"}
_COMPILE_ARGUMENTS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
_MIXED = ("mixed_float16", "mixed_bfloat16")  # float32 weights: they compute in float32 here
_MISFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)  # ours are ValueErrors
_T = TypeVar("_T")


def describe_model(model: Any) -> dict[str, Any]:
    """The configuration of a sequential model, its compilation included."""
    if type(model).__name__ != "Sequential" or any(hasattr(layer, "layers") for layer in model.layers):
        raise ModelFileError(f"{model.name}: only sequential models of layers can be written; use save_weights")
    layers: list[dict[str, Any]] = []
    config = {"name": model.name, "trainable": model.trainable, "dtype": _policy(), "layers": layers}
    form = serialized("keras", "Sequential", config)
    if model.built:
        shape = [None, *model.input_shape[1:]]
        layers.append(_describe_input(shape))
        config["build_input_shape"] = shape
        form["build_config"] = {"input_shape": shape}
    layers.extend(_describe_layer(layer) for layer in model.layers if not isinstance(layer, InputLayer))
    if model.optimizer is not None:
        form["compile_config"] = model.get_compile_config()
    return form


def _describe_layer(layer: Layer) -> dict[str, Any]:
    name = type(layer).__name__
    if registry.LAYERS.get(name) is not type(layer):
        raise ModelFileError(
            f"layer {layer.name}: {name} is not a class of striate.layers, so a .keras file could not bring it back; "
            "save the weights alone with model.save_weights"
        )
    form = serialize(layer)
    if layer.built:
        form["build_config"] = {"input_shape": list(layer.input_shape)}
    return form


def _describe_input(shape: list[int | None]) -> dict[str, Any]:
    config = {"batch_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": "input_layer"}
    return serialized("keras.layers", "InputLayer", config)


def _policy() -> dict[str, Any]:
    return serialized("keras", "DTypePolicy", {"name": "float32"})


@dataclass(frozen=True)
class Described:
    """A sequential network as a file describes it: none of its layers has taken memory yet."""

    name: str | None
    layers: list[Layer]  # without the one that stands for the images
    image_shape: OpenShape | None
    trainable: bool

    def make(self, file: str) -> Any:
        """The model, built if the shape of its images is known."""
        from striate.models import Sequential

        first = [] if self.image_shape is None else [Input(self.image_shape)]
        model = _guarded(lambda: Sequential([*first, *self.layers], name=self.name), f"{file}: config.json")
        if not self.trainable:
            model.trainable = False
        return model


def parse_model(form: Mapping[str, Any], name: str) -> Described:
    """What a configuration describes; `name` is what errors call the file.

    Raises:
        ModelFileError: not a network that Striate has; names the layer and what is the matter.
    """
    class_name, config = form.get("class_name"), form.get("config")
    if class_name != "Sequential":
        raise ModelFileError(f"{name}: holds a model of class {class_name!r}; only Sequential models can be read")
    if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
        raise ModelFileError(f"{name}: config.json: Sequential without a list of layers")
    if len(config["layers"]) > _MAXIMAL_LAYERS:
        raise ModelFileError(f"{name}: config.json lists {len(config['layers'])} layers, more than {_MAXIMAL_LAYERS}")
    layers = [_parse_layer(layer, index, name) for index, layer in enumerate(config["layers"])]
    shape = layers[0].declared_input_shape if layers else None
    if shape is None and config.get("build_input_shape") is not None:
        batch_shape = config["build_input_shape"]
        shape = _guarded(lambda: Input(batch_shape=batch_shape).shape, f"{name}: config.json: build_input_shape")
    model_name = config.get("name")
    return Described(
        model_name if isinstance(model_name, str) else None,
        [layer for layer in layers if not isinstance(layer, InputLayer)],
        shape,
        config.get("trainable") is not False,
    )


def _parse_layer(form: Any, index: int, name: str) -> Layer:
    if not isinstance(form, Mapping) or not isinstance(form.get("class_name"), str):
        raise ModelFileError(f"{name}: config.json: layer {index} is not a serialized layer")
    class_name: str = form["class_name"]
    config = form.get("config")
    label = config.get("name", index) if isinstance(config, Mapping) else index
    where = f"{name}: layer {label!r} ({class_name})"
    _check_origin(form, where)
    if class_name not in registry.LAYERS:
        raise ModelFileError(f"{where}: Striate has no such layer; {nearest(class_name, registry.LAYERS)}")
    if not isinstance(config, Mapping):
        raise ModelFileError(f"{where}: has no configuration")
    plain = _plain(config, where)
    layer: Layer = _guarded(lambda: registry.LAYERS[class_name].from_config(plain), where)
    return layer


def compile_model(model: Any, form: object, name: str) -> None:
    """Compile a model as the file says; nothing happens when it was saved without."""
    if form is None:
        return
    if not isinstance(form, Mapping):
        raise ModelFileError(f"{name}: compile_config is not an object")
    try:
        arguments = {key: _plain(form[key], key) for key in _COMPILE_ARGUMENTS if form.get(key) is not None}
        if "optimizer" in arguments:
            model.compile(**arguments)
    except _MISFIT as error:
        raise ModelFileError(
            f"{name}: cannot be compiled as it was saved: {error}. Load it with compile=False and call compile yourself"
        ) from error


def _check_origin(form: Mapping[str, Any], where: str) -> None:
    """Refuse code and classes of other packages."""
    class_name, module, registered = form.get("class_name"), form.get("module"), form.get("registered_name")
    if not isinstance(class_name, str):
        raise ModelFileError(f"{where}: class_name: expected a name, got {class_name!r}")
    if class_name in _CODE:
        raise ModelFileError(f"{where}: {class_name} holds code, and nothing in a model file is ever executed")
    known = module is None or (isinstance(module, str) and (module == "keras" or module.startswith("keras.")))
    called = form.get("config") if class_name == "function" else class_name
    if not known or registered not in (None, class_name, called):
        raise ModelFileError(
            f"{where}: {called} of {module} (registered as {registered}) is not Keras's own; "
            "custom classes and functions cannot be loaded, since nothing in a model file is ever executed"
        )


def _plain(value: Any, where: str) -> Any:
    """A configuration without what means nothing here: Keras's functions become names, mixed precision float32."""
    if isinstance(value, list):
        return [_plain(item, where) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" in value:
        _check_origin(value, where)
        if value["class_name"] == "function":
            return value.get("config")
        if value["class_name"] == "DTypePolicy" and _config_name(value) in _MIXED:
            return "float32"
    return {key: _plain(item, where) for key, item in value.items()}


def _config_name(form: Mapping[str, Any]) -> Any:
    config = form.get("config")
    return config.get("name") if isinstance(config, Mapping) else None


def _guarded(make: Callable[[], _T], where: str) -> _T:
    """Constructors see whatever a file says, so any failure of theirs is the file's."""
    try:
        return make()
    except ModelFileError:
        raise
    except _MISFIT as error:
        raise ModelFileError(f"{where}: {error}") from error
