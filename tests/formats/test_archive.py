"""Zip archives that nobody vouches for."""

import io
import random
import struct
import zipfile

import pytest

from striate.errors import ModelFileError
from striate.formats.archive import Archive


def make_zip(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def open_zip(data):
    return Archive(io.BytesIO(data), "m.keras")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_reads_members(compression):
    archive = open_zip(make_zip([("a", b"alpha"), ("b", b"beta" * 1000)], compression))
    assert archive.read("a", 100) == b"alpha"
    with archive.open("b") as file:
        assert file.seek(0, io.SEEK_END) == 4000
        file.seek(4)
        assert file.read(4) == b"beta"


def test_reads_archives_with_64_bit_records(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    data = make_zip([("a", b"alpha" * 10)])
    monkeypatch.undo()
    assert b"PK\x06\x06" in data
    assert open_zip(data).read("a", 100) == b"alpha" * 10


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" + bytes(50), bytes(100_000)])
def test_refuses_what_is_no_zip(data):
    with pytest.raises(ModelFileError, match="foreign or truncated"):
        open_zip(data)


def test_refuses_truncated_archives():
    data = make_zip([("a", b"alpha" * 100)])
    for length in range(0, len(data), 7):
        with pytest.raises(ModelFileError):
            open_zip(data[:length])


def test_refuses_archives_with_other_data_around_them():
    data = make_zip([("a", b"alpha")])
    for wrong in (b"before" + data, data + b"behind"):
        with pytest.raises(ModelFileError, match="other data"):
            open_zip(wrong)


def test_missing_members_are_named():
    with pytest.raises(ModelFileError, match=r"m\.keras: has no b"):
        open_zip(make_zip([("a", b"")])).read("b", 10)


def test_members_are_found_by_exact_name_only():
    archive = open_zip(make_zip([("../a", b"outside"), ("/a", b"root"), ("sub/../a", b"tricky")]))
    with pytest.raises(ModelFileError, match="has no a"):
        archive.read("a", 10)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_refuses_members_that_come_twice():
    with pytest.raises(ModelFileError, match="2 times"):
        open_zip(make_zip([("a", b"one"), ("a", b"two")])).read("a", 10)


def test_refuses_long_members_before_reading():
    with pytest.raises(ModelFileError, match="11 bytes, more than the 10"):
        open_zip(make_zip([("a", bytes(11))])).read("a", 10)


def test_refuses_bombs_before_unpacking():
    data = make_zip([("a", bytes(65 << 20))], zipfile.ZIP_DEFLATED)
    assert len(data) < 100_000
    with pytest.raises(ModelFileError, match="decompression bomb"), open_zip(data).open("a"):
        raise AssertionError("never reached")


def test_a_member_longer_than_declared_is_cut_and_refused():
    data = bytearray(make_zip([("a", b"x" * 1000)], zipfile.ZIP_DEFLATED))
    directory = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 10)  # declared size after unpacking
    with pytest.raises(ModelFileError, match="truncated or damaged"):
        open_zip(bytes(data)).read("a", 100)


def test_a_damaged_member_is_refused():
    data = bytearray(make_zip([("a", b"x" * 1000)]))
    data[500] ^= 1
    with pytest.raises(ModelFileError, match="damaged"):
        open_zip(bytes(data)).read("a", 2000)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_refuses_other_compressions(compression):
    with pytest.raises(ModelFileError, match="compression"):
        open_zip(make_zip([("a", b"alpha")], compression)).read("a", 10)


def test_refuses_encrypted_members():
    data = bytearray(make_zip([("a", b"alpha")]))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ModelFileError, match="encrypted"):
        open_zip(bytes(data)).read("a", 10)


def test_refuses_an_enormous_table_of_contents_before_parsing_it():
    data = make_zip([(f"{'n' * 200}{i}", b"") for i in range(20_000)])
    with pytest.raises(ModelFileError, match="table of contents"):
        open_zip(data)


def test_damage_anywhere_is_an_error_of_ours_or_harmless():
    data = make_zip([("a", bytes(range(256)) * 8)], zipfile.ZIP_DEFLATED)
    generator = random.Random(1)
    outcomes = set()
    for _ in range(500):
        damaged = bytearray(data)
        damaged[generator.randrange(len(data))] = generator.randrange(256)
        try:
            outcomes.add(open_zip(bytes(damaged)).read("a", 4096) == bytes(range(256)) * 8)
        except ModelFileError:
            outcomes.add(False)
    assert outcomes == {True, False}
