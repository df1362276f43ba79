"""TensorFlow's errors (tf.errors): the names under which programs catch them, for Striate's own."""

from striate.errors import DataError, StriateError

OpError = InvalidArgumentError = FailedPreconditionError = InternalError = StriateError
NotFoundError = DataError
OutOfRangeError = StopIteration
ResourceExhaustedError = MemoryError
UnimplementedError = NotImplementedError

__all__ = [
    "FailedPreconditionError", "InternalError", "InvalidArgumentError", "NotFoundError", "OpError", "OutOfRangeError",
    "ResourceExhaustedError", "UnimplementedError",
]  # fmt: skip
