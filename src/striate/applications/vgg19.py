"""VGG19 under the name of its module in keras.applications."""

from striate.applications.imagenet_utils import caffe_pixels as preprocess_input
from striate.applications.imagenet_utils import decode_predictions
from striate.applications.vgg import VGG19

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]
