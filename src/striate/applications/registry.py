"""The networks by name: year, paper, what they take, and the function that builds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any

from striate.applications import (
    alexnet,
    efficientnet_lite,
    fashion,
    googlenet,
    inception_v3,
    lenet,
    mobilenet,
    mobilenet_v2,
    resnet,
    teaching,
    vgg,
    zfnet,
)
from striate.applications.pixels import from_pixels
from striate.graph import outlines

if TYPE_CHECKING:
    from striate.models import Model


@dataclass(frozen=True)
class Entry:
    """A network of the list.

    year, paper: where it was published first. input_shape: of its images, (height, width, channels).
    smallest: least height and width that it can take. options: for the builder.
    """

    year: int
    paper: str
    input_shape: tuple[int, int, int]
    smallest: int
    builder: Callable[..., Model]
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self, input_shape: tuple[int, int, int] | None = None, classes: int | None = None) -> Model:
        """The network with random weights; what is not given is as in the paper."""
        chosen: dict[str, Any] = {} if classes is None else {"classes": classes}
        if "weights" in signature(self.builder).parameters:
            chosen["weights"] = None
        return self.builder(input_shape=input_shape or self.input_shape, **chosen, **self.options)

    def build_for_pixels(self, image_shape: tuple[int, int, int], classes: int) -> Model:
        """The network for images of whole numbers from 0 to 255; images that are too small for it are enlarged."""
        from striate import layers

        height, width, channels = image_shape
        size = (max(height, self.smallest), max(width, self.smallest))
        enlarge = [] if size == (height, width) else [layers.Resizing(*size, name="enlarge")]
        if "input_tensor" not in signature(self.builder).parameters:
            return from_pixels(self.build((*size, channels), classes), image_shape, enlarge)
        x = layers.Rescaling(1 / 255)(layers.Input(image_shape))
        for layer in enlarge:
            x = layer(x)
        return self.builder(input_tensor=x, classes=classes, weights=None, **self.options)

    def outline(self) -> Model:
        """The network without numbers, at once and in no memory: for tables and pictures."""
        with outlines():
            return self.build()


IMAGENET = (224, 224, 3)

NETWORKS: dict[str, Entry] = {
    "lenet1": Entry(1989, "LeCun et al.", (28, 28, 1), 16, lenet.LeNet1),
    "lenet5": Entry(1998, "LeCun et al.", (32, 32, 1), 32, lenet.LeNet5),
    "lenet5_modern": Entry(1998, "LeCun et al.", (28, 28, 1), 12, lenet.LeNet5, {"modern": True}),
    "alexnet": Entry(2012, "Krizhevsky et al.", (227, 227, 3), 67, alexnet.AlexNet),
    "alexnet_two_towers": Entry(2012, "Krizhevsky et al.", (227, 227, 3), 67, alexnet.AlexNet, {"two_towers": True}),
    "zfnet": Entry(2013, "Zeiler, Fergus", IMAGENET, 53, zfnet.ZFNet),
    "vgg11": Entry(2014, "Simonyan, Zisserman", IMAGENET, 32, vgg.VGG11),
    "vgg13": Entry(2014, "Simonyan, Zisserman", IMAGENET, 32, vgg.VGG13),
    "vgg16": Entry(2014, "Simonyan, Zisserman", IMAGENET, 32, vgg.VGG16),
    "vgg19": Entry(2014, "Simonyan, Zisserman", IMAGENET, 32, vgg.VGG19),
    "googlenet": Entry(2014, "Szegedy et al.", IMAGENET, 32, googlenet.GoogLeNet, {"auxiliary": False}),
    "convnetjs": Entry(2014, "Karpathy", (32, 32, 3), 8, teaching.ConvNetJS),
    "digit_visualizer": Entry(2015, "Harley", (32, 32, 1), 16, teaching.DigitVisualizer),
    "resnet18": Entry(2015, "He et al.", IMAGENET, 32, resnet.ResNet18),
    "resnet34": Entry(2015, "He et al.", IMAGENET, 32, resnet.ResNet34),
    "resnet50": Entry(2015, "He et al.", IMAGENET, 32, resnet.ResNet50),
    "resnet101": Entry(2015, "He et al.", IMAGENET, 32, resnet.ResNet101),
    "resnet152": Entry(2015, "He et al.", IMAGENET, 32, resnet.ResNet152),
    "inception_v3": Entry(2015, "Szegedy et al.", (299, 299, 3), 75, inception_v3.InceptionV3),
    "mobilenet": Entry(2017, "Howard et al.", IMAGENET, 32, mobilenet.MobileNet),
    "mobilenet_v2": Entry(2018, "Sandler et al.", IMAGENET, 32, mobilenet_v2.MobileNetV2),
    "efficientnet_lite0": Entry(2020, "Tan, Le", IMAGENET, 32, efficientnet_lite.EfficientNetLite0),
    "efficientnet_lite1": Entry(2020, "Tan, Le", (240, 240, 3), 32, efficientnet_lite.EfficientNetLite1),
    "efficientnet_lite2": Entry(2020, "Tan, Le", (260, 260, 3), 32, efficientnet_lite.EfficientNetLite2),
    "efficientnet_lite3": Entry(2020, "Tan, Le", (280, 280, 3), 32, efficientnet_lite.EfficientNetLite3),
    "efficientnet_lite4": Entry(2020, "Tan, Le", (300, 300, 3), 32, efficientnet_lite.EfficientNetLite4),
    "tiny_vgg": Entry(2020, "Wang et al.", (64, 64, 3), 16, teaching.TinyVGG),
    "fashion_demo": Entry(2026, "the demo's", (28, 28, 1), 8, fashion.fashion_demo, {"include_preprocessing": False}),
}
"""Every network, by the name that `striate networks` and `striate train --model` know, in the order of their years."""
