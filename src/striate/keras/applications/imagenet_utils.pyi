from striate.applications.imagenet_utils import *
