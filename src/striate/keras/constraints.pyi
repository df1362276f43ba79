from striate.constraints import *
