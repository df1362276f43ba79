"""Networks in the words of Keras 2, for .h5 files: what Keras 3 writes, said so that both Keras 2 and 3 read it.

Keras 2 lists the tensors of a call, names shapes of images `batch_input_shape`, and knows fewer arguments. Those that
it lacks are left out where they have the values that Keras 3 takes without them. What cannot be said for both is said
for Keras 3, which alone opens such a file: layers, activations and values that Keras 2 lacks, tensors in dictionaries,
and calls on what an inner functional model puts out, as the two count its calls differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RANDOM = ("Flip", "Rotation", "Zoom", "Translation", "Crop", "Contrast", "Brightness")
# Arguments that Keras 2 lacks, with the values that mean what it does.
_NEW: dict[str, dict[str, Any]] = {
    "LayerNormalization": {"rms_scaling": False},
    "Resizing": {
        "pad_to_aspect_ratio": False, "fill_mode": "constant", "fill_value": 0.0, "antialias": False,
        "data_format": "channels_last",
    },
    "CenterCrop": {"data_format": "channels_last"},
    "ZeroPadding1D": {"data_format": "channels_last"},
    **{f"Random{name}": {"data_format": "channels_last"} for name in _RANDOM},
    "RandomContrast": {"data_format": "channels_last", "value_range": [0, 255]},
}  # fmt: skip
_RENAMED = {"LeakyReLU": {"negative_slope": "alpha"}}


def keras2_model(form: Mapping[str, Any]) -> dict[str, Any]:
    """The Keras 2 form of a model that Keras 3 describes."""
    config = dict(form["config"])
    if "layers" in config:
        # Keras 2 and 3 count the calls of an inner Sequential alike only if it begins without an input.
        inner = {layer["name"] for layer in config["layers"] if layer["class_name"] == "Functional" and "name" in layer}
        config["layers"] = [_layer(layer, inner) for layer in config["layers"]]
    for key in ("dtype", "build_input_shape"):
        config.pop(key, None)
    return {"class_name": form["class_name"], "config": keras2_objects(config)}


def keras2_objects(value: Any) -> Any:
    """A configuration whose objects are class_name and config alone, and whose policies are names."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "DTypePolicy":
            return value["config"]["name"]
        if value.get("class_name") == "function":
            return value["config"]
        dropped = ("module", "registered_name", "build_config") if "class_name" in value else ()
        return {key: keras2_objects(item) for key, item in value.items() if key not in dropped}
    return [keras2_objects(item) for item in value] if isinstance(value, (list, tuple)) else value


def _layer(form: Mapping[str, Any], functional: set[str]) -> dict[str, Any]:
    """A layer as Keras 2 writes it; `functional` are the names of functional models beside it."""
    of_operation = str(form.get("module")).startswith("keras.src.ops.")
    made: dict[str, Any] = keras2_objects(form)
    if of_operation:
        return {**made, "module": form["module"], "registered_name": form["registered_name"]}
    if "layers" in form["config"]:
        made |= keras2_model(form)  # name and calls in a functional model stay
    if "inbound_nodes" in form:
        made["inbound_nodes"] = [_node(node, functional) for node in form["inbound_nodes"]]
        if form["class_name"] == "Sequential":
            layers = made["config"]["layers"]
            made["config"]["layers"] = [layer for layer in layers if layer["class_name"] != "InputLayer"]
    made["config"] = _config(form["class_name"], made["config"])
    return made


def _config(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    renamed = _RENAMED.get(class_name, {})
    if class_name == "InputLayer" and "batch_shape" in config:
        renamed = {"batch_shape": "batch_input_shape"}
    new = _NEW.get(class_name, {})
    return {
        renamed.get(key, key): value for key, value in config.items() if not (key in new and value == new[key])
    }


def _node(node: Any, functional: set[str]) -> Any:
    """A call as the list of its tensors."""
    args = node["args"]
    tensors = args[0] if len(args) == 1 and isinstance(args[0], list) else args
    if not all(isinstance(tensor, Mapping) and tensor.get("class_name") == "__keras_tensor__" for tensor in tensors):
        return node
    found = []
    for tensor in tensors:
        history = tensor["config"]["keras_history"]
        if history[0] in functional:
            return node
        found.append([*history, node["kwargs"]])
    return found
