from striate.regularizers import *
