"""`image_dataset_from_directory`: files, labels and splits against Keras's listing, pixels against the plain steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate.data import Dataset
from striate.errors import StriateError
from striate.images.resizing import resize
from striate.utils import image_dataset_from_directory, set_random_seed


@pytest.fixture
def folder(folder: Path) -> Path:
    """Without the file beside the classes, which data sets without labels have."""
    (folder / "loose.png").unlink()
    return folder


def everything(dataset: Any) -> list[Any]:
    return [[part.numpy() for part in item] if isinstance(item, tuple) else item.numpy() for item in dataset]


@pytest.mark.parametrize("options", [
    {"shuffle": False}, {"seed": 3}, {"seed": 3, "validation_split": 0.3, "subset": "training"},
    {"seed": 3, "validation_split": 0.3, "subset": "validation"}, {"class_names": ["wasps", "ants"], "seed": 1},
    {"labels": None, "seed": 2}, {"labels": [i % 3 for i in range(16)], "seed": 2},
    {"shuffle": False, "validation_split": 0.2, "subset": "validation"},
], ids=str)  # fmt: skip
def test_files_and_labels_are_those_of_keras(
    keras: Any, folder: Path, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    utils = pytest.importorskip("keras.src.utils.dataset_utils")
    split, subset = options.get("validation_split"), options.get("subset")
    paths, labels, names = utils.index_directory(
        str(folder), options.get("labels", "inferred"), (".bmp", ".gif", ".jpeg", ".jpg", ".png"),
        options.get("class_names"), options.get("shuffle", True), options.get("seed"),
    )
    paths, labels = utils.get_training_or_validation_split(paths, labels, split, subset)
    said = capsys.readouterr().out
    dataset = image_dataset_from_directory(folder, image_size=(4, 4), batch_size=5, **options)
    assert capsys.readouterr().out == said
    assert isinstance(dataset, Dataset)
    assert dataset.file_paths == paths  # type: ignore[attr-defined]
    assert dataset.class_names == names  # type: ignore[attr-defined]
    if not options.get("shuffle", True):
        assert np.concatenate([item[1] for item in everything(dataset)]).tolist() == list(labels)
    elif labels is not None:
        assert sorted(np.concatenate([item[1] for item in everything(dataset)])) == sorted(labels)


def test_batches(folder: Path) -> None:
    dataset = image_dataset_from_directory(str(folder), image_size=(6, 8), batch_size=5, shuffle=False)
    assert int(dataset.cardinality()) == 4
    batches = everything(dataset)
    assert [images.shape for images, _ in batches] == [(5, 6, 8, 3)] * 3 + [(1, 6, 8, 3)]
    assert {images.dtype.name for images, _ in batches} == {"float32"}
    assert {labels.dtype.name for _, labels in batches} == {"int32"}
    expected = [resize(np.asarray(Image.open(path)), (6, 8), "bilinear") for path in dataset.file_paths]
    np.testing.assert_array_equal(np.concatenate([images for images, _ in batches]), expected)


@pytest.mark.parametrize(("label_mode", "dtype", "shape"), [
    ("int", "int32", ()), ("categorical", "float32", (3,)), (None, None, None)
])  # fmt: skip
def test_label_modes(folder: Path, label_mode: Any, dtype: Any, shape: Any) -> None:
    dataset = image_dataset_from_directory(folder, label_mode=label_mode, image_size=4, shuffle=False, batch_size=16)
    (item,) = everything(dataset)
    if label_mode is None:
        assert item.shape == (16, 4, 4, 3)
        return
    _, labels = item
    assert (labels.dtype, labels.shape[1:]) == (dtype, shape)
    numbers = labels if label_mode == "int" else labels.argmax(1)
    assert numbers.tolist() == [0] * 7 + [1] * 5 + [2] * 4


def test_binary_labels(folder: Path) -> None:
    flow: Any = {"label_mode": "binary", "image_size": (4, 4), "shuffle": False}
    dataset = image_dataset_from_directory(folder, class_names=["ants", "wasps"], **flow)
    ((_, labels),) = everything(dataset)
    assert labels.tolist() == [[0.0]] * 7 + [[1.0]] * 4
    with pytest.raises(StriateError, match="exactly 2 classes"):
        image_dataset_from_directory(folder, **flow)


@pytest.mark.parametrize(("color_mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_channels(folder: Path, color_mode: str, channels: int, data_format: str) -> None:
    dataset = image_dataset_from_directory(
        folder, label_mode=None, color_mode=color_mode, image_size=(4, 6), data_format=data_format
    )
    expected = (4, 6, channels) if data_format == "channels_last" else (channels, 4, 6)
    assert everything(dataset)[0].shape == (16, *expected)
    single = image_dataset_from_directory(
        folder, label_mode=None, color_mode=color_mode, image_size=(4, 6), data_format=data_format, batch_size=None
    )
    assert [image.shape for image in everything(single)] == [expected] * 16


def test_both_subsets_together_are_all_files(folder: Path) -> None:
    flow: Any = {"image_size": (4, 4), "validation_split": 0.25, "seed": 8}
    training, validation = image_dataset_from_directory(folder, subset="both", **flow)
    assert (len(training.file_paths), len(validation.file_paths)) == (12, 4)
    assert not set(training.file_paths) & set(validation.file_paths)
    assert training.file_paths == image_dataset_from_directory(folder, subset="training", **flow).file_paths
    assert training.class_names == validation.class_names == ["ants", "bees", "wasps"]


def test_orders(folder: Path) -> None:
    flow: Any = {"label_mode": None, "image_size": (4, 4), "batch_size": 16}
    first, second, other = (image_dataset_from_directory(folder, seed=seed, **flow) for seed in (1, 1, 2))
    one, again = (everything(first)[0] for _ in range(2))
    assert not np.array_equal(one, again)  # another order each time
    np.testing.assert_array_equal(one, everything(second)[0])
    assert first.file_paths != other.file_paths
    paths = []
    for seed in (5, 5, 6):
        set_random_seed(seed)
        paths.append(image_dataset_from_directory(folder, **flow).file_paths)
    assert paths[0] == paths[1] != paths[2]


def test_proportions(tmp_path: Path) -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 2:6] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    flow: Any = {"labels": None, "image_size": (4, 4)}
    cropped = everything(image_dataset_from_directory(tmp_path, crop_to_aspect_ratio=True, **flow))[0]
    assert (cropped == 200).all()
    padded = everything(image_dataset_from_directory(tmp_path, pad_to_aspect_ratio=True, **flow))[0]
    assert not padded[0, [0, 3]].any()
    assert padded[0, 1:3].any()
    with pytest.raises(StriateError, match="expected one of them"):
        image_dataset_from_directory(tmp_path, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True, **flow)


def test_sixteen_bits_and_first_frames(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 40 * 256 + 5, np.uint16)).save(tmp_path / "deep.png")
    frames = [Image.new("P", (4, 4), 0) for _ in range(2)]
    for frame, colour in zip(frames, (70, 90), strict=True):
        frame.putpalette([colour] * 768)
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    made = everything(image_dataset_from_directory(tmp_path, labels=None, image_size=(4, 4), shuffle=False))[0]
    assert [np.unique(image).tolist() for image in made] == [[40.0], [70.0]]


def test_hidden_and_linked_folders(folder: Path, tmp_path: Path) -> None:
    (folder / ".cache").mkdir()
    (folder / "ants" / "loop").symlink_to(folder / "ants", target_is_directory=True)
    dataset = image_dataset_from_directory(folder, image_size=(4, 4), follow_links=True)
    assert dataset.class_names == ["ants", "bees", "wasps"]
    assert len(dataset.file_paths) == 16


@pytest.mark.parametrize("wrong", [
    {"labels": "none"}, {"labels": [0, 1]}, {"labels": ["a"] * 16}, {"labels": None, "class_names": ["ants"]},
    {"label_mode": "onehot"}, {"class_names": ["ants", "spiders"]}, {"class_names": ["../x"]}, {"color_mode": "bgr"},
    {"batch_size": 0}, {"image_size": (4,)}, {"image_size": (0, 4)}, {"image_size": None}, {"interpolation": "box"},
    {"interpolation": None}, {"validation_split": 0.5}, {"subset": "training"},
    {"validation_split": 1.5, "subset": "both"}, {"label_mode": None, "class_names": ["ants"]},
    {"validation_split": 0.5, "subset": "test", "seed": 1}, {"validation_split": 0.5, "subset": "both"},
    {"validation_split": 0.01, "subset": "validation", "seed": 1}, {"format": "grain"}, {"data_format": "first"},
    {"directory": "nowhere"}, {"labels": [5] * 8 + [7] * 8, "label_mode": "categorical"},
], ids=lambda wrong: "-".join(wrong))  # fmt: skip
def test_what_does_not_fit_is_refused(folder: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(StriateError):
        image_dataset_from_directory(**{"directory": folder, "image_size": (4, 4), **wrong})


def test_folders_without_images_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(StriateError, match="no images found"):
        image_dataset_from_directory(tmp_path)
    (tmp_path / "loose.png").write_bytes(b"")
    with pytest.raises(StriateError, match=r"no images found.*lie there directly have no class"):
        image_dataset_from_directory(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    with pytest.raises(StriateError, match=r"broken\.jpg"):
        everything(image_dataset_from_directory(tmp_path))
