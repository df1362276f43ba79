from striate.keras._mixed_precision import *
