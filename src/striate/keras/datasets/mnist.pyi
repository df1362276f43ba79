from striate.datasets.mnist import *
