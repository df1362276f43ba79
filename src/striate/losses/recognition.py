"""Losses of the user's own that come to one of the engine's are it, which their values show.

Most losses that programs write are formulas that the engine has kernels for, or calls of them, such as
`tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)` and `K.sparse_categorical_crossentropy(y_true, y_pred)`. The
kernels are faster, and exact where a logarithm of a softmax is not; class numbers as labels only they take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.losses.base import Loss
from striate.tensors import Tensor

Probe = tuple[NDArray[Any], NDArray[np.float64]]
_EXAMPLES, _CLASSES = 6, 5


def recognised(function: Callable[..., Any], candidates: Sequence[Loss]) -> Loss | None:
    """The loss that a function of (y_true, y_pred) comes to; None if none of the candidates.

    It is called on labels and outputs of several kinds: probabilities, some of them very small, numbers between 0 and 1
    that do not sum to 1, and any numbers; class numbers or one number for each output as labels. For all of them it
    must give what a candidate gives, to 4 digits: for each example, or the mean over all.
    """
    for probes in (_of_numbers(), _of_classes()):
        try:
            given = [np.asarray(function(_tensor(truth), _tensor(said)), np.float64) for truth, said in probes]
        except NameError:  # a mistake in the function itself
            raise
        except Exception:  # whatever a function may do with labels of the other kind
            continue
        for loss in candidates:
            if all(_same(values, loss, *probe) for values, probe in zip(given, probes, strict=True)):
                return loss
    return None


def _same(values: NDArray[np.float64], loss: Loss, truth: NDArray[Any], said: NDArray[np.float64]) -> bool:
    try:
        expected = np.asarray(loss.call(truth, said), np.float64)
    except ValueError:  # labels of the other kind
        return False
    expected = expected.reshape(_EXAMPLES, -1).mean(axis=1)
    if values.ndim == 0:
        return bool(np.isclose(values, expected.mean(), rtol=1e-4, atol=1e-6))
    if values.shape[0] != _EXAMPLES:
        return False
    return np.allclose(values.reshape(_EXAMPLES, -1).mean(axis=1), expected, rtol=1e-4, atol=1e-6)


def _outputs() -> Iterator[NDArray[np.float64]]:
    """What networks may put out: probabilities, numbers between 0 and 1, any numbers."""
    random = np.random.default_rng(0)
    for spread in (1.0, 6.0, 12.0):
        scores = np.exp(spread * random.standard_normal((_EXAMPLES, _CLASSES)))
        yield scores / scores.sum(axis=1, keepdims=True)
    yield random.random((_EXAMPLES, _CLASSES))
    yield 3 * random.standard_normal((_EXAMPLES, _CLASSES))


def _of_numbers() -> list[Probe]:
    """With one-hot labels, and with other numbers where the outputs are any."""
    random, found = np.random.default_rng(1), []
    for said in _outputs():
        found.append((np.eye(_CLASSES)[random.integers(0, _CLASSES, _EXAMPLES)], said))
    return [*found, (2 * random.standard_normal(found[-1][1].shape), found[-1][1])]


def _of_classes() -> list[Probe]:
    random = np.random.default_rng(2)
    return [(random.integers(0, _CLASSES, (_EXAMPLES, 1)), said) for said in _outputs()]


def _tensor(array: NDArray[Any]) -> Tensor:
    tensor: Tensor = array.copy().view(Tensor)
    return tensor
