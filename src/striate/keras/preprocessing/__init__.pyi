from striate.images import *
