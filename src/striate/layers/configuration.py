"""Configurations: what a layer's constructor was given, in the form in which Keras writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from striate import activations, constraints, initializers, regularizers
from striate.errors import StriateError
from striate.lookup import serialized

AnyConfigured = TypeVar("AnyConfigured", bound="Configured")


class Configured:
    """The part of a layer that gives its configuration and is made from one."""

    name: str
    activity_regularizer: regularizers.Regularizer | None
    _trainable: bool
    _arguments: ClassVar[tuple[str, ...]] = ()
    # Where Keras has the class (ours: those that it lacks) and the name under which it looks for it there.
    _module: ClassVar[str] = "keras.layers"
    _registered: ClassVar[str | None] = None
    _of_calls: ClassVar[tuple[str, ...]] = ()  # arguments that Keras writes with the call, behind the tensors

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, in the form in which Keras writes it."""
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": _float32_policy()}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config | {argument: _plain(argument, getattr(self, argument)) for argument in self._arguments}

    @classmethod
    def from_config(cls: type[AnyConfigured], config: Mapping[str, Any]) -> AnyConfigured:
        """The layer of a configuration, with new parameters."""
        try:
            return cls(**config)
        except TypeError as error:  # an argument that is missing
            raise StriateError(f"{cls.__name__}: the configuration does not fit: {error}") from error


def _float32_policy() -> dict[str, Any]:
    return serialized("keras", "DTypePolicy", {"name": "float32"})


def _plain(argument: str, value: Any) -> Any:
    """An attribute as Keras writes it into a configuration."""
    if argument.endswith("_regularizer"):
        return regularizers.serialize(value)
    if argument.endswith("_constraint"):
        return constraints.serialize(value)
    if argument.endswith("_initializer"):
        return initializers.serialize(value)
    if argument == "activation":
        return serialize(value) if isinstance(value, Configured) else activations.serialize(value)
    return value


def serialize(layer: Configured) -> dict[str, Any]:
    """The form in which Keras writes a layer."""
    name = type(layer).__name__
    form = serialized(layer._module, name, layer.get_config())
    return form if layer._registered is None else {**form, "registered_name": layer._registered}
