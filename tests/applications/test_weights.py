"""Published weights are found where Keras and users put them, or fetched, checked and kept."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.applications import weights
from striate.errors import ModelFileError

from .conftest import Site

VGG16 = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
MOBILENET = "mobilenet_1_0_224_tf.h5"
CONTENT = b"as good as weights" * 1000
OFFLINE = "http://127.0.0.1:9/there/file.h5"


def put(folder: Path, name: str = VGG16) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(CONTENT)
    return folder / name


def serve(monkeypatch: pytest.MonkeyPatch, address: str, checksum: str | None) -> None:
    real = weights.published
    monkeypatch.setattr(
        weights, "published", lambda name: dataclasses.replace(real(name), address=address, checksum=checksum)
    )


@pytest.mark.parametrize("folder", [".", "models"])
def test_a_file_of_the_user_comes_first(folder: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(home / "data"))
    put(home / ".keras" / "models")
    chosen = put(home / "data" / folder)
    assert weights.resolve(VGG16) == chosen


def test_a_file_that_keras_has_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights.resolve(put(home / ".keras" / "models").name) == home / ".keras" / "models" / VGG16
    monkeypatch.setenv("KERAS_HOME", str(home / "elsewhere"))
    assert weights.resolve(put(home / "elsewhere" / "models").name) == home / "elsewhere" / "models" / VGG16


def test_a_download_is_checked_and_kept(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.content = CONTENT
    serve(monkeypatch, site.address, hashlib.md5(CONTENT).hexdigest())
    path = weights.resolve(VGG16)
    assert path == home / ".cache" / "striate" / "models" / VGG16
    assert path.read_bytes() == CONTENT
    assert weights.resolve(VGG16) == path
    assert site.requests == [None]


def test_a_download_continues(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.content, site.cut_at = CONTENT, 5000
    serve(monkeypatch, site.address, hashlib.md5(CONTENT).hexdigest())
    with pytest.raises(ModelFileError, match=r"5,000 of 18,000 bytes.*try again"):
        weights.resolve(VGG16)
    assert weights.resolve(VGG16).read_bytes() == CONTENT
    assert site.requests == [None, "bytes=5000-"]


def test_without_a_checksum_a_download_begins_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.content, site.cut_at = CONTENT, 5000
    serve(monkeypatch, site.address, None)
    with pytest.raises(ModelFileError, match=r"5,000 of 18,000 bytes"):
        weights.resolve(MOBILENET)
    assert weights.resolve(MOBILENET).read_bytes() == CONTENT
    assert site.requests == [None, None]


def test_another_file_than_the_published_one_is_not_kept(
    home: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.content = CONTENT
    serve(monkeypatch, site.address, "0" * 32)
    with pytest.raises(ModelFileError, match="checksum"):
        weights.resolve(VGG16)
    assert not list(home.rglob(VGG16))


def test_an_enormous_file_is_not_begun(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.content = CONTENT
    serve(monkeypatch, site.address, None)
    monkeypatch.setattr("striate.download.LARGEST", 1000)
    with pytest.raises(ModelFileError, match="announces 18,000 bytes, more than the 1,000"):
        weights.resolve(MOBILENET)


def test_offline_one_error_says_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", "/some/where")
    serve(monkeypatch, OFFLINE, None)
    with pytest.raises(ModelFileError) as caught:
        weights.resolve(VGG16)
    message = str(caught.value)
    assert "\n" not in message
    for piece in [VGG16, "/some/where", f"{home}/.keras/models", OFFLINE, "refused", "STRIATE_DATA", "weights=None"]:
        assert piece in message


def test_a_name_that_is_not_published() -> None:
    for name in ("vgg16_notop.h5", "mobilenet_1_0_100_tf.h5", "../vgg16.h5", f"x/{VGG16}"):
        with pytest.raises(ModelFileError, match=r"no file .*did you mean '\w|no file .*known are"):
            weights.resolve(name)


class Asked(Exception):
    """Keras wants a file: name, address, MD5."""


@pytest.fixture
def asking(keras: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Keras's networks, which here raise `Asked` in place of fetching their weights."""
    from keras.src.utils import file_utils

    def get_file(name: str, origin: str, cache_subdir: str = "", file_hash: str | None = None) -> None:
        assert cache_subdir == "models"
        raise Asked(name, origin, file_hash)

    monkeypatch.setattr(file_utils, "get_file", get_file)
    return importlib.import_module("keras.applications")


def test_the_class_index_is_keras_s(asking: Any) -> None:
    with pytest.raises(Asked) as asked:
        asking.vgg16.decode_predictions(np.zeros((1, 1000)))
    assert weights.published(weights.CLASS_INDEX) == weights.PublishedFile(*asked.value.args)


@pytest.mark.slow
@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize(
    ("network", "alphas"),
    [
        ("VGG16", [None]), ("VGG19", [None]), ("ResNet50", [None]), ("ResNet101", [None]), ("ResNet152", [None]),
        ("InceptionV3", [None]), ("MobileNet", [0.25, 0.5, 0.75, 1]), ("MobileNetV2", [0.35, 0.5, 0.75, 1, 1.3, 1.4]),
    ],
)  # fmt: skip
def test_names_addresses_and_checksums_are_keras_s(
    asking: Any, network: str, alphas: list[float | None], top: bool
) -> None:
    """Ask Keras's own networks for their weights, and see what they would fetch."""
    for alpha in alphas:
        options = {} if alpha is None else {"alpha": alpha, "input_shape": (160, 160, 3)}
        with pytest.raises(Asked) as asked:
            getattr(asking, network)(include_top=top, **options)
        assert weights.published(asked.value.args[0]) == weights.PublishedFile(*asked.value.args)
