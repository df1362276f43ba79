"""to_categorical and normalize, against Keras's documented results and their definitions."""

import numpy as np
import pytest

from striate.errors import DataError
from striate.utils import normalize, to_categorical


def test_to_categorical_puts_a_one_at_the_class():
    result = to_categorical([0, 2, 1], num_classes=4)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]])


def test_to_categorical_counts_classes_itself():
    assert to_categorical(np.array([3, 1], dtype=np.uint8)).shape == (2, 4)


def test_to_categorical_drops_a_last_axis_of_one():
    column = np.array([[1], [0]])
    np.testing.assert_array_equal(to_categorical(column), [[0, 1], [1, 0]])


def test_to_categorical_keeps_other_axes():
    labels = np.array([[0, 1, 2], [2, 1, 0]])
    result = to_categorical(labels)
    assert result.shape == (2, 3, 3)
    np.testing.assert_array_equal(result.argmax(-1), labels)


def test_to_categorical_takes_whole_floats_and_no_labels():
    np.testing.assert_array_equal(to_categorical([1.0, 0.0]), [[0, 1], [1, 0]])
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([0, 5], 3, "label 5, expected 0 to 2"),
        ([-1, 0], 3, "label -1"),
        ([0.5], None, "fractions"),
        ([np.nan], None, "NaN"),
        ([np.inf], None, "infinity"),
        (["cat"], None, "dtype"),
        ([], None, "num_classes"),
    ],
)
def test_to_categorical_refuses(labels, classes, message):
    with pytest.raises(DataError, match=message):
        to_categorical(labels, classes)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize_gives_unit_norms(axis, order):
    x = np.random.default_rng(1).normal(size=(3, 4, 5))
    np.testing.assert_allclose(np.linalg.norm(normalize(x, axis, order), order, axis), 1.0, rtol=1e-12)


def test_normalize_keeps_zeros_and_takes_lists():
    np.testing.assert_array_equal(normalize([[0, 0], [3, 4]]), [[0, 0], [0.6, 0.8]])


def test_set_random_seed_is_keras_named():
    from striate import random, utils

    utils.set_random_seed(7)
    first = random.next_generator().random(3)
    utils.set_random_seed(7)
    np.testing.assert_array_equal(first, random.next_generator().random(3))
