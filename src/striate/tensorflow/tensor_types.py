"""`tensorflow.python.framework.ops`, from which programs take the type of tensors to ask whether something is one."""

from striate.tensorflow._absent import absent
from striate.tensors import Tensor

__all__ = ["EagerTensor", "Tensor"]

EagerTensor = Tensor
__getattr__ = absent(__name__)
