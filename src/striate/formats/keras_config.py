"""config.json: a network's layers and compilation in the nesting that Keras 3 writes, and back.

An object is {"module", "class_name", "config", "registered_name"}. Class names are looked up in Striate's registries,
nothing else; code in a file (Lambda layers, pickled functions) and classes of other packages are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from striate import metrics
from striate.errors import ModelFileError
from striate.layers import Layer, registry, serialize
from striate.layers.tracing import Traced
from striate.lookup import nearest, own_object
from striate.models.configuration import LARGEST_NETWORK
from striate.models.wiring import size_of
from striate.warning import warn

_MAXIMAL_LAYERS = 10_000
_MAXIMAL_NESTING = 20
_MAXIMAL_CALLS = 2 * LARGEST_NETWORK  # those of inner models counted with them and with what they are in
_MAXIMAL_FIXED = 1 << 24  # numbers that layers repeat ones of the configuration to
_OURS = "striate.layers"  # the module of layers that Keras lacks
_CODE = {"Lambda", "__lambda__", "__typespec__"}
_COMPILE_ARGUMENTS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
_MIXED = ("mixed_float16", "mixed_bfloat16")  # float32 weights: they compute in float32 here
# Ours are ValueErrors.
_MISFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError)
_T = TypeVar("_T")


def describe_model(model: Any, optimizer: bool = True) -> dict[str, Any]:
    """The configuration of a model, its compilation included unless it is to be left out.

    Raises:
        ModelFileError: a layer of a class that a file could not bring back.
    """
    from striate.models import Functional, Sequential

    _check_class(model, {"Sequential": Sequential, "Functional": Functional})
    for layer in model.leaves():
        _check_class(layer, registry.LAYERS)
    form = serialize(model)
    if isinstance(model, Sequential) and model.built:
        form["build_config"] = {"input_shape": list(model.input_shape)}
    if optimizer and model.optimizer is not None:
        form["compile_config"] = model.get_compile_config()
    return form


def _check_class(layer: Layer, known: Mapping[str, type[Layer]]) -> None:
    name = type(layer).__name__
    if isinstance(layer, Traced):
        layer.get_config()  # says why not
    if known.get(name) is not type(layer):
        raise ModelFileError(
            f"layer {layer.name}: {name} is not a class of striate.layers, so a .keras file could not bring it back; "
            "save the weights alone with model.save_weights"
        )


def make_model(form: Mapping[str, Any], name: str) -> Any:
    """The model of a configuration, not compiled; `name` is what errors call the file.

    Raises:
        ModelFileError: not a network that Striate has; names the layer and what is the matter.
    """
    class_name = form.get("class_name")
    if class_name not in ("Sequential", "Functional", "Model"):
        raise ModelFileError(
            f"{name}: holds a model of class {class_name!r}; Sequential and Functional models can be read"
        )
    model = _Parser(name).model(form, f"{name}: config.json")
    fixed = sum(parameter.value.size for layer in model.leaves() for parameter in layer.fixed_parameters)
    if fixed > _MAXIMAL_FIXED:  # no weights, so nothing in the file vouches for their size
        raise ModelFileError(f"{name}: its layers repeat numbers {fixed} times, more than {_MAXIMAL_FIXED}; refused")
    return model


class _Parser:
    """Makes the layers of one file; bounds their number, their calls and how deep models lie in models."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.depth = 0
        self.left = _MAXIMAL_LAYERS
        self.calls = _MAXIMAL_CALLS

    def model(self, form: Mapping[str, Any], where: str) -> Any:
        from striate.models import Functional, Sequential

        cls = Sequential if form["class_name"] == "Sequential" else Functional
        config = form.get("config")
        if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
            raise ModelFileError(f"{where}: {form['class_name']} without a list of layers")
        if not isinstance(config.get("name"), (str, type(None))):
            raise ModelFileError(f"{where}: got the name {config['name']!r}, expected a string")
        self.left -= len(config["layers"])
        if self.left < 0:
            count = len(config["layers"])
            raise ModelFileError(f"{where} lists {count} layers; together there may be {_MAXIMAL_LAYERS}")
        self.depth += 1
        if self.depth > _MAXIMAL_NESTING:
            raise ModelFileError(f"{where}: holds models in models more than {_MAXIMAL_NESTING} deep")
        model = _guarded(lambda: cls.from_config(config, self.layer), where)
        self.depth -= 1
        self.calls -= size_of(model)
        if self.calls < 0:
            raise ModelFileError(f"{where}: calls the layers of models in models too often; refused")
        return model

    def layer(self, form: Any, index: int) -> Layer:
        if isinstance(form, Mapping) and form.get("class_name") in ("Sequential", "Functional", "Model"):
            _check_origin(form, f"{self.name}: layer {index}")
            inner: Layer = self.model(form, f"{self.name}: layer {form.get('name', index)!r}")
            return inner
        return _parse_layer(form, index, self.name)


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
        given = {key: form[key] for key in _COMPILE_ARGUMENTS if form.get(key) is not None}
        for key in ("metrics", "weighted_metrics"):
            if key in given:
                given[key] = _with_own_metrics(given[key], name)
        given["loss"] = _with_own_losses(given.get("loss"))
        arguments = {key: _plain(value, key) for key, value in given.items()}
        if "optimizer" in arguments:
            model.compile(**arguments)
    except _MISFIT as error:
        raise ModelFileError(
            f"{name}: cannot be compiled as it was saved: {error}. Load it with compile=False and call compile "
            "yourself, or give functions of your own as custom_objects={name: function}"
        ) from error


