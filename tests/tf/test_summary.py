"""tf.summary: what TensorBoard reads of files that programs write under tags of their own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate import tensorflow as tf
from striate.errors import ShapeError, StriateError
from training.test_tensorboard import read


def test_what_is_written(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path / "logs"))
    pictures = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3)).astype(np.uint8)
    with writer.as_default():
        for step in range(3):
            assert tf.summary.scalar("rate", 0.5 / (step + 1), step=step)
        tf.summary.histogram("weights", tf.constant([1.0, 2.0, 2.0]), step=7, buckets=4)
        tf.summary.image("pictures", pictures, max_outputs=2, step=1)
        tf.summary.text("note", "**fine**", step=0)
    with writer.as_default(step=9):
        tf.summary.scalar("later", tf.constant(2))
    writer.close()
    found = read(tmp_path / "logs")
    assert {step: float(value) for step, value in found["rate"].items()} == {0: 0.5, 1: 0.25, 2: np.float32(0.5 / 3)}
    assert found["weights"][7][:, 2].tolist() == [1, 0, 0, 2]
    columns, rows, *images = found["pictures"][1]
    assert (columns, rows, len(images)) == (b"6", b"4", 2)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(images[1]))), pictures[1])
    assert found["note"][0].item() == b"**fine**"
    assert found["later"] == {9: 2.0}


def test_default_writers(tmp_path: Path) -> None:
    assert not tf.summary.scalar("nowhere", 1.0, step=0)
    outer, inner = (tf.summary.create_file_writer(tmp_path / name) for name in ("outer", "inner"))
    with outer.as_default(), inner.as_default():
        tf.summary.scalar("a", 1.0, step=0)
        with tf.summary.record_if(False):
            assert not tf.summary.scalar("b", 1.0, step=0)
        with tf.summary.record_if(lambda: True):
            assert tf.summary.should_record_summaries()
        tf.summary.flush()
    assert set(read(tmp_path / "inner")) == {"a"}
    assert read(tmp_path / "outer") == {}
    with tf.summary.create_noop_writer().as_default():
        assert not tf.summary.scalar("c", 1.0, step=0)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: tf.summary.scalar("a", [1.0, 2.0], step=0), ShapeError, "expected a number"),
        (lambda: tf.summary.image("a", np.zeros((4, 4, 3)), step=0), ShapeError, "tf.newaxis"),
        (lambda: tf.summary.scalar("a", 1.0), StriateError, "a: got no step"),
        (lambda: tf.summary.trace_on(), AttributeError, "trace_on"),
    ],
)
def test_wrong_use(tmp_path: Path, wrong: Any, error: type[Exception], message: str) -> None:
    with tf.summary.create_file_writer(tmp_path).as_default(), pytest.raises(error, match=message):
        wrong()
