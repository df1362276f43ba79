from striate.applications.vgg16 import *
