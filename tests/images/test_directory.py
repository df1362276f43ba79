"""`flow_from_directory`: lists, labels and pixels against Keras; hostile folders and files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate.errors import DataError, StriateError
from striate.images import DirectoryIterator, ImageDataGenerator


@pytest.mark.parametrize("subset", [None, "training", "validation"])
@pytest.mark.parametrize("options", [
    {"class_mode": "categorical"}, {"class_mode": "sparse", "color_mode": "grayscale"}, {"class_mode": "input"},
    {"class_mode": None, "color_mode": "rgba", "interpolation": "bilinear"},
    {"class_mode": "binary", "classes": ["wasps", "ants"], "interpolation": "lanczos"},
    {"class_mode": "sparse", "keep_aspect_ratio": True, "interpolation": "bicubic", "target_size": (9, 17)},
], ids=str)  # fmt: skip
def test_equals_keras(
    legacy: Any, folder: Path, options: dict[str, Any], subset: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: Any = {"target_size": (12, 10), "batch_size": 4, "shuffle": False, "subset": subset, **options}
    made: Any = {"rescale": 1 / 255, "validation_split": 0.4}
    ours = ImageDataGenerator(**made).flow_from_directory(str(folder), **arguments)
    said = capsys.readouterr().out
    theirs = legacy.ImageDataGenerator(**made).flow_from_directory(str(folder), **arguments)
    assert said == capsys.readouterr().out
    for name in ("filenames", "filepaths", "class_indices", "samples", "n", "num_classes", "image_shape", "split"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_array_equal(ours.classes, theirs.classes)
    np.testing.assert_array_equal(ours.labels, theirs.labels)
    assert ours.classes.dtype == theirs.classes.dtype
    for i in range(len(theirs)):
        a, b = ours[i], theirs[i]
        assert type(a) is type(b)
        for one, other in zip(a if isinstance(a, tuple) else [a], b if isinstance(b, tuple) else [b], strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_predictions_line_up_with_classes(folder: Path) -> None:
    batches = ImageDataGenerator().flow_from_directory(folder, (6, 6), class_mode="sparse", batch_size=3, shuffle=False)
    labels = [next(batches)[1] for _ in range(len(batches))]
    np.testing.assert_array_equal(np.concatenate(labels), batches.classes)
    np.testing.assert_array_equal(batches.take(99)[1], batches.classes)


def test_blocks_are_batches_and_threads_do_not_matter(folder: Path) -> None:
    generator = ImageDataGenerator(rotation_range=30, horizontal_flip=True, brightness_range=(0.5, 1.5))
    one, other = (generator.flow_from_directory(folder, (8, 8), batch_size=3, seed=5) for _ in range(2))
    expected = [next(one) for _ in range(6)]
    images, labels, weights = other.take(100)
    np.testing.assert_array_equal(images, np.concatenate([batch[0] for batch in expected]))
    np.testing.assert_array_equal(labels, np.concatenate([batch[1] for batch in expected]))
    assert weights is None


def test_files_are_saved_with_the_seed_as_it_is(folder: Path, tmp_path: Path) -> None:
    generator = ImageDataGenerator()
    plain = generator.flow_from_directory(folder, (8, 8), shuffle=False, seed=1)
    saving = generator.flow_from_directory(
        folder, (8, 8), shuffle=False, seed=1, save_to_dir=tmp_path / "out", save_format="jpeg"
    )
    np.testing.assert_array_equal(next(plain)[0], next(saving)[0])
    assert len(list((tmp_path / "out").glob("_*.jpeg"))) == 16


def test_sixteen_bits_stay(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((4, 4), 4000, np.uint16)).save(tmp_path / "a" / "deep.png")
    Image.fromarray(np.full((4, 4), 40, np.uint8)).save(tmp_path / "a" / "flat.png")
    batches = ImageDataGenerator().flow_from_directory(
        tmp_path, (4, 4), color_mode="grayscale", class_mode=None, shuffle=False
    )
    assert np.unique(next(batches)).tolist() == [40, 4000]


def test_folders_that_cannot_be_read_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("bees"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"bees: this folder cannot be read"):
        ImageDataGenerator().flow_from_directory(folder)


def test_one_class_unicode_and_empty_class_folders(tmp_path: Path) -> None:
    for name in ("żaby 🐸", "empty"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "żaby 🐸" / "ß ü.JPG", "JPEG")
    both = ImageDataGenerator().flow_from_directory(tmp_path, (4, 4))
    assert both.class_indices == {"empty": 0, "żaby 🐸": 1}
    assert next(both)[1].tolist() == [[0, 1]]
    one = ImageDataGenerator().flow_from_directory(tmp_path, (4, 4), classes=["żaby 🐸"], class_mode="binary")
    assert next(one)[1].tolist() == [0]


def test_links(folder: Path, tmp_path: Path) -> None:
    (folder / "ants" / "again").symlink_to(folder / "ants", target_is_directory=True)
    (folder / "bees" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "bees" / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    outside = tmp_path / "outside"
    outside.mkdir()
    Image.new("RGB", (4, 4)).save(outside / "x.png")
    (folder / "wasps" / "more").symlink_to(outside, target_is_directory=True)
    flow: Any = {"directory": folder, "target_size": (4, 4), "shuffle": False}
    assert ImageDataGenerator().flow_from_directory(**flow).samples == 16
    followed = ImageDataGenerator().flow_from_directory(**flow, follow_links=True)
    names = [name for name in followed.filenames if name.startswith(("ants", "wasps"))]
    assert len(names) == 12  # the loop once, the other folder's one file
    assert os.path.join("wasps", "more", "x.png") in names
    next(followed)


@pytest.mark.parametrize("wrong", [
    {"directory": "nowhere"}, {"directory": 3}, {"classes": ["ants", "spiders"]}, {"classes": ["../photographs"]},
    {"classes": ["ants/inner"]}, {"classes": ["ants", "ants"]}, {"classes": "ants"}, {"class_mode": "raw"},
    {"class_mode": "binary"}, {"color_mode": "cmyk"}, {"target_size": None}, {"target_size": (0, 4)},
    {"target_size": 4}, {"target_size": (4, 4, 3)}, {"target_size": (10**6, 4)}, {"interpolation": "cubic"},
    {"subset": "test"}, {"batch_size": 0}, {"seed": "x"},
], ids=str)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(folder: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(StriateError):
        ImageDataGenerator().flow_from_directory(**{"directory": folder, **wrong})


def test_folders_without_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images found"):
        ImageDataGenerator().flow_from_directory(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x")
    with pytest.raises(DataError, match="no images found"):
        ImageDataGenerator().flow_from_directory(tmp_path)
    Image.new("RGB", (4, 4)).save(tmp_path / "loose.png")
    with pytest.raises(DataError, match=r"no images found.*that lie there directly have no class: put them"):
        ImageDataGenerator().flow_from_directory(tmp_path)
    with pytest.raises(StriateError, match="ImageDataGenerator"):
        DirectoryIterator(tmp_path, "generator")  # type: ignore[arg-type]


def test_a_validation_without_images_says_why(folder: Path) -> None:
    with pytest.raises(DataError, match=r'got subset="validation", but no split; give ImageDataGenerator a valid'):
        ImageDataGenerator().flow_from_directory(folder, subset="validation")
    with pytest.raises(DataError, match=r"validation_split=0\.001 of \d+ images leaves none for validation"):
        ImageDataGenerator(validation_split=0.001).flow_from_directory(folder, subset="validation")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "cut", "bomb", "pipe"])
def test_broken_files_are_named(tmp_path: Path, content: Any) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "broken.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    batches = ImageDataGenerator().flow_from_directory(tmp_path, (4, 4))
    whole = path.read_bytes()
    if content == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif content == "bomb":
        Image.new("1", (12000, 12000)).save(path)
    elif content == "pipe":
        path.unlink()
        os.mkfifo(path)
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.png"):
        next(batches)
