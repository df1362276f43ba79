from striate.activations import *
