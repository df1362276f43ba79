"""Files that lie: every one ends in a DatasetError, soon, and nothing in it is executed."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.datasets.idx import read_idx
from striate.datasets.npz import read_npz
from striate.datasets.pickles import PickleError, RawArray, read_pickle
from striate.errors import DatasetError


def idx(shape: tuple[int, ...], body: bytes, kind: int = 8) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + body


PACKED = gzip.compress(idx((2, 2, 2), bytes(8)), mtime=0)  # without the time, so that the tests' names stay the same


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx(tmp_path: Path, pack: type[bytes]) -> None:
    file = tmp_path / "images"
    file.write_bytes(pack(idx((2, 3, 2), bytes(range(12)))))
    np.testing.assert_array_equal(read_idx(file, 3), np.arange(12, dtype=np.uint8).reshape(2, 3, 2))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not an IDX file"),
        (b"\x1f\x8b", "unpacked"),
        (b"<html>not found</html>", "not an IDX file"),
        (idx((2, 2, 2), bytes(7)), "ends after 7"),
        (idx((2, 2, 2), bytes(9)), "has more"),
        (idx((4,), bytes(4)), "not an IDX file"),
        (idx((4, 1), bytes(60)), "2 dimensions"),
        (idx((1, 2, 2), bytes(16), kind=0x0D), "type 0x0d"),
        (idx((2**32 - 1, 28, 28), b""), "claims"),
        (idx((1000, 2**31, 2**31), b""), "claims"),
        (PACKED[:-9], "unpacked"),
        (PACKED[:-8] + bytes(8), "unpacked"),
        (gzip.compress(idx((2, 2, 2), bytes(50_000_000)), mtime=0), "has more"),
    ],
)
def test_damaged_idx(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "images"
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=why) as caught:
        read_idx(file, 3)
    assert str(file) in str(caught.value)


def test_idx_that_promises_much_takes_little(tmp_path: Path) -> None:
    import tracemalloc

    file = tmp_path / "images"
    file.write_bytes(idx((2_000_000, 1024, 1024), bytes(1000)))
    tracemalloc.start()
    with pytest.raises(DatasetError, match="ends after 1,000"):
        read_idx(file, 3)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_idx(tmp_path, 1)


def npy(array: np.ndarray, shape: str | None = None) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    content = stream.getvalue()
    if shape is not None:
        old = f"'shape': {array.shape}".encode()
        assert old in content
        content = content.replace(old, f"'shape': {shape}".encode().ljust(len(old)))
    return content


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_npz(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", x=npy(np.arange(6, dtype=np.uint8)), y=npy(np.array([0, 255], np.int64)))
    x, y = read_npz(path, ["x", "y"])
    assert x.dtype == y.dtype == np.uint8
    assert x.tolist() == [0, 1, 2, 3, 4, 5]
    assert y.tolist() == [0, 255]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (npy(np.zeros(5, np.float32)), "float32"),
        (npy(np.array([256])), "outside 0 to 255"),
        (npy(np.array([-1])), "outside 0 to 255"),
        (npy(np.zeros(1000, np.uint8), "(9999,)"), "claims"),
        (npy(np.zeros(1000, np.uint8), "(-1,)"), "claims"),
        (npy(np.zeros(1000, np.uint8))[:-1], "claims|bytes of data"),
        (b"nonsense", "not an .npy"),
        (b"", "not an .npy"),
        (npy(np.zeros((3, 2), np.uint8, order="F")), "row order"),
    ],
)
def test_damaged_npz_member(tmp_path: Path, content: bytes, why: str) -> None:
    path = archive(tmp_path / "a.npz", x=content)
    with pytest.raises(DatasetError, match=why):
        read_npz(path, ["x"])


def test_objects_in_npz_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([Bomb(tmp_path)], object), allow_pickle=True)
    with pytest.raises(DatasetError, match="object"):
        read_npz(archive(tmp_path / "a.npz", x=stream.getvalue()), ["x"])
    assert not (tmp_path / "executed").exists()


def test_npz_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DatasetError, match="not a readable"):
        read_npz(path, ["x"])
    archive(path, y=npy(np.zeros(1, np.uint8)))
    with pytest.raises(DatasetError, match="no array 'x'"):
        read_npz(path, ["x"])


class Bomb:
    """Leaves a file behind when it is unpickled by pickle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder / "executed"),)


@pytest.mark.parametrize("protocol", [3, 4, 5])  # Python 2's form is in test_loading
def test_pickled_arrays_of_any_protocol(protocol: int) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(4, 6)
    value = {"data": array, "labels": [1, 200, 70_000, -5, -(2**70)], "names": ["a", "ä"], "t": (1, 2, 3, 4), "n": None}
    if protocol == 5:
        value["data"] = 0  # NumPy writes protocol 5 through other functions, as no CIFAR file does
    fields = read_pickle(pickle.dumps(value, protocol=protocol))
    assert isinstance(fields, dict)
    data = fields.pop("data")
    del value["data"]
    assert fields == value
    if protocol < 5:
        assert isinstance(data, RawArray)
        assert (data.shape, data.type, data.fortran, data.data) == ((4, 6), b"u1", False, array.tobytes())


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_programs_in_pickles_do_not_run(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps({"data": Bomb(tmp_path)}, protocol=protocol)
    with pytest.raises(PickleError, match=r"mkdir"):
        read_pickle(content)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80\x02",
        b"\x80\x02(.",
        b"\x80\x02}q\x01(U\x04data",
        b"T\xff\xff\xff\xff.",  # a string of length -1
        b"B\xff\xff\xff\xffabc.",
        b"\x8e" + b"\xff" * 8 + b".",
        b"r\xff\xff\xff\xff.",  # memo without a value
        b"h\x05.",  # a value never remembered
        b"cos\nsystem\n.",
        b"cbuiltins\neval\n.",
        b"c" + b"a" * 100_000,
        b"cnumpy\ndtype\ncnumpy\ndtype\nR.",
        b"cnumpy\nndarray\n)R.",  # ndarray itself, that would reserve memory
        b"K\x01K\x02s.",
        b"]K\x01K\x02u.",
        b"}(]K\x01u.",  # a list as key
        b"}b.",
        b"S'text'\n.",
        b"P1\n.",  # persistent ids
        b"\x82\x01.",  # extension registry
        b"i__main__\nBomb\n.",
        b"]]\x93.",
    ],
)
def test_malformed_pickles(content: bytes) -> None:
    with pytest.raises(PickleError):
        read_pickle(content)


def test_values_nested_beyond_all_reason_are_quick() -> None:
    """Doubling a tuple a thousand times makes 2^1000 leaves: whoever hashes, prints or compares it never returns."""
    places = [struct.pack("<I", i) for i in range(1000)]
    doubled = b"\x80\x02K\x01" + b"".join(b"r" + place + b"j" + place + b"\x86" for place in places)
    begin = time.perf_counter()
    read_pickle(doubled + b".")
    attacks = [b"}%bK\x01s.", b"%bX\x01\0\0\0a\x93.", b"cnumpy\ndtype\n%bR.", b"%b)R.", b"}K\x01%bs."]
    for attack in (pattern % doubled for pattern in attacks):
        with pytest.raises(PickleError):
            read_pickle(attack)
    assert time.perf_counter() - begin < 2


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_a_pickle_error(content: bytes) -> None:
    try:
        read_pickle(content)
    except PickleError as error:
        assert str(error)  # noqa: PT017 (both ends are right; anything else fails the test)
