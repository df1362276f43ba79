from striate.schedules import *
