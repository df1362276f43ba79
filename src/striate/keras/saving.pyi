from striate.models import *
from striate.utils.registration import *
