from striate.applications.resnet import *
