from striate.callbacks import *
