"""Files (tf.io)."""

from __future__ import annotations

import os
from typing import Any

from striate.errors import DataError
from striate.tensorflow import gfile
from striate.tensorflow._absent import absent
from striate.tensorflow._codecs import (
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
)
from striate.tensors import Tensor, as_tensor

__all__ = [
    "decode_bmp", "decode_gif", "decode_image", "decode_jpeg", "decode_png", "encode_jpeg", "encode_png", "gfile",
    "matching_files", "read_file", "write_file",
]  # fmt: skip

__getattr__ = absent(__name__)
LARGEST = 1 << 30  # bytes of a file that is read whole


def path_of(filename: Any, function: str) -> str:
    """A file's name as Python has it, from text, a path or a tensor."""
    if isinstance(filename, os.PathLike):
        return str(os.fspath(filename))
    name = as_tensor(filename, name=function).numpy()
    if not isinstance(name, bytes):
        raise DataError(f"{function}: got {filename!r}, expected the name of a file")
    return os.fsdecode(name)


def read_file(filename: Any, name: str | None = None) -> Tensor:
    """The bytes of a file, as one tensor of text.

    Raises:
        DataError: there is no such file, or it has more than a gigabyte.
    """
    path = path_of(filename, "read_file")
    try:
        if os.path.getsize(path) > LARGEST:
            raise DataError(f"read_file: {path} has {os.path.getsize(path):,} bytes, more than the {LARGEST:,} allowed")
        with open(path, "rb") as file:
            return as_tensor(file.read())
    except OSError as error:
        raise DataError(f"read_file: {path}: {error.strerror}") from None


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Write bytes into a file; folders are made.

    Raises:
        DataError: it cannot be written.
    """
    path, raw = path_of(filename, "write_file"), as_tensor(contents, name="write_file").numpy()
    if not isinstance(raw, bytes):
        raise DataError("write_file: got numbers, expected text; tf.io.encode_png makes it of pixels")
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(raw)
    except OSError as error:
        raise DataError(f"write_file: {path}: {error.strerror}") from None


def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """The names of the files of a pattern, sorted."""
    from glob import glob

    return as_tensor(sorted(glob(path_of(pattern, "matching_files"))), object)
