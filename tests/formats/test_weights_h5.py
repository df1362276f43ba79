"""HDF5 files that nobody vouches for."""

import io
import random
from contextlib import suppress

import h5py
import numpy as np
import pytest

from striate.errors import ModelFileError
from striate.formats.weights_h5 import WeightsReader, WeightsWriter

KERNEL = np.arange(12, dtype=np.float32).reshape(3, 4)


def read(data, path="layers/dense"):
    with WeightsReader(io.BytesIO(data), "w.h5") as reader:
        assert reader.shapes(path) is not None
        return reader.read(path)


def made(fill):
    """Bytes of an HDF5 file whose group layers/dense/vars `fill` has filled."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file.create_group("layers/dense/vars"))
    return buffer.getvalue()


def test_reads_what_was_written():
    buffer = io.BytesIO()
    with WeightsWriter(buffer) as writer:
        writer.write("", "model", [])
        writer.write("layers/dense", "my dense", [KERNEL, np.ones(4, dtype=np.float32)])
        writer.write("optimizer", "adam", [np.int64(7), np.float32(0.5)])
    kernel, bias = read(buffer.getvalue())
    np.testing.assert_array_equal(kernel, KERNEL)
    np.testing.assert_array_equal(bias, 1)
    steps, rate = read(buffer.getvalue(), "optimizer")
    assert steps == 7
    assert steps.dtype.kind == "i"
    assert rate == 0.5
    with WeightsReader(buffer, "w.h5") as reader:
        assert reader.shapes("layers/dense") == [(3, 4), (4,)]
        assert reader.shapes("layers/other") is None
        assert reader.shapes("") == []


def test_a_full_disk_is_reported():
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() > 4000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space left"), WeightsWriter(Full()) as writer:
        writer.write("layers/dense", "dense", [np.zeros((100, 100), dtype=np.float32)])


@pytest.mark.parametrize("dtype", ["f2", "f8", ">f4"])
def test_other_floats_become_float32(dtype):
    (array,) = read(made(lambda group: group.create_dataset("0", data=KERNEL.astype(dtype))))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, KERNEL)


def external_data(group):
    group.create_dataset("0", (2,), "f4", external=[("/etc/passwd", 0, 8)])


def virtual_data(group):
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2,))
    group.create_virtual_dataset("0", layout)


def enormous(group):
    space = h5py.h5s.create_simple((2**40,))
    h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, space)


def enormous_chunked(group):
    group.create_dataset("0", (2**40,), "f4", chunks=(1024,), compression="gzip")


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (external_data, "other files"),
        (virtual_data, "other files"),
        (enormous, "stores 0"),
        (enormous_chunked, "chunked or compressed"),
        (lambda group: group.create_dataset("0", data=KERNEL, compression="gzip"), "chunked or compressed"),
        (lambda group: group.__setitem__("0", h5py.ExternalLink("/etc/passwd", "x")), "link to another file"),
        (lambda group: group.__setitem__("0", h5py.SoftLink("/layers")), "link to another place"),
        (lambda group: group.create_group("0"), "found a group"),
        (lambda group: group.__setitem__("1", KERNEL), "found nothing"),
        (lambda group: group.__setitem__("0", "text"), "dtype object"),
        (lambda group: group.__setitem__("0", np.zeros(3, dtype=[("a", "f4")])), "dtype"),
        (lambda group: group.__setitem__("0", KERNEL.astype(complex)), "dtype complex"),
        (lambda group: group.__setitem__("0", h5py.Empty("f4")), "dtype"),
    ],
)
def test_refuses(fill, message):
    with pytest.raises(ModelFileError, match=message):
        read(made(fill))


@pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "x"), h5py.SoftLink("/elsewhere/vars")])
def test_refuses_links_on_the_way(link):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["elsewhere/vars/0"] = KERNEL
        file["layers"] = link
    with pytest.raises(ModelFileError, match="link to"):
        read(buffer.getvalue())


def test_refuses_an_array_where_a_group_belongs():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers"] = KERNEL
    with pytest.raises(ModelFileError, match="expected a group"):
        read(buffer.getvalue())


def test_one_array_under_many_names_cannot_multiply():
    """Hard links cost nothing in a file, but each would cost memory when read."""

    def fill(group):
        group["0"] = np.zeros(100_000, dtype=np.float32)
        for i in range(1, 1000):
            group[str(i)] = group["0"]

    with pytest.raises(ModelFileError, match="claim more bytes than the file has"):
        read(made(fill))


def test_refuses_truncated_and_foreign_files():
    data = made(lambda group: group.__setitem__("0", KERNEL))
    for length in (0, 1, 100, len(data) // 2, len(data) - 1):
        with pytest.raises(ModelFileError, match="truncated or damaged"):
            read(data[:length])
    with pytest.raises(ModelFileError, match="truncated or damaged"):
        read(b"GIF89a" + bytes(1000))


def test_damage_anywhere_is_an_error_of_ours_or_harmless():
    def fill(group):
        for i in range(5):
            group[str(i)] = KERNEL

    data = made(fill)
    generator = random.Random(1)
    harmless = 0
    for _ in range(600):
        damaged = bytearray(data)
        for _ in range(generator.choice([1, 1, 8])):
            damaged[generator.randrange(len(data))] = generator.choice([0, 255, generator.randrange(256)])
        with suppress(ModelFileError, AssertionError):  # the assertion: the group's name was hit
            arrays = read(bytes(damaged))
            harmless += 1
            assert sum(array.nbytes for array in arrays) <= len(data)
    assert 0 < harmless < 600
