from striate.applications.mobilenet import *
