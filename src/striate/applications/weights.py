"""Where trained weights come from: the files that Keras has published, on this machine or from the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from striate.datasets.storage import cache_folder, candidates, places
from striate.errors import ModelFileError

CLASS_INDEX = "imagenet_class_index.json"
"""The WordNet number and the name of each of ImageNet's thousand classes."""

_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
_KERNELS = "weights_tf_dim_ordering_tf_kernels"
_CHECKSUMS = {  # MD5, with and without the classifier, as keras.applications publishes them
    "vgg16": ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    "vgg19": ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
    "resnet50": ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    "resnet101": ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    "resnet152": ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    "inception_v3": ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
}
_FOLDERS = {"resnet50": "resnet", "resnet101": "resnet", "resnet152": "resnet"}  # else the network's own name
# The two families of smaller networks: a file for each width and image size, without published checksums.
_MOBILE = re.compile(r"mobilenet_(1_0|7_5|5_0|2_5)_(128|160|192|224)_tf(_no_top)?\.h5", re.ASCII)
_MOBILE_V2 = re.compile(
    rf"mobilenet_v2_{_KERNELS}_(0\.35|0\.5|0\.75|1\.0|1\.3|1\.4)_(96|128|160|192|224)(_no_top)?\.h5", re.ASCII
)


@dataclass(frozen=True)
class PublishedFile:
    """A file that Keras has published. checksum: MD5, hexadecimal; None where Keras gives none."""

    name: str
    address: str
    checksum: str | None


def published(file_name: str) -> PublishedFile:
    """What is known of a file that Keras has published.

    Raises:
        ModelFileError: Keras has published no file of this name.
    """
    if file_name == CLASS_INDEX:
        address = f"https://storage.googleapis.com/download.tensorflow.org/data/{CLASS_INDEX}"
        return PublishedFile(CLASS_INDEX, address, "c2c37ea517e94d9795004a39431a14cb")
    for network, checksums in _CHECKSUMS.items():
        for ending, checksum in zip(("", "_notop"), checksums, strict=True):
            if file_name == f"{network}_{_KERNELS}{ending}.h5":
                return PublishedFile(file_name, f"{_KERAS}{_FOLDERS.get(network, network)}/{file_name}", checksum)
    for pattern, folder in ((_MOBILE, "mobilenet"), (_MOBILE_V2, "mobilenet_v2")):
        if pattern.fullmatch(file_name):
            return PublishedFile(file_name, f"{_KERAS}{folder}/{file_name}", None)
    from striate.lookup import nearest

    known = [CLASS_INDEX, *(f"{name}_{_KERNELS}{ending}.h5" for name in _CHECKSUMS for ending in ("", "_notop"))]
    raise ModelFileError(f"weights: Keras has published no file {file_name!r}; {nearest(file_name, known)}")


def resolve(file_name: str) -> Path:
    """Where a file that Keras has published is on this machine; it is downloaded if it is nowhere.

    Searched are $STRIATE_DATA and its folder `models`, ~/.keras/models (or $KERAS_HOME/models), Striate's cache and
    /usr/share/datasets. A file that is found there is taken as it is. A download is resumed where an earlier one broke
    off, compared with the published checksum, and kept in Striate's cache once it is whole.

    Args:
        file_name: as Keras calls it: "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5".

    Raises:
        ModelFileError: no such file is published; or it is nowhere on this machine and cannot be downloaded, with the
            places searched, the address, and what went wrong there.
    """
    from striate.download import DownloadError, fetch

    file = published(file_name)
    for path in candidates([file_name, f"models/{file_name}"], "models"):
        if path.is_file():
            return path
    try:
        return fetch(file.address, cache_folder() / "models" / file_name, checksum=file.checksum)
    except DownloadError as error:
        looked = ", ".join(str(place) for place in places("models"))
        raise ModelFileError(
            f"{file_name} is not in {looked}, and cannot be downloaded from {file.address} ({error}). Put the file "
            "into one of these folders or set STRIATE_DATA to where it is; weights=None builds the network without it"
        ) from None
