from striate.optimizers import *
