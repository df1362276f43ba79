"""Replacing files: all or nothing, whatever goes wrong on the way."""

import errno
import os
import stat

import pytest

from striate.errors import ModelFileError
from striate.formats.atomic import replacing


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_a_new_file_with_ordinary_permissions(tmp_path):
    path = tmp_path / "new.bin"
    with replacing(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    assert leftovers(tmp_path) == ["new.bin"]


def test_keeps_permissions_and_links(tmp_path):
    target, link = tmp_path / "target.bin", tmp_path / "link.bin"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    with replacing(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, failing):
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    message = r"model\.bin: could not be saved: No space left.*old file is unchanged"
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        with pytest.raises(ModelFileError, match=message), replacing(path) as file:
            file.write(b"new")
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == ["model.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_errors_and_interrupts_of_the_writer_leave_the_old_file(tmp_path, error):
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")

    def write_half():
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == ["model.bin"]


def test_a_missing_folder_is_an_error(tmp_path):
    expected = r"there is no folder .*no; make it first"
    with pytest.raises(ModelFileError, match=expected), replacing(tmp_path / "no" / "model.bin"):
        raise AssertionError("never reached")


def test_a_folder_is_not_replaced(tmp_path):
    with pytest.raises(ModelFileError, match="not a regular file"), replacing(tmp_path):
        raise AssertionError("never reached")
