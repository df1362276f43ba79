"""Callbacks that watch one number: stop when it no longer improves, lower the learning rate when it stalls."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from striate.checks import whole
from striate.errors import StriateError
from striate.training.callbacks.base import Callback, Logs
from striate.training.results import Results


class MonitorCallback(Callback):
    """What callbacks that compare a value with the best so far have in common.

    Args:
        monitor: the name of the value in the logs.
        mode: "min", "max", or "auto": down for losses and errors, up for accuracies.
        baseline: the best value to begin with.
        min_delta: smaller changes are no improvement.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise StriateError(f'{type(self).__name__}: got mode={mode!r}, expected "auto", "min" or "max"')
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)

    def current(self, logs: Logs | None) -> float | None:
        """The watched value; None, with a warning, when there is none of that name.

        Raises:
            StriateError: it is an array.
        """
        value = (logs or {}).get(self.monitor)
        if value is None:
            known = ", ".join(logs or {})
            message = f"{type(self).__name__}: there is no {self.monitor!r} to watch; there are {known}"
            warnings.warn(message, stacklevel=3)
        if value is not None and np.ndim(value) > 0:
            raise StriateError(
                f"{type(self).__name__}: {self.monitor!r} is an array of shape {np.shape(value)}, and arrays are "
                'neither better nor worse; watch a metric that gives a number, such as F1Score(average="macro")'
            )
        return None if value is None else float(value)

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether a value is better than another by more than min_delta; anything is better than None."""
        if reference is None:
            return True
        if self._upwards():
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _upwards(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        direction = Results(self.model.directions).get(name)
        if direction is None:
            raise StriateError(
                f"{type(self).__name__}: whether {self.monitor!r} should be large or small is not known; "
                'give mode="max" or mode="min"'
            )
        return bool(direction == "up")


class EarlyStopping(MonitorCallback):
    """Stops training when a value has not improved for some epochs (Prechelt 1998).

    Args:
        monitor: the name of the value in the logs.
        min_delta: smaller changes are no improvement.
        patience: epochs without improvement after which training stops.
        verbose: 1 says so.
        mode: "min", "max" or "auto".
        baseline: a value that must be beaten at all.
        restore_best_weights: end with the weights of the best epoch.
        start_from_epoch: epochs to wait before watching.
    """

    def __init__(
        self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0, mode: str = "auto",
        baseline: float | None = None, restore_best_weights: bool = False, start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = whole("EarlyStopping", patience, 0, "patience")
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = whole("EarlyStopping", start_from_epoch, 0, "start_from_epoch")
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self.improves(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by a factor when a value has not improved for some epochs.

    Args:
        monitor: the name of the value in the logs.
        factor: above 0 and below 1.
        patience: epochs without improvement.
        verbose: 1 says so.
        mode: "min", "max" or "auto".
        min_delta: smaller changes are no improvement.
        cooldown: epochs after a reduction in which nothing is counted.
        min_lr: the learning rate never falls below it.
        epsilon: Keras 2's name of min_delta.
    """

    def __init__(
        self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0, mode: str = "auto",
        min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0, *, epsilon: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta if epsilon is None else epsilon)
        if not 0 < factor < 1:
            raise StriateError(f"ReduceLROnPlateau: got factor={factor!r}, expected above 0 and below 1")
        self.factor = factor
        self.patience = whole("ReduceLROnPlateau", patience, 0, "patience")
        self.verbose = verbose
        self.cooldown = whole("ReduceLROnPlateau", cooldown, 0, "cooldown")
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best, self.cooldown_counter, self.wait = None, 0, 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self.current(logs)
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(current, self.best):
            self.best = current
            self.wait = 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        old = self.model.optimizer.learning_rate
        if np.float32(old) <= np.float32(self.min_lr):
            return False
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        return True


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: a function of the epoch (from 0) and the present learning rate, or of the epoch alone.
        verbose: 1 says so.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, optimizer.learning_rate) if self._takes_rate else self.schedule(epoch)
        number = np.asarray(rate)
        if number.ndim or number.dtype.kind not in "fiu":
            raise StriateError(f"LearningRateScheduler: the schedule returned {rate!r}, expected a number")
        optimizer.learning_rate = rate = float(number)
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite. Training always does; this can also raise.

    Args:
        raise_error: raise a RuntimeError at once, without calling on_train_end.
    """

    every_batch = False

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"NaN or infinite loss at batch {batch}: {loss}")
        self.model.stop_training = True


def say(message: str) -> None:
    """Print a line that a callback was asked for."""
    print(message, file=sys.stdout, flush=True)


def _takes_two(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with two positional arguments."""
    import inspect

    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # built in, without a signature
        return True
    return True
