"""The networks of the literature, each a function that builds a model; arguments as in keras.applications."""

from __future__ import annotations

from striate.applications import (
    imagenet_utils,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    resnet,
    resnet50,
    vgg16,
    vgg19,
)
from striate.applications.alexnet import AlexNet
from striate.applications.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
    EfficientNetLite3,
    EfficientNetLite4,
)
from striate.applications.fashion import fashion_demo
from striate.applications.googlenet import GoogLeNet
from striate.applications.inception_v3 import InceptionV3
from striate.applications.lenet import LeNet1, LeNet5
from striate.applications.mobilenet import MobileNet
from striate.applications.mobilenet_v2 import MobileNetV2
from striate.applications.pixels import from_pixels
from striate.applications.registry import NETWORKS, Entry
from striate.applications.resnet import ResNet18, ResNet34, ResNet50, ResNet101, ResNet152
from striate.applications.teaching import ConvNetJS, DigitVisualizer, TinyVGG
from striate.applications.vgg import VGG11, VGG13, VGG16, VGG19
from striate.applications.zfnet import ZFNet

__all__ = [
    "NETWORKS", "VGG11", "VGG13", "VGG16", "VGG19", "AlexNet", "ConvNetJS", "DigitVisualizer", "EfficientNetLite0",
    "EfficientNetLite1", "EfficientNetLite2", "EfficientNetLite3", "EfficientNetLite4", "Entry", "GoogLeNet",
    "InceptionV3", "LeNet1", "LeNet5", "MobileNet", "MobileNetV2", "ResNet18", "ResNet34", "ResNet50", "ResNet101",
    "ResNet152", "TinyVGG", "ZFNet", "fashion_demo", "from_pixels", "imagenet_utils", "inception_v3", "mobilenet",
    "mobilenet_v2", "resnet", "resnet50", "vgg16", "vgg19",
]  # fmt: skip
