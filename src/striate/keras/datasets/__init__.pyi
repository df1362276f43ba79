from striate.datasets import *
