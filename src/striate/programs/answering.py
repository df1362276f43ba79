"""Imports of TensorFlow and Keras answered by Striate, in all spellings, whether or not the real ones are installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from striate.errors import StriateError

ROOTS = ("tensorflow", "keras", "tf_keras")
OURS = ("striate.keras", "striate.tensorflow")

# The longest beginning of a module's name that stands here decides.
SPELLINGS = {
    "keras": "striate.keras",
    "keras.api": "striate.keras",
    "keras.api._v2.keras": "striate.keras",
    "tf_keras": "striate.keras",
    "tf_keras.api": "striate.keras",
    "tensorflow": "striate.tensorflow",
    "tensorflow.compat.v1": "striate.tensorflow",
    "tensorflow.compat.v1.keras": "striate.keras",
    "tensorflow.compat.v2": "striate.tensorflow",
    "tensorflow.compat.v2.keras": "striate.keras",
    "tensorflow.initializers": "striate.keras.initializers",
    "tensorflow.keras": "striate.keras",
    "tensorflow.losses": "striate.keras.losses",
    "tensorflow.metrics": "striate.keras.metrics",
    "tensorflow.optimizers": "striate.keras.optimizers",
    "tensorflow.python.client.device_lib": "striate.tensorflow.device_lib",
    "tensorflow.python.framework.ops": "striate.tensorflow.tensor_types",
    "tensorflow.python.keras": "striate.keras",
}
# Those that hold nothing but such modules.
BETWEEN = ("keras.api._v2", "tensorflow.python", "tensorflow.python.client", "tensorflow.python.framework")


class Answerer(MetaPathFinder, Loader):
    """A finder that stands first in `sys.meta_path`; it gives the same module object for all spellings of a name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module of TensorFlow or Keras that Striate has."""
        if fullname.partition(".")[0] not in ROOTS or (own_module(fullname) is None and fullname not in BETWEEN):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        """Put Striate's module in the new one's place: the import system takes what stands in `sys.modules`."""
        own = own_module(module.__name__) or module
        if not hasattr(own, "__path__"):
            own.__path__ = []  # modules below it are asked for here, too
        sys.modules[module.__name__] = own


def answer() -> None:
    """Answer imports from now on; once is enough.

    Raises:
        StriateError: the real TensorFlow or Keras has been imported already.
    """
    if any(isinstance(finder, Answerer) for finder in sys.meta_path):
        return
    real = sorted(name for name in ROOTS if name in sys.modules)
    if real:
        raise StriateError(
            f"{' and '.join(real)} {'is' if len(real) == 1 else 'are'} already imported, and cannot be replaced while "
            "objects of both would meet; restart Python and begin with Striate"
        )
    sys.meta_path.insert(0, Answerer())


def stop() -> None:
    """Answer no longer, and forget the names that were answered; objects that a program holds stay as they are."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Answerer)]
    for name in [name for name in sys.modules if name.partition(".")[0] in ROOTS]:
        del sys.modules[name]


def is_answered(name: str) -> bool:
    """Whether a full name begins with a module that is answered."""
    return name.partition(".")[0] in ROOTS


def own_name(fullname: str) -> str:
    """What a module of TensorFlow or Keras is called in Striate, whether or not Striate has it."""
    parts = fullname.split(".")
    for length in range(len(parts), 0, -1):
        start = ".".join(parts[:length])
        if start in SPELLINGS:
            return ".".join([SPELLINGS[start], *parts[length:]])
    return fullname


def public_name(module: str) -> str:
    """The other way round: what programs call a module of Striate's namespaces."""
    for start in OURS:
        if module == start or module.startswith(f"{start}."):
            return module[len("striate.") :]
    return module


def own_module(fullname: str) -> ModuleType | None:
    """Striate's module for one of TensorFlow or Keras, or None if it has none."""
    name = own_name(fullname)
    if not name.startswith(OURS) or "._" in name:
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
    return None
