"""Operators on tensors in Keras's files: `2 * x` is an operation of keras.ops there, and a layer here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.errors import StriateError
from striate.layers.operators import LARGEST_POWER, scaling

_MERGING = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")
_OF_NUMBERS, _OVER_AXES = ("Sqrt", "Log", "Reciprocal"), ("Sum", "Mean", "Max", "Min")
_FUNCTIONS = ("Relu", "Relu6", "Sigmoid", "Silu", "Softplus", "Softsign", "Tanh")


def as_layer(form: Any) -> Any:
    """The serialized layer that does what a serialized operation of keras.ops does; other forms as they are.

    Raises:
        StriateError: an operation that no layer stands for; the message names it.
    """
    if not isinstance(form, Mapping) or not str(form.get("module")).startswith("keras.src.ops."):
        return form
    kind, nodes = form.get("class_name"), form.get("inbound_nodes")
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else None
    args = node.get("args") if isinstance(node, Mapping) else None
    known = isinstance(args, list) and args and not (node or {}).get("kwargs")
    made = _made(str(kind), args or [], form.get("config") or {}) if known else None
    if made is None:
        raise StriateError(
            f"{form.get('name', kind)}: keras.ops.{kind} with {str(args)[:80]} has no layer here; files hold operators "
            "on tensors (+, -, *, division by a number, whole powers, parts of images) and layers"
        )
    name, config, given = made
    return {
        **form, "module": "keras.layers", "class_name": name, "registered_name": None,
        "config": {"name": form.get("name"), **config}, "inbound_nodes": [{"args": given, "kwargs": {}}],
    }  # fmt: skip


def _made(kind: str, args: list[Any], config: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[Any]] | None:
    """Class name, configuration and the arguments of the call; None if there is no such layer."""
    first, second = args[0], args[1] if len(args) == 2 else None
    if kind == "GetItem" and len(args) == 2:
        return "GetItem", {"key": second}, [first]
    if kind in _MERGING and _is_tensor(first) and _is_tensor(second):
        return kind, {}, [[first, second]]
    if kind in _OF_NUMBERS and len(args) == 1:
        return kind, {}, [first]
    if kind in _OVER_AXES and len(args) == 1:
        return kind, {key: config.get(key) for key in ("axis", "keepdims")}, [first]
    if kind == "Negative" and len(args) == 1:
        return "Rescaling", {"scale": -1.0, "offset": 0.0}, [first]
    if kind in _FUNCTIONS and len(args) == 1:
        return "Activation", {"activation": kind.lower()}, [first]
    number, tensor = (second, first) if _is_tensor(first) else (first, second)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not _is_tensor(tensor):
        return None
    if kind == "Power" and tensor is first and number == 1:
        return "Rescaling", {"scale": 1.0, "offset": 0.0}, [tensor]
    if kind in ("Add", "Subtract", "Multiply") or (kind in ("TrueDivide", "Divide") and tensor is first and number):
        scale, offset = scaling(kind, float(number), tensor is second)
        return "Rescaling", {"scale": scale, "offset": offset}, [tensor]
    if kind == "Power" and tensor is first and float(number).is_integer() and 2 <= number <= LARGEST_POWER:
        return "Multiply", {}, [[tensor] * int(number)]
    return None


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__"
