"""`flow_from_dataframe` against Keras, and data frames that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.errors import StriateError
from striate.images import ImageDataGenerator

pandas = pytest.importorskip("pandas", reason='needs pandas: pip install "striate[test]"')


@pytest.fixture
def frame(folder: Path) -> Any:
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.png"))
    kinds = [Path(file).parts[0] for file in files]
    return pandas.DataFrame({
        "filename": files, "class": kinds, "two": [("a", "b")[kind != "ants"] for kind in kinds],
        "many": [[kind, "insect"] if i % 2 else [kind] for i, kind in enumerate(kinds)],
        "size": np.arange(len(files), dtype=np.float64), "weight": np.linspace(0, 1, len(files)),
    })  # fmt: skip


@pytest.mark.parametrize("subset", [None, "training", "validation"])
@pytest.mark.parametrize("options", [
    {}, {"class_mode": "sparse", "weight_col": "weight"}, {"class_mode": "binary", "y_col": "two"},
    {"y_col": "many"}, {"y_col": "many", "classes": ["insect", "bees"]}, {"classes": ["wasps", "ants"]},
    {"class_mode": "raw", "y_col": "size"}, {"class_mode": "raw", "y_col": ["size", "weight"]},
    {"class_mode": "multi_output", "y_col": ["size", "weight"]}, {"class_mode": "input"}, {"class_mode": None},
], ids=str)  # fmt: skip
def test_equals_keras(
    legacy: Any, folder: Path, frame: Any, options: dict[str, Any], subset: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments: Any = {"dataframe": frame, "directory": str(folder), "target_size": (7, 9), "batch_size": 4,
                      "shuffle": False, "subset": subset, **options}  # fmt: skip
    ours = ImageDataGenerator(validation_split=0.3).flow_from_dataframe(**arguments)
    said = capsys.readouterr().out
    theirs = legacy.ImageDataGenerator(validation_split=0.3).flow_from_dataframe(**arguments)
    assert said == capsys.readouterr().out
    for name in ("filenames", "filepaths", "samples", "image_shape", "class_indices", "classes"):
        assert getattr(ours, name, None) == getattr(theirs, name, None), name
    for i in range(len(theirs)):
        a, b = ours[i], theirs[i]
        for one, other in zip(a if isinstance(a, tuple) else [a], b if isinstance(b, tuple) else [b], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
            assert np.asarray(one).dtype == np.asarray(other).dtype


def test_whole_paths_and_missing_files(folder: Path, frame: Any) -> None:
    frame["filename"] = [str(folder / name) for name in frame["filename"]]
    frame.loc[3, "filename"] = str(folder / "gone.png")
    frame.loc[5, "filename"] = str(folder / "ants" / "notes.txt")
    with pytest.warns(UserWarning, match=r"Found 2 invalid image filename\(s\)"):
        batches = ImageDataGenerator().flow_from_dataframe(frame, target_size=(4, 4), shuffle=False)
    assert batches.samples == len(frame) - 2
    next(batches)
    unchecked = ImageDataGenerator().flow_from_dataframe(frame, target_size=(4, 4), validate_filenames=False)
    with pytest.raises(StriateError, match=r"gone\.png|notes\.txt"):
        next(unchecked)


def test_retired_arguments(folder: Path, frame: Any) -> None:
    flow: Any = {"dataframe": frame, "directory": folder, "y_col": "size"}
    with pytest.warns(DeprecationWarning, match="has_ext"):
        batches = ImageDataGenerator().flow_from_dataframe(class_mode="raw", has_ext=True, **flow)
    with pytest.warns(DeprecationWarning, match="class_mode"):
        batches = ImageDataGenerator().flow_from_dataframe(class_mode="other", **flow)
    assert batches.class_mode == "raw"
    with pytest.raises(StriateError, match="'targetsize'.*target_size"):  # noqa: RUF043
        ImageDataGenerator().flow_from_dataframe(targetsize=(3, 3), **flow)


@pytest.mark.parametrize("wrong", [
    {"dataframe": {"filename": []}}, {"x_col": "file"}, {"x_col": "size"}, {"y_col": "kind"}, {"y_col": "size"},
    {"class_mode": "binary"}, {"class_mode": "binary", "y_col": "many"}, {"class_mode": "multi_output"},
    {"weight_col": "class"}, {"weight_col": "nothing"}, {"class_mode": "category"}, {"directory": "nowhere"},
    {"classes": ["spiders"]}, {"subset": "validation"}, {"classes": "ants"}, {"y_col": ["class"]}, {"x_col": {"a": 1}},
], ids=lambda wrong: "-".join(wrong))  # fmt: skip
def test_what_does_not_fit_is_refused(folder: Path, frame: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(StriateError):
        ImageDataGenerator().flow_from_dataframe(**{"dataframe": frame, "directory": folder, **wrong})
