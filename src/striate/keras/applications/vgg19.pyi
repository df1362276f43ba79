from striate.applications.vgg19 import *
