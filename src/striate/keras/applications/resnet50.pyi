from striate.applications.resnet50 import *
