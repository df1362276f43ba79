from striate.metrics import *
