from striate.datasets.cifar100 import *
