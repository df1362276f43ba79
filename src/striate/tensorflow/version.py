"""The version of TensorFlow whose names are here (tf.version)."""

VERSION = "2.16.0+striate"  # TensorFlow has no such version; versions compare and split as they do elsewhere
GIT_VERSION = "striate"
COMPILER_VERSION = ""

__all__ = ["COMPILER_VERSION", "GIT_VERSION", "VERSION"]
