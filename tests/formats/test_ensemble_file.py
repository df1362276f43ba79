"""Ensembles as one file: round trips, and files that nobody vouches for."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate
from striate.cli import main
from striate.errors import ModelFileError
from striate.models import load_model
from training.networks import data, small

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def ensemble() -> Any:
    x, y = data(30)

    def make() -> Any:
        model = small(striate)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    trained = striate.Ensemble.train(make, x, y, members=3, verbose=0)
    return striate.Ensemble(trained.members, weights=[0.1, 0.7, 0.4], name="three")


@pytest.fixture
def parts(ensemble: Any, tmp_path: Path) -> Members:
    """What a good file holds."""
    ensemble.save(tmp_path / "good.keras")
    with zipfile.ZipFile(tmp_path / "good.keras") as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def put(parts: Members, path: Path, packing: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_to_the_last_bit(ensemble: Any, tmp_path: Path) -> None:
    ensemble.save(tmp_path / "e.keras")
    for again in (load_model(tmp_path / "e.keras"), striate.Ensemble.load(tmp_path / "e.keras")):
        assert isinstance(again, striate.Ensemble)
        assert (again.name, again.weights) == ("three", ensemble.weights)
        for one, other in zip(ensemble, again, strict=True):
            for before, after in zip(one.get_weights(), other.get_weights(), strict=True):
                np.testing.assert_array_equal(before, after)
            assert other.optimizer.iterations == one.optimizer.iterations > 0
        x, y = data(20, seed=9)
        np.testing.assert_array_equal(again.predict(x, verbose=0), ensemble.predict(x, verbose=0))
        assert again.evaluate(x, y) == ensemble.evaluate(x, y)
    assert not load_model(tmp_path / "e.keras", compile=False).members[0].compiled


def test_members_are_model_files(parts: Members, ensemble: Any, tmp_path: Path, keras: Any) -> None:
    assert list(parts) == ["ensemble.json", "members/0.keras", "members/1.keras", "members/2.keras"]
    assert json.loads(parts["ensemble.json"]) == {
        "format": "striate ensemble 1", "name": "three", "weights": ensemble.weights,
    }  # fmt: skip
    (tmp_path / "one.keras").write_bytes(parts["members/1.keras"])
    x, _ = data(20, seed=9)
    np.testing.assert_allclose(
        keras.models.load_model(tmp_path / "one.keras").predict(x, verbose=0),
        ensemble.members[1].predict(x, verbose=0), atol=1e-6,
    )  # fmt: skip


def test_names_and_overwriting(ensemble: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r'ends in ".keras"'):
        ensemble.save(tmp_path / "e.zip")
    ensemble.save(tmp_path / "e.keras")
    with pytest.raises(ModelFileError, match="exists already"):
        ensemble.save(tmp_path / "e.keras", overwrite=False)
    ensemble.members[0].save(tmp_path / "one.keras")
    with pytest.raises(ModelFileError, match="not an ensemble"):
        striate.Ensemble.load(tmp_path / "one.keras")


def test_a_failure_leaves_the_old_file(ensemble: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "e.keras"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("striate.formats.keras_weights.write_weights", fail)
    with pytest.raises(ModelFileError, match="No space left"):
        ensemble.save(path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["e.keras"]


def changed(**values: Any) -> bytes:
    form = {"format": "striate ensemble 1", "name": "three", "weights": [0.1, 0.7, 0.4]} | values
    return json.dumps({key: value for key, value in form.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (b"[]", "ensemble.json"),
        (b"{", "not valid JSON"),
        (b" " * (2 << 20), "more than"),
        (changed(format="striate ensemble 2"), "expected 'striate ensemble 1'"),
        (changed(format=None), "format=None"),
        (changed(name=3), "text as name"),
        (changed(weights=None), "1 to 1000 numbers"),
        (changed(weights=[]), "1 to 1000 numbers"),
        (changed(weights=[0.1] * 1001), "1 to 1000 numbers"),
        (changed(weights=[0.1, "0.7", 0.4]), "1 to 1000 numbers"),
        (changed(weights=[0.1, True, 0.4]), "1 to 1000 numbers"),
        (changed(weights=[0.1, -0.7, 0.4]), "0 or more"),
        (changed(weights=[0, 0, 0]), "not all 0"),
        (changed(weights=[1, 1, 1, 1]), r"has no members/3\.keras"),
        (b'{"format": "striate ensemble 1", "name": "x", "weights": [1e999]}', "ensemble.json"),
        (b'{"format": "striate ensemble 1", "name": "x", "weights": [NaN]}', "ensemble.json"),
    ],
)
def test_hostile_descriptions(form: bytes, message: str, parts: Members, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=message):
        load_model(put(parts | {"ensemble.json": form}, tmp_path / "e.keras"))


def test_hostile_members(parts: Members, tmp_path: Path) -> None:
    path = tmp_path / "e.keras"
    with pytest.raises(ModelFileError, match=r"members/0\.keras is packed"):
        load_model(put(parts, path, zipfile.ZIP_DEFLATED))
    for content in (b"", b"text", parts["members/1.keras"][:-30], parts["ensemble.json"]):
        with pytest.raises(ModelFileError, match=r"e\.keras: members/1\.keras"):
            load_model(put(parts | {"members/1.keras": content}, path))
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match=r"members/2\.keras: has no config\.json"):
        load_model(put(parts | {"members/2.keras": nested.getvalue()}, path))
    other = small(striate, classes=4)
    other.save(tmp_path / "other.keras")
    with pytest.raises(ModelFileError, match=r"e\.keras: Ensemble: member 2, .* puts out"):
        load_model(put(parts | {"members/2.keras": (tmp_path / "other.keras").read_bytes()}, path))


def test_members_that_lie_over_each_other(parts: Members, tmp_path: Path) -> None:
    """Directory entries that all lead to the same bytes would have a small file stand for any number of networks."""
    path = put(parts | {"ensemble.json": changed(weights=[1.0] * 40)}, tmp_path / "e.keras")
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo("members/0.keras")
        for i in range(3, 40):
            info = zipfile.ZipInfo(f"members/{i}.keras")
            info.header_offset, info.CRC = first.header_offset, first.CRC
            info.file_size = info.compress_size = first.file_size
            archive.filelist.append(info)
            archive.NameToInfo[info.filename] = info
        archive._didModify = True  # type: ignore[attr-defined]
    with pytest.raises(ModelFileError, match="but the file has"):
        load_model(path)


def test_truncated_files(ensemble: Any, tmp_path: Path) -> None:
    path = tmp_path / "e.keras"
    ensemble.save(path)
    data = path.read_bytes()
    ends = [data.find(b"PK\x05\x06") + 22 + i for i in range(3)]  # where the first member's own archive is whole
    for length in (*range(0, len(data), len(data) // 60), *ends):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError):
            load_model(path)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    striate.Ensemble([small(striate), small(striate)], name="pair").save("pair.keras")
    assert main(["summary", "pair.keras"]) == 0
    assert 'Ensemble: "pair"' in capsys.readouterr().out
    Image.new("L", (8, 8)).save("black.png")
    assert main(["predict", "pair.keras", "black.png"]) == 0
    assert capsys.readouterr().out.startswith("black.png  class ")
