"""Results by name: what meters measure, callbacks get and the history keeps."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")

_PAIRS = (("accuracy", "acc"), ("learning_rate", "lr"))
_OTHER = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
_OTHER |= {f"val_{a}": f"val_{b}" for a, b in _OTHER.items()}


class Results(dict[str, T]):
    """A dictionary in which a name that is not there finds what is there under the name it had in another Keras.

    Before Keras 2.3 `accuracy` was called `acc`, and before Keras 3 `learning_rate` was `lr`. Programs of those times
    read `history["val_acc"]` and `logs.get("acc")`. Keys, length and order are those of any dictionary.
    """

    def __missing__(self, name: str) -> T:
        other = _OTHER.get(name)
        if other is None or other not in self.keys():
            raise KeyError(name)
        return self[other]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name, or of its other spelling; else the default."""
        try:
            return self[name]
        except KeyError:
            return default
