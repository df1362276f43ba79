from striate.utils import *