def _with_own_losses(loss: Any) -> Any:
    """Functions and objects of the user's own in the place of their names and configurations."""
    if isinstance(loss, list):
        return [_with_own_losses(one) for one in loss]
    if not isinstance(loss, Mapping):
        own = own_object(loss) if isinstance(loss, str) else None
        return loss if own is None else own
    if "class_name" not in loss:
        return {output: _with_own_losses(one) for output, one in loss.items()}
    is_function, config = loss["class_name"] == "function", loss.get("config")
    own = own_object(str(config if is_function else loss["class_name"]))
    if own is None or is_function:
        return loss if own is None else own
    return own.from_config(dict(config) if isinstance(config, Mapping) else {})


def _with_own_metrics(given: Any, file: str) -> Any:
    """Functions of the user's own in the place of their names; those that are not there are left out."""
    if isinstance(given, list):
        found = [_with_own_metrics(one, file) for one in given]
        return [one for one, before in zip(found, given, strict=True) if one is not None or before is None]
    if isinstance(given, Mapping) and "class_name" not in given:
        return {output: _with_own_metrics(one, file) for output, one in given.items()}
    is_function = isinstance(given, Mapping) and given.get("class_name") == "function"
    name = given.get("config") if is_function else given
    if not isinstance(name, str):
        return given
    if own_object(name) is None and not metrics.is_known(name):
        warn(f"{file}: its metric {name} is code of your own; it is left out, as custom_objects has no {name!r}")
        return None
    return own_object(name) or name


def _check_origin(form: Mapping[str, Any], where: str) -> None:
    """Refuse code and classes of other packages."""
    class_name, module, registered = form.get("class_name"), form.get("module"), form.get("registered_name")
    if not isinstance(class_name, str):
        raise ModelFileError(f"{where}: class_name: expected a name, got {class_name!r}")
    if class_name in _CODE:
        raise ModelFileError(f"{where}: {class_name} holds code, and nothing in a model file is ever executed")
    known = module in (None, _OURS) or (isinstance(module, str) and (module == "keras" or module.startswith("keras.")))
    called = form.get("config") if class_name == "function" else class_name
    known = known or (class_name == "function" and isinstance(called, str) and own_object(called) is not None)
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
