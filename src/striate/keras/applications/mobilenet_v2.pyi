from striate.applications.mobilenet_v2 import *
