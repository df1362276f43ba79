from striate.layers import *
