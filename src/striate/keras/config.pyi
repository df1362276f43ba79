from striate.keras.backend import *
from striate.settings import *
