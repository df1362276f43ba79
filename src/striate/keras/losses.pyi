from striate.losses import *
