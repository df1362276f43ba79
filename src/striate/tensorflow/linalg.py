"""Matrices and vectors (tf.linalg)."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.errors import ShapeError
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow._creation import eye
from striate.tensorflow._movement import einsum, matmul, norm, tensordot
from striate.tensorflow._movement import transpose as _transpose
from striate.tensorflow.math import l2_normalize
from striate.tensors import Tensor, wrapped

__all__ = [
    "det", "diag", "diag_part", "einsum", "eye", "inv", "l2_normalize", "matmul", "matrix_transpose", "matvec", "norm",
    "tensordot", "trace",
]  # fmt: skip

__getattr__ = absent(__name__)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The last two axes exchanged."""
    values = tensor(a, "matrix_transpose")
    turned: Tensor = _transpose(values, [*range(values.ndim - 2), values.ndim - 1, values.ndim - 2], conjugate)
    return turned


def matvec(a: Any, b: Any, transpose_a: bool = False, name: str | None = None) -> Tensor:
    """The product of a matrix and a vector."""
    return wrapped(matmul(a, tensor(b, "matvec")[..., np.newaxis], transpose_a)[..., 0])


def diag(diagonal: Any, name: str = "diag") -> Tensor:
    """Matrices with the last axis on their diagonal."""
    values = tensor(diagonal, "diag")
    return wrapped(values[..., np.newaxis] * np.eye(values.shape[-1], dtype=values.dtype))


def diag_part(input: Any, name: str = "diag_part") -> Tensor:
    """The diagonal of matrices."""
    return wrapped(np.array(np.diagonal(tensor(input, "diag_part"), axis1=-2, axis2=-1)))


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonal."""
    values = tensor(x, "trace")
    return wrapped(np.trace(values, axis1=-2, axis2=-1, dtype=values.dtype))


def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverse of square matrices, or with `adjoint` of their conjugate transposes.

    Raises:
        ShapeError: a matrix that has none.
    """
    values = tensor(input, "inv")
    try:
        return wrapped(np.linalg.inv(np.conj(values).swapaxes(-1, -2) if adjoint else values))
    except np.linalg.LinAlgError as error:
        raise ShapeError(f"inv: {error}") from None


def det(input: Any, name: str | None = None) -> Tensor:
    """The determinant of square matrices."""
    return wrapped(np.linalg.det(tensor(input, "det")))
