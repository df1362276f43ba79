from striate.datasets.cifar10 import *
