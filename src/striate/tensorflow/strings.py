"""Text (tf.strings): tensors of bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from striate.errors import StriateError
from striate.tensorflow._absent import absent
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, as_tensor, wrapped

__all__ = [
    "as_string", "join", "length", "lower", "regex_full_match", "regex_replace", "split", "strip", "to_number", "upper",
]  # fmt: skip

__getattr__ = absent(__name__)


def _each(function: Callable[[Any], Any], text: Any, name: str) -> Any:
    values = as_tensor(text, name=name)
    if values.dtype.kind != "O":
        raise StriateError(f"{name}: got numbers, expected text")
    return np.asarray(np.frompyfunc(function, 1, 1)(values.view(np.ndarray)), dtype=object)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def split(input: Any, sep: str | None = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """The parts of one text between separators (any space if none is given); of several texts a list of these."""
    values = as_tensor(input, name="split")
    if values.ndim:
        return [split(value, sep, maxsplit) for value in values]
    raw = values.numpy()
    if not isinstance(raw, bytes):
        raise StriateError("split: got numbers, expected text")
    return as_tensor(np.array(raw.split(_bytes(sep) if sep else None, maxsplit), dtype=object))


def length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The number of bytes, or of characters for unit "UTF8_CHAR"."""
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise StriateError(f'length: got unit={unit!r}, expected "BYTE" or "UTF8_CHAR"')
    count = (lambda text: len(text.decode())) if unit == "UTF8_CHAR" else len
    return wrapped(_each(count, input, "length").astype(np.int32))


def lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """In small letters: those of ASCII, or for encoding "utf-8" all."""
    return wrapped(_each(_in_case("lower", encoding, bytes.lower, str.lower), input, "lower"))


def upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """In capital letters: those of ASCII, or for encoding "utf-8" all."""
    return wrapped(_each(_in_case("upper", encoding, bytes.upper, str.upper), input, "upper"))


def _in_case(
    name: str, encoding: str, of_bytes: Callable[[bytes], bytes], of_text: Callable[[str], str]
) -> Callable[[bytes], bytes]:
    if encoding not in ("", "utf-8"):
        raise StriateError(f'{name}: got encoding={encoding!r}, expected "" or "utf-8"')
    return of_bytes if not encoding else lambda text: of_text(text.decode()).encode()


def strip(input: Any, name: str | None = None) -> Tensor:
    """Without spaces at both ends."""
    return wrapped(_each(bytes.strip, input, "strip"))


def regex_replace(
    input: Any, pattern: str, rewrite: str, replace_global: bool = True, name: str | None = None
) -> Tensor:
    """What matches a regular expression replaced, everywhere or once."""
    found = re.compile(_bytes(pattern))
    times = 0 if replace_global else 1
    return wrapped(_each(lambda text: found.sub(_bytes(rewrite), text, times), input, "regex_replace"))


def regex_full_match(input: Any, pattern: str, name: str | None = None) -> Tensor:
    """Whether the whole text matches a regular expression."""
    found = re.compile(_bytes(pattern))
    return wrapped(_each(lambda text: found.fullmatch(text) is not None, input, "regex_full_match").astype(np.bool_))


def join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """Texts one behind the other, for each place of their tensors."""
    arrays = np.broadcast_arrays(*[as_tensor(value, name="join") for value in inputs])
    joined = np.frompyfunc(lambda *texts: _bytes(separator).join(texts), len(arrays), 1)(*map(np.asarray, arrays))
    return wrapped(np.asarray(joined, dtype=object))


def to_number(input: Any, out_type: Any = "float32", name: str | None = None) -> Tensor:
    """The numbers that texts spell."""
    return wrapped(_each(float, input, "to_number").astype(as_dtype(out_type).dtype))


def as_string(input: Any, name: str | None = None) -> Tensor:
    """Numbers as text."""
    values = as_tensor(input, name="as_string")
    spelled = np.frompyfunc(lambda value: str(value).encode(), 1, 1)(values.view(np.ndarray))
    return wrapped(np.asarray(spelled, dtype=object))
