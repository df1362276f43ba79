from striate.datasets.fashion_mnist import *
