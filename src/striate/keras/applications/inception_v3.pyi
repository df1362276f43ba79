from striate.applications.inception_v3 import *
