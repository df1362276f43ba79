"""Existing Keras programs, run as they are: imports of TensorFlow and Keras answered by Striate."""
