"""load_data of every module, from small files made here in the layouts that exist."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.datasets import cifar10, cifar100, fashion_mnist, mnist
from striate.datasets.storage import RemoteFile, cache_folder
from striate.errors import DatasetError

from .conftest import Site


def write_idx(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_fashion(folder: Path, suffix: str = ".gz", labels: int = 6) -> None:
    random = np.random.default_rng(0)
    for prefix in ("train", "t10k"):
        write_idx(folder / f"{prefix}-images-idx3-ubyte{suffix}", random.integers(0, 256, (6, 28, 28), np.uint8))
        write_idx(folder / f"{prefix}-labels-idx1-ubyte{suffix}", np.arange(labels, dtype=np.uint8))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> object:
        raise OSError("Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize("place", ["data", "home/.keras/datasets", "system", "home/.cache/striate/datasets"])
def test_fashion_mnist_is_found(tmp_path: Path, data: Path, place: str, suffix: str) -> None:
    write_fashion(tmp_path / place / "fashion-mnist", suffix)
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert x_train.shape == x_test.shape == (6, 28, 28)
    assert y_train.tolist() == y_test.tolist() == [0, 1, 2, 3, 4, 5]
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    x_train += 1  # the arrays are the caller's own


def test_fashion_mnist_that_does_not_fit_together(data: Path) -> None:
    write_fashion(data / "fashion-mnist", labels=5)
    with pytest.raises(DatasetError, match="6 images but 5 labels"):
        fashion_mnist.load_data()


def test_fashion_mnist_with_a_label_too_many(data: Path) -> None:
    write_fashion(data / "fashion-mnist")
    write_idx(data / "fashion-mnist" / "train-labels-idx1-ubyte.gz", np.full(6, 10, np.uint8))
    with pytest.raises(DatasetError, match="label 10, expected 0 to 9"):
        fashion_mnist.load_data()


@pytest.mark.usefixtures("no_network")
def test_nothing_anywhere(data: Path) -> None:
    for load, name in [
        (fashion_mnist.load_data, "train-images-idx3-ubyte.gz"),
        (mnist.load_data, "mnist.npz"),
        (cifar10.load_data, "cifar-10-python.tar.gz"),
        (cifar100.load_data, "cifar-100-python.tar.gz"),
    ]:
        with pytest.raises(DatasetError, match=name) as caught:
            load()
        for piece in (str(data), "https://", "Network is unreachable"):
            assert piece in str(caught.value)


def test_what_is_nowhere_is_downloaded_once(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write_fashion(tmp_path)
    content = {path.name: path.read_bytes() for path in tmp_path.glob("*.gz")}
    monkeypatch.setattr(fashion_mnist, "_ADDRESSES", (site.address.removesuffix("file.bin"),))
    published = {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in content.items()}
    monkeypatch.setattr(fashion_mnist, "_FILES", published)
    site.by_path = {f"/{name}": body for name, body in content.items()}
    for _ in range(2):
        assert fashion_mnist.load_data()[1][1].tolist() == [0, 1, 2, 3, 4, 5]
    assert len(site.requests) == 4
    folder = cache_folder() / "datasets" / "fashion-mnist"
    assert sorted(path.name for path in folder.iterdir()) == sorted(content)


def test_a_downloaded_archive_is_read(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_tar(tmp_path / "cifar.tar.gz", "cifar-10-batches-py", BATCHES10)
    site.content = (tmp_path / "cifar.tar.gz").read_bytes()
    sha256 = hashlib.sha256(site.content).hexdigest()
    remote = RemoteFile("cifar-10-python.tar.gz", (site.address,), len(site.content), sha256)
    monkeypatch.setattr(cifar10, "_REMOTE", remote)
    check_cifar10()
    check_cifar10()
    assert len(site.requests) == 1


@pytest.mark.usefixtures("no_network")
def test_the_subset_needs_nothing() -> None:
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset=True)
    assert (x_train.shape, x_test.shape) == ((10000, 28, 28), (2000, 28, 28))
    assert np.bincount(y_train).tolist() == [1000] * 10
    assert np.bincount(y_test).tolist() == [200] * 10
    assert y_train[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    # known pixels: the first training image of class 9 is the whole set's first image, the famous boot
    assert int(x_train[9].sum()) == 76247
    assert len(np.unique(x_train.reshape(10000, -1), axis=0)) == 10000
    folder = Path(fashion_mnist.__file__).parent / "embedded"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 6_000_000
    assert "Zalando SE" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_mnist(data: Path) -> None:
    x, y = np.zeros((4, 28, 28), np.uint8), np.arange(4)
    np.savez_compressed(data / "mnist.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
    (_, y_train), (x_test, _) = mnist.load_data()
    assert y_train.tolist() == [0, 1, 2, 3]
    assert y_train.dtype == np.uint8
    assert x_test.shape == (2, 28, 28)


def python2_batch(images: np.ndarray, **labels: np.ndarray) -> bytes:
    """A batch as Python 2 pickled the published ones."""
    rows = images.transpose(0, 3, 1, 2).tobytes()
    count = len(images)
    out = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x05testsq\x03"
    for name, values in labels.items():
        numbers = b"".join(b"K" + bytes([value]) for value in values)
        out += b"U" + bytes([len(name)]) + name.encode() + b"q\x04]q\x05(" + numbers + b"e"
    out += b"U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\n"
    out += b"(K\x01K" + bytes([count]) + b"M\x00\x0c\x86cnumpy\ndtype\nq\x0bU\x02u1K\x00K\x01\x87Rq\x0c"
    out += b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
    out += struct.pack("<i", len(rows)) + rows + b"tb"
    return out + b"U\tfilenamesq\r]q\x0e(U\x05a.pngq\x0fU\x05b.pngq\x10eu."


IMAGES = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), np.uint8)
BATCHES10 = {
    **{f"data_batch_{i}": python2_batch(IMAGES, labels=np.array([i, 0, 9])) for i in range(1, 6)},
    "test_batch": python2_batch(IMAGES[::-1], labels=np.array([7, 8, 9])),
}
BATCHES100 = {
    "train": python2_batch(IMAGES, fine_labels=np.array([99, 1, 2]), coarse_labels=np.array([19, 1, 0])),
    "test": python2_batch(IMAGES, fine_labels=np.array([5, 6, 7]), coarse_labels=np.array([1, 2, 3])),
}


def write_folder(folder: Path, batches: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in batches.items():
        (folder / name).write_bytes(content)


def write_tar(path: Path, folder: str, batches: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"../escape": b"x", **{f"{folder}/{name}": c for name, c in batches.items()}}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def check_cifar10() -> None:
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    np.testing.assert_array_equal(x_train, np.concatenate([IMAGES] * 5))
    np.testing.assert_array_equal(x_test, IMAGES[::-1])
    assert y_train.shape == (15, 1)
    assert y_train[::3, 0].tolist() == [1, 2, 3, 4, 5]
    assert y_test.tolist() == [[7], [8], [9]]
    assert x_train.dtype == y_train.dtype == np.uint8


@pytest.mark.parametrize(
    "folder",
    [
        "cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py",
        "cifar-10-batches-py/cifar-10-batches-py",
    ],
)
def test_cifar10_unpacked(home: Path, folder: str) -> None:
    write_folder(home / ".keras" / "datasets" / folder, BATCHES10)
    check_cifar10()


@pytest.mark.parametrize(
    "name",
    [
        "cifar-10-python.tar.gz", "cifar-10-batches-py-target_archive", "cifar-10-batches-py_archive",
        "cifar-10-batches-py.tar.gz",
    ],
)
def test_cifar10_packed(data: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tar(data / name, "cifar-10-batches-py", BATCHES10)
    check_cifar10()
    assert not (data.parent / "escape").exists()
    assert [path.name for path in data.iterdir()] == [name]
    monkeypatch.setattr("tarfile.open", lambda *_: pytest.fail("the second load unpacks again"))
    check_cifar10()


def test_cifar100(data: Path) -> None:
    write_tar(data / "cifar-100-python.tar.gz", "cifar-100-python", BATCHES100)
    for _ in range(2):  # decoded, then cached
        (x_train, y_train), (_, y_test) = cifar100.load_data()
        np.testing.assert_array_equal(x_train, IMAGES)
        assert y_train.tolist() == [[99], [1], [2]]
        assert y_test.tolist() == [[5], [6], [7]]
        assert cifar100.load_data("coarse")[0][1].tolist() == [[19], [1], [0]]
    with pytest.raises(DatasetError, match="label_mode: got 'medium'"):
        cifar100.load_data("medium")  # type: ignore[arg-type]


def test_class_names() -> None:
    for names, count in [
        (fashion_mnist.class_names, 10), (mnist.class_names, 10), (cifar10.class_names, 10),
        (cifar100.class_names, 100), (cifar100.coarse_class_names, 20),
    ]:
        assert len(set(names)) == count
    assert list(cifar10.class_names) == sorted(cifar10.class_names)
    assert list(cifar100.class_names) == sorted(cifar100.class_names)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("data_batch_3", b"\x80\x02cos\nsystem\nU\x02lsR.", "os.system"),
        ("data_batch_3", b"\x80\x02}.", "no data"),
        ("data_batch_3", python2_batch(IMAGES, labels=np.array([1, 2])), "3 images but 2 labels"),
        ("data_batch_3", python2_batch(IMAGES, labels=np.array([1, 2, 10])), "0 to 9"),
        ("data_batch_3", BATCHES10["test_batch"].replace(b"M\x00\x0c", b"M\x00\x0d"), "shape"),
        ("data_batch_3", BATCHES10["test_batch"].replace(b"u1", b"f4"), "type b'f4'"),
        ("test_batch", b"", "ends after 0"),
    ],
)
def test_damaged_batches(data: Path, name: str, content: bytes, why: str) -> None:
    write_folder(data / "cifar-10-batches-py", {**BATCHES10, name: content})
    with pytest.raises(DatasetError, match=why) as caught:
        cifar10.load_data()
    assert name in str(caught.value)


def test_a_batch_that_is_missing(data: Path) -> None:
    write_folder(data / "cifar-10-batches-py", {"data_batch_1": BATCHES10["data_batch_1"]})
    with pytest.raises(DatasetError, match="data_batch_2: cannot be read"):
        cifar10.load_data()


def test_damaged_tar(data: Path) -> None:
    path = data / "cifar-10-python.tar.gz"
    path.write_bytes(b"nonsense")
    with pytest.raises(DatasetError, match="not a readable tar"):
        cifar10.load_data()
    write_tar(path, "cifar-10-batches-py", {"data_batch_1": BATCHES10["data_batch_1"]})
    with pytest.raises(DatasetError, match="holds no cifar-10-batches-py/data_batch_2"):
        cifar10.load_data()
    write_tar(path, "cifar-10-batches-py", BATCHES10)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DatasetError, match="not a readable tar"):
        cifar10.load_data()


def jpeg(colour: tuple[int, int, int] = (0, 0, 0), size: tuple[int, int] = (32, 32), kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, kind, quality=95)
    return stream.getvalue()


def write_jpegs(path: Path, **changed: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.txt", "not an image")
        for part, count in (("train", 2), ("test", 1)):
            for label, name in enumerate(cifar10.class_names):
                for number in range(count):
                    content = changed.get(name, jpeg((label * 20, number * 100, 50)))
                    archive.writestr(f"{part}/{name}/{number:04}.jpg", content)


def test_cifar10_from_jpegs(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jpegs(data / "cifar10-jpeg.zip")
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = cifar10.load_data()
        assert (x_train.shape, y_train.shape) == ((20, 32, 32, 3), (20, 1))
        assert (x_test.shape, y_test.shape) == ((10, 32, 32, 3), (10, 1))
        assert y_train[:, 0].tolist() == list(range(10)) * 2
        expected = [(label * 20, number * 100, 50) for number in range(2) for label in range(10)]
        assert np.abs(x_train[:, 16, 16].astype(int) - expected).max() <= 3
        monkeypatch.setattr("striate.datasets.jpeg._decode", lambda *_: pytest.fail("the second load decodes again"))
    assert len(list((cache_folder() / "decoded").iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"nonsense", "not a JPEG"),
        (jpeg(kind="PNG"), "not a JPEG"),
        (jpeg(size=(33, 32)), "33x32 pixels, expected 32x32"),
        (jpeg()[:200], "not a JPEG"),
        (bytes(2 << 20), "2,097,152 bytes for an image of 32x32"),
    ],
)
def test_damaged_jpegs(data: Path, content: bytes, why: str) -> None:
    write_jpegs(data / "cifar10-jpeg.zip", cat=content)
    with pytest.raises(DatasetError, match=why) as caught:
        cifar10.load_data()
    assert "train/cat/0000.jpg" in str(caught.value)
    assert not (cache_folder() / "decoded").exists()


def test_a_jpeg_whose_header_claims_a_gigapixel_is_not_decoded(data: Path) -> None:
    content = bytearray(jpeg())
    start = content.index(b"\xff\xc0") + 5  # frame header: height, width
    content[start : start + 4] = b"\x80\x00\x80\x00"
    write_jpegs(data / "cifar10-jpeg.zip", bird=bytes(content))
    with pytest.raises(DatasetError, match=r"not a JPEG .*pixels"):
        cifar10.load_data()


def test_a_changed_archive_is_decoded_again(data: Path) -> None:
    path = data / "cifar10-jpeg.zip"
    write_jpegs(path)
    cifar10.load_data()
    write_jpegs(path, cat=jpeg((255, 255, 255)))
    assert cifar10.load_data()[0][0][3].min() > 250


def test_a_damaged_cache_is_made_anew(data: Path) -> None:
    write_jpegs(data / "cifar10-jpeg.zip")
    first = cifar10.load_data()
    copy = next((cache_folder() / "decoded").iterdir())
    copy.write_bytes(copy.read_bytes()[:1000])
    np.testing.assert_array_equal(cifar10.load_data()[0][0], first[0][0])
    assert copy.stat().st_size > 1000


def test_a_cache_that_cannot_be_written_costs_a_warning(home: Path, data: Path) -> None:
    write_jpegs(data / "cifar10-jpeg.zip")
    (home / ".cache").write_text("a file in the way")
    with pytest.warns(UserWarning, match="decoded again next time"):
        assert cifar10.load_data()[0][0].shape == (20, 32, 32, 3)
