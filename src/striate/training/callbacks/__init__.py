"""Callbacks: hooks that `fit` calls while it trains, and the ones that Keras programs use."""

from striate.training.callbacks.base import BaseLogger, Callback, CallbackList, History, LambdaCallback
from striate.training.callbacks.files import CSVLogger, ModelCheckpoint
from striate.training.callbacks.monitor import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN
from striate.training.callbacks.progbar import ProgbarLogger
from striate.training.callbacks.tensorboard import TensorBoard

__all__ = [
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]
