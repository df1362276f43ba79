"""get_file: once from the network, checked, unpacked without leaving its folder."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from striate.errors import DatasetError, StriateError
from striate.utils import files, get_file


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str, list[str]]]:
    """A folder, its address, and the paths asked for."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

    folder = tmp_path / "served"
    folder.mkdir()
    running = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()


def zipped(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_file_is_fetched_once(server: Any, tmp_path: Path) -> None:
    folder, address, asked = server
    (folder / "a.txt").write_text("text")
    checksum = hashlib.sha256(b"text").hexdigest()
    for _ in range(2):
        path = get_file("b.txt", f"{address}/a.txt?x=1", file_hash=checksum, cache_dir=tmp_path / "c", cache_subdir="d")
        assert path == str(tmp_path / "c" / "d" / "b.txt")
        assert Path(path).read_text() == "text"
    assert len(asked) == 1
    (folder / "a.txt").write_text("new")
    assert Path(get_file("b.txt", f"{address}/a.txt", cache_dir=tmp_path / "c", cache_subdir="d")).read_text() == "text"
    again = get_file("b.txt", f"{address}/a.txt", cache_dir=tmp_path / "c", cache_subdir="d", force_download=True)
    assert Path(again).read_text() == "new"
    with pytest.raises(DatasetError, match="checksum is wrong"):
        get_file("b.txt", f"{address}/a.txt", file_hash=checksum, cache_dir=tmp_path / "c", cache_subdir="d")
    assert Path(again).read_text() == "new"


def test_archives(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, address, _ = server
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    zipped(folder / "pets.zip", {"pets/cats/1.txt": b"cat", "pets/dogs/1.txt": b"dog", "empty/": b""})
    path = Path(get_file("pets.zip", f"{address}/pets.zip", extract=True))
    assert path == tmp_path / "home" / "datasets" / "pets_extracted"
    assert (path / "pets" / "cats" / "1.txt").read_bytes() == b"cat"
    assert (path / "empty").is_dir()
    with tarfile.open(folder / "flowers.tgz", "w:gz") as tar:
        info = tarfile.TarInfo("flowers/rose.txt")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"rose"))
    path = Path(get_file("flowers", f"{address}/flowers.tgz", untar=True))
    assert path == tmp_path / "home" / "datasets" / "flowers"
    assert (path / "flowers" / "rose.txt").read_bytes() == b"rose"
    assert sorted(p.name for p in path.parent.iterdir()) == ["flowers", "flowers_archive", "pets.zip", "pets_extracted"]


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "C:/out.txt", "..\\out.txt"])
def test_members_that_point_elsewhere(tmp_path: Path, name: str) -> None:
    zipped(tmp_path / "a.zip", {"good.txt": b"x", name: b"bad"})
    with pytest.raises(DatasetError, match="points out of"):
        files.unpack(tmp_path / "a.zip", tmp_path / "inner" / "folder")
    assert [p.name for p in (tmp_path / "inner").iterdir()] == []
    assert not list(tmp_path.rglob("out.txt"))


def test_links_bombs_and_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "link.tar", "w") as tar:
        info = tarfile.TarInfo("passwd")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(DatasetError, match="is a link"):
        files.unpack(tmp_path / "link.tar", tmp_path / "out")
    zipped(tmp_path / "bomb.zip", {"zeros": bytes(1 << 20)})
    monkeypatch.setattr(files, "FLOOR", 1 << 10)
    monkeypatch.setattr(files, "RATIO", 10)
    with pytest.raises(DatasetError, match="more than any data set"):
        files.unpack(tmp_path / "bomb.zip", tmp_path / "out")
    monkeypatch.undo()
    damaged = (tmp_path / "bomb.zip").read_bytes()
    for i, raw in enumerate((b"", damaged[:500], damaged[:60] + b"???" + damaged[63:])):
        (tmp_path / f"{i}.zip").write_bytes(raw)
        with pytest.raises(DatasetError, match=r"cannot be unpacked|is no"):
            files.unpack(tmp_path / f"{i}.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"origin": None}, "origin=None"),
        ({"fname": "a/b"}, "without folders"),
        ({"origin": "http://127.0.0.1/"}, "name of a file"),
        ({"file_hash": "123"}, "hexadecimal"),
        ({"hash_algorithm": "crc"}, "sha256"),
        ({"cache_dir": "x"}, "cannot be downloaded"),
    ],
)
def test_wrong_use(options: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StriateError, match=message):
        get_file(**{"origin": "http://127.0.0.1:9/a.txt", **options})
