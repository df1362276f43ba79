"""ResNet50 under the name of its module in keras.applications."""

from striate.applications.imagenet_utils import caffe_pixels as preprocess_input
from striate.applications.imagenet_utils import decode_predictions
from striate.applications.resnet import ResNet50

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]
