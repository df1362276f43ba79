"""Files in the layout of Keras 1 and 2 that nobody vouches for: one error, in bounded time and memory."""

import io
import random
import resource
import time
from contextlib import contextmanager, suppress

import h5py
import numpy as np
import pytest

import striate
from formats import networks
from formats.test_legacy_weights import saved_by, write
from striate.errors import ModelFileError


@pytest.fixture
def model():
    return networks.classifier(striate)


@pytest.fixture
def path(model, tmp_path):
    """A good file, to be spoilt."""
    return write(tmp_path / "w.h5", saved_by(model))


@contextmanager
def bounded(seconds=10, megabytes=200):
    """Fails when the block takes more time, or more memory than the process ever had before."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - began < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < megabytes << 10


def refuses(model, path, message):
    before = model.get_weights()
    with bounded(), pytest.raises(ModelFileError, match=message):
        model.load_weights(path)
    for mine, its in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, its)


def replace_kernel(file, make):
    del file["head/head/kernel:0"]
    make(file["head/head"])


def external(group):
    group.create_dataset("kernel:0", (48, 3), "f4", external=[("/etc/passwd", 0, 576)])


def virtual(group):
    layout = h5py.VirtualLayout((48, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (48, 3))
    group.create_virtual_dataset("kernel:0", layout)


def enormous(group):
    h5py.h5d.create(group.id, b"kernel:0", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((2**40,)))


def bomb(group):
    group.create_dataset("kernel:0", (2**13, 2**13), "f4", chunks=(2**13, 2**13), compression="gzip")[0] = 1


def loop(group):
    group["kernel:0"] = group


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (external, "other files"),
        (virtual, "other files"),
        (enormous, "stores 0"),
        (bomb, "chunked or compressed"),
        (loop, "found a group"),
        (lambda group: group.__setitem__("kernel:0", np.full((48, 3), 1e300)), "beyond float32"),
        (lambda group: group.__setitem__("kernel:0", h5py.ExternalLink("/etc/passwd", "x")), "link to another file"),
        (lambda group: group.__setitem__("kernel:0", h5py.SoftLink("/head/head/kernel:0")), "link to another place"),
        (lambda group: None, "found nothing"),
        (lambda group: group.__setitem__("kernel:0", "text"), "dtype object"),
    ],
)
def test_arrays(make, message, model, path):
    with h5py.File(path, "a") as file:
        replace_kernel(file, make)
    refuses(model, path, message)


def texts(*values):
    return np.asarray(values, dtype="S")


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("layer_names", texts(b"conv", b"norm", b"nowhere"), "no group of that name"),
        ("layer_names", texts(b"conv", b"../norm", b"head"), "no group of that name"),
        ("layer_names", texts(b"conv", b"", b"head"), "no group of that name"),
        ("layer_names", texts(b"conv", b"norm", b"\xff"), "damaged"),
        ("layer_names", np.arange(3), "expected text, got dtype int64"),
        ("layer_names", texts(b"conv/conv/kernel:0"), "found an array"),
        ("layer_names", texts(b"/".join([b"loop"] * 60)), "2 layers|first that differ"),
        ("layer_names", texts(b"/".join([b"loop"] * 70)), "a path of 70 names"),
        ("layer_names", texts(*[b"head"] * 1000), "has 1000 layers with weights and the model 3"),
        ("keras_version", texts(b"2", b"3"), None),
        ("backend", np.float64(3), "expected text"),
    ],
)
def test_attributes(attribute, value, message, model, path):
    with h5py.File(path, "a") as file:
        file["loop"] = file
        file.attrs[attribute] = value
    if message is None:
        model.load_weights(path)
    else:
        refuses(model, path, message)


def test_weight_names_that_lead_elsewhere(model, path):
    with h5py.File(path, "a") as file:
        file["head"].attrs["weight_names"] = texts(b"../conv/conv/kernel:0", b"head/bias:0")
    refuses(model, path, "found nothing")


def test_groups_that_are_links(model, path):
    for link in (h5py.SoftLink("/conv"), h5py.ExternalLink("/etc/passwd", "x"), h5py.SoftLink("/norm")):
        with h5py.File(path, "a") as file:
            del file["norm"]
            file["norm"] = link
        refuses(model, path, "norm is a link to another")


def test_texts_that_share_one_long_text_cannot_multiply(model, path):
    """A list of references costs 16 bytes for each text; unfolded, each costs what it refers to."""
    with h5py.File(path, "a") as file:
        del file.attrs["layer_names"]
        file.attrs.create("layer_names", [b"x" * 1_000_000] + [b"y"] * 1999, dtype=h5py.string_dtype())
    data = path.read_bytes()
    first = data.index((1_000_000).to_bytes(4, "little"))
    reference = data[first : first + 16]
    path.write_bytes(data[:first] + reference * 2000 + data[first + 16 * 2000 :])
    refuses(model, path, "2000 texts that may take 2[0-9]{9} bytes")


def test_one_long_text_beside_many_short_ones(model, path):
    """Keras 3 puts names and the configuration of a network into texts of any length: size times count says nothing."""
    with h5py.File(path, "a") as file:
        names = ["conv", "norm", "head", *(f"empty{i}" for i in range(1500))]
        for name in names[3:]:
            file.create_group(name).attrs["weight_names"] = np.zeros(0)
        file.attrs.create("layer_names", names, dtype=h5py.string_dtype())
        file.attrs["model_config"] = "x" * 1_500_000
    assert path.stat().st_size * len(names) > 2 << 30
    with bounded():
        model.load_weights(path)


def test_many_heaps_of_long_texts_are_not_counted_one_by_one(model, path):
    with h5py.File(path, "a") as file:
        for i in range(100):
            file.attrs[f"long{i}"] = "x" * 100_000
        file.attrs.create("layer_names", ["conv"] * 3000, dtype=h5py.string_dtype())
    with bounded(), pytest.raises(ModelFileError):
        model.load_weights(path)


def test_names_of_absurd_length(model, path):
    with h5py.File(path, "a") as file:
        file.attrs["layer_names"] = np.asarray([b"x" * 5000])
    refuses(model, path, "layer_names longer than 2000 letters")


def test_texts_of_absurd_length(model, path):
    with h5py.File(path, "a") as file:
        del file.attrs["layer_names"]
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(2**31)
        with suppress(Exception):  # HDF5 itself refuses attributes of 64 KB and more, in files of its older format
            h5py.h5a.create(file.id, b"layer_names", kind, h5py.h5s.create_simple((4,)))
    refuses(model, path, "texts that may take|has 0 arrays|layer conv")


def test_names_without_end_in_pieces(model, path):
    with h5py.File(path, "a", libver="latest") as file:
        del file.attrs["layer_names"]
        for piece in range(40):
            file.attrs[f"layer_names{piece}"] = np.full(6000, b"conv", dtype="S4")
    refuses(model, path, "more than 100000 layer_names")


def test_one_array_under_many_names_cannot_multiply(model, tmp_path):
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = texts(b"conv", b"norm", b"head")
        file["array"] = np.zeros(4_000_000, dtype=np.float32)
        for name in ("conv", "norm", "head"):
            file.create_group(name).attrs["weight_names"] = texts(*[b"w%d" % i for i in range(500)])
            for i in range(500):
                file[name][f"w{i}"] = file["array"]
    refuses(model, path, "the file has 500 arrays")


def test_truncated_anywhere(model, path):
    data = path.read_bytes()
    for length in (0, 7, 100, len(data) // 3, len(data) - 1):
        path.write_bytes(data[:length])
        refuses(model, path, "truncated or damaged")


def test_texts_that_are_no_utf8(tmp_path):
    model, path = networks.classifier(striate), tmp_path / "m.h5"
    model.save(path)
    data = path.read_bytes()
    assert b"channels_last" in data
    path.write_bytes(data.replace(b"channels_last", b"channels_l\xc3st"))
    with pytest.raises(ModelFileError, match=r"model_config: is damaged, is not UTF-8"):
        striate.models.load_model(path)


def test_damage_anywhere_is_an_error_of_ours_or_harmless(model, path):
    data = path.read_bytes()
    before = model.get_weights()
    generator = random.Random(2)
    from striate.formats.legacy_h5 import LegacyReader
    from striate.formats.legacy_weights import read_legacy

    harmless = 0
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(generator.choice([1, 1, 8])):
            damaged[generator.randrange(len(data))] = generator.choice([0, 255, generator.randrange(256)])
        model.set_weights(before)
        try:
            with LegacyReader(io.BytesIO(damaged), "w.h5") as reader:
                read_legacy(model, reader, "w.h5")
            harmless += 1
        except ModelFileError:
            for mine, its in zip(model.get_weights(), before, strict=True):
                np.testing.assert_array_equal(mine, its)
    assert 0 < harmless < 500
