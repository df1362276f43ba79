from striate.models import *
