"""Downloads over a real connection to a server with faults."""

from __future__ import annotations

import hashlib
import random
import threading
from pathlib import Path

import pytest

from striate.datasets.storage import DatasetUnavailable, RemoteFile, cache_folder, download
from striate.download import DownloadError, fetch

from .conftest import Site

CONTENT = random.Random(1).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "file.bin"


def get(site: Site, target: Path, sha256: str = SHA256) -> Path:
    return fetch(site.address, target, size=len(CONTENT), checksum=sha256, timeout=5)


def part_of(target: Path) -> Path:
    return target.with_name("file.bin.part")


def leave_part(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True)
    part_of(target).write_bytes(content)


def test_whole_file(site: Site, target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site.content = CONTENT
    assert get(site, target).read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "downloading file.bin (0.3 MB)\n"


def test_an_interrupted_download_continues_where_it_stopped(site: Site, target: Path) -> None:
    site.content, site.cut_at = CONTENT, 100_000
    with pytest.raises(DownloadError, match=r"100,000 of 300,000 bytes.*try again"):
        get(site, target)
    assert not target.exists()
    assert get(site, target).read_bytes() == CONTENT
    assert site.requests == [None, "bytes=100000-"]


def test_a_server_that_ignores_ranges_sends_all_again(site: Site, target: Path) -> None:
    site.content, site.ranges = CONTENT, False
    leave_part(target, CONTENT[:5000])
    assert get(site, target).read_bytes() == CONTENT
    assert site.requests == ["bytes=5000-"]


def test_a_server_that_sends_another_range_is_asked_for_all(site: Site, target: Path) -> None:
    site.content, site.wrong_range = CONTENT, True
    leave_part(target, CONTENT[:5000])
    assert get(site, target).read_bytes() == CONTENT
    assert site.requests == ["bytes=5000-", None]


def test_a_part_of_another_file_is_dropped(site: Site, target: Path) -> None:
    site.content = CONTENT
    leave_part(target, b"old" * 1000)
    assert get(site, target).read_bytes() == CONTENT
    assert site.requests == ["bytes=3000-", None]


@pytest.mark.parametrize("extra", [b"", b"x"])
def test_a_wrong_part_of_full_length_or_longer_is_dropped(site: Site, target: Path, extra: bytes) -> None:
    site.content = CONTENT
    leave_part(target, bytes(len(CONTENT)) + extra)
    assert get(site, target).read_bytes() == CONTENT
    assert site.requests == [None]


def test_a_whole_part_needs_no_request(site: Site, target: Path) -> None:
    leave_part(target, CONTENT)
    assert get(site, target).read_bytes() == CONTENT
    assert site.requests == []


def test_a_shorter_file_there_than_the_part_here(site: Site, target: Path) -> None:
    site.content = CONTENT[:1000]
    leave_part(target, CONTENT[:2000])
    with pytest.raises(DownloadError, match=r"ended after 1,000 of 300,000"):
        get(site, target)
    assert site.requests == ["bytes=2000-", None]


def test_a_wrong_checksum_leaves_nothing(site: Site, target: Path) -> None:
    site.content = CONTENT
    with pytest.raises(DownloadError, match="checksum"):
        get(site, target, sha256="0" * 64)
    assert not target.exists()
    assert part_of(target).stat().st_size == 0


def test_an_endless_file_is_stopped_at_the_published_size(site: Site, target: Path) -> None:
    site.content = CONTENT + bytes(1_000_000)
    with pytest.raises(DownloadError, match="more than the 300,000 bytes"):
        get(site, target)
    assert part_of(target).stat().st_size == 0


def test_not_found(site: Site, target: Path) -> None:
    site.status = 404
    with pytest.raises(DownloadError, match="HTTP 404"):
        get(site, target)


def test_nobody_listens(target: Path) -> None:
    with pytest.raises(DownloadError, match="refused"):
        fetch("http://127.0.0.1:9/file.bin", target, size=10, checksum=SHA256, timeout=2)


def test_a_folder_that_cannot_be_made(tmp_path: Path, site: Site) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot write"):
        get(site, tmp_path / "file" / "file.bin")


def test_two_at_once_fetch_once(site: Site, target: Path) -> None:
    site.content = CONTENT
    threads = [threading.Thread(target=get, args=(site, target)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() == CONTENT
    assert site.requests == [None]


def test_the_second_address_helps_out(site: Site) -> None:
    site.content = CONTENT
    remote = RemoteFile("file.bin", ("http://127.0.0.1:9/gone/file.bin", site.address), len(CONTENT), SHA256)
    path = download("Things", remote, "things")
    assert path == cache_folder() / "datasets" / "things" / "file.bin"
    assert path.read_bytes() == CONTENT


def test_the_error_names_file_places_and_addresses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", "/some/where")
    remote = RemoteFile("file.bin", ("http://127.0.0.1:9/a/file.bin", "http://127.0.0.1:9/b/file.bin"), 10, SHA256)
    with pytest.raises(DatasetUnavailable) as caught:
        download("Things", remote, "", "Or do without.")
    message = str(caught.value)
    assert "\n" not in message
    places = ["/some/where", f"{home}/.keras/datasets", "127.0.0.1:9/a/", "127.0.0.1:9/b/"]
    for piece in ["Things: file.bin", *places, "refused", "Or do without."]:
        assert piece in message
