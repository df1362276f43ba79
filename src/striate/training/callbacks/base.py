"""The hooks that `fit`, `evaluate` and `predict` call, the list that calls them all, and the simplest callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from striate.errors import StriateError
from striate.training import interrupts
from striate.training.results import Results
from striate.training.trained import Trained

Logs = dict[str, Any]


class Callback:
    """Base of callbacks: override the hooks you need.

    Attributes:
        model: the model that is being trained.
        params: "verbose", "epochs" and "steps" (batches in an epoch).
        every_batch: whether batch hooks that you override are called for each batch (the default). With False they are
            called once for several batches that the engine takes in one go, which is faster; `batch` is then the first
            (begin hooks) or last (end hooks) of them. Such hooks look at logs alone: weights may be on a device until
            the epoch ends.

    Logs hold the means since the beginning of the epoch: `{"accuracy": 0.9, "loss": 0.2}`, and at the end of an epoch
    also those of validation, with names that begin with "val_". They find `accuracy` under `acc`, too (see `Results`).
    """

    every_batch: bool = True

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Trained | None = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before everything else."""
        self.params = params

    def set_model(self, model: Trained) -> None:
        """Called before everything else."""
        self._model = model

    @property
    def model(self) -> Any:
        """The model that is being trained."""
        return self._model

    def _clear_line(self) -> None:
        """Take away what is half shown."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called when `fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called when `fit` ends, also when Ctrl-C ends it; logs are those of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before each epoch; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after each epoch and its validation. What is put into logs here gets into the history."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of an epoch; batches count from 0."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of an epoch."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when `evaluate`, or validation inside `fit`, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when `evaluate`, or validation inside `fit`, ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of an evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when `predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when `predict` ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of a prediction; logs hold its "outputs"."""


class History(Callback):
    """Keeps what each epoch ended with: `history.history["loss"]` has one value for each epoch. `fit` returns one.

    Attributes:
        history: lists by name.
        epoch: the numbers of the epochs, from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = Results()
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        with interrupts.held():  # an epoch is in the history with all its values or not at all
            self.epoch.append(epoch)
            for name, value in (logs or {}).items():
                self.history.setdefault(name, []).append(value)


class BaseLogger(Callback):
    """Keras 2's base of callbacks that keep records: the logs of an epoch are means over it, for any callback.

    Args:
        stateful_metrics: without effect.
    """

    def __init__(self, stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())


class LambdaCallback(Callback):
    """A callback of functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))`.

    Args:
        on_epoch_begin, on_epoch_end: take (epoch, logs).
        on_train_begin, on_train_end: take (logs).
        on_train_batch_begin, on_train_batch_end: take (batch, logs).
        kwargs: any other hook of `Callback` by its name.

    Raises:
        StriateError: a name that is no hook.
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
            "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end, **kwargs,
        }
        for name, function in hooks.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                raise StriateError(f"LambdaCallback: got {name}=..., expected the name of a hook such as on_epoch_end")
            if function is not None:
                setattr(self, name, function)


class CallbackList(Callback):
    """Calls the same hook of many callbacks, in their order."""

    def __init__(self, callbacks: Iterable[Callback], model: Trained, **params: Any) -> None:
        super().__init__()
        self.callbacks = list(callbacks)
        self._model, self.params = model, params
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)

    def set_steps(self, steps: int | None) -> None:
        """Say how many batches an epoch has, which may be known only after the first."""
        assert self.params is not None
        self.params["steps"] = steps

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """Have what is half shown taken away if an error comes, so that its message begins a line."""
        try:
            yield
        except BaseException:
            for callback in self.callbacks:
                callback._clear_line()
            raise

    def needs_every_batch(self, phase: str) -> bool:
        """Whether a callback wants the hooks of each batch of a phase ("train", "test" or "predict")."""
        names = [f"on_{phase}_batch_begin", f"on_{phase}_batch_end"]
        names += ["on_batch_begin", "on_batch_end"] * (phase == "train")
        return any(
            callback.every_batch and any(_overrides(callback, name) for name in names) for callback in self.callbacks
        )

    def _call(self, hook: str, *args: Any, logs: Logs | None) -> None:
        if not isinstance(logs, Results):
            logs = Results(logs or {})
        for callback in self.callbacks:
            function = getattr(callback, hook)
            if hook.endswith(("batch_begin", "batch_end")):
                function(*args, logs=logs)
            else:
                function(*args, logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._call("on_train_begin", logs=logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._call("on_train_end", logs=logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_end", epoch, logs=logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_begin", batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_end", batch, logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._call("on_test_begin", logs=logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._call("on_test_end", logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_begin", batch, logs=logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_end", batch, logs=logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._call("on_predict_begin", logs=logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._call("on_predict_end", logs=logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_begin", batch, logs=logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_end", batch, logs=logs)


def make_callbacks(given: object, argument: str = "callbacks") -> list[Callback]:
    """The callbacks of an argument: none, one, or a list of them.

    Raises:
        StriateError: something else.
    """
    if given is None:
        return []
    listed: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
    for callback in listed:
        if isinstance(callback, type) and issubclass(callback, Callback):
            name = callback.__name__
            raise StriateError(f"{argument}: got the class {name}, expected an object: {name}(...)")
        if not isinstance(callback, Callback):
            raise StriateError(f"{argument}: got {callback!r}, expected objects of striate.callbacks.Callback")
        if not hasattr(callback, "_model"):
            raise StriateError(f"{argument}: {type(callback).__name__}.__init__ does not call super().__init__()")
    return listed


def _overrides(callback: Callback, hook: str) -> bool:
    return hook in vars(callback) or getattr(type(callback), hook) is not getattr(Callback, hook)
