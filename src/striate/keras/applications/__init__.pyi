from striate.applications import *
