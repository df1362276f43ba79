"""Training: the loop behind `fit` and `evaluate`, the data they are given, callbacks and the progress display."""
