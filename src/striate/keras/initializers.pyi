from striate.initializers import *
