"""Callbacks that write files: the model as it gets better, and a table of all epochs."""

from __future__ import annotations

import os
from typing import IO, Any

from striate.checks import whole
from striate.errors import StriateError
from striate.folders import make_writable
from striate.formats.paths import is_checkpoint
from striate.training.callbacks.base import Callback, Logs
from striate.training.callbacks.monitor import MonitorCallback, say
from striate.training.results import Results

_OF_MODELS, _OF_WEIGHTS = (".keras", ".h5", ".hdf5"), (".weights.h5", ".h5", ".hdf5")


class ModelCheckpoint(MonitorCallback):
    """Saves the model after each epoch, or only when a value improves.

    Args:
        filepath: ends with .keras, or with .weights.h5 for weights alone; .h5 and .hdf5 are Keras 2's; may hold fields
            such as "{epoch:02d}-{val_loss:.2f}.keras", filled from the epoch (from 1) and the logs. Names without an
            ending, and with .ckpt for weights, are taken as `Model.save` and `Model.save_weights` take them.
        monitor: the name of the value in the logs.
        verbose: 1 says what is saved.
        save_best_only: save only when the value improves.
        save_weights_only: save the weights alone.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: the value to beat at first.
        period: with save_freq="epoch", only every so many epochs; Keras 2's.

    A missing folder is made when training begins; one that cannot be written is a StriateError then.
    """

    def __init__(
        self, filepath: str | os.PathLike[str], monitor: str = "val_loss", verbose: int = 0,
        save_best_only: bool = False, save_weights_only: bool = False, mode: str = "auto",
        save_freq: str | int = "epoch", initial_value_threshold: float | None = None, *, period: int = 1,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.every_batch = save_freq != "epoch"
        self.period = whole("ModelCheckpoint", period, 1, "period")
        self._epochs = 0  # since the last one at whose end it was time to save
        self._epoch = 0
        self._batches = 0
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise StriateError(f'ModelCheckpoint: got save_freq={save_freq!r}, expected "epoch" or a number of batches')
        what, endings = ("weights alone are", _OF_WEIGHTS) if save_weights_only else ("models are", _OF_MODELS)
        if not self.filepath.endswith(endings) and not is_checkpoint(self.filepath):
            raise StriateError(
                f"ModelCheckpoint: got filepath={self.filepath!r}; {what} saved as *{', *'.join(endings)}"
            )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        known = self.filepath.partition("{")[0]  # fields are filled in later
        make_writable(os.path.dirname(known) or os.curdir, f"ModelCheckpoint: filepath={self.filepath!r}")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, int):
            self._batches += 1
            if self._batches >= self.save_freq:
                self._batches = 0
                self._save(self._epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._epochs += 1
        if self.save_freq == "epoch" and self._epochs >= self.period:
            self._epochs = 0
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: Logs) -> None:
        path = self._path(epoch, logs)
        if self.save_best_only and not self._is_best(epoch, logs, path):
            return
        if self.verbose > 0 and not self.save_best_only:
            say(f"\nEpoch {epoch + 1}: saving model to {path}")
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)

    def _is_best(self, epoch: int, logs: Logs, path: str) -> bool:
        current = self.current(logs)
        if current is None:
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        better = self.improves(current, self.best)
        if self.verbose > 0:
            change = f"improved from {best} to {current:.5f}, saving model to {path}"
            say(f"\nEpoch {epoch + 1}: {self.monitor} {change if better else f'did not improve from {best}'}")
        if better:
            self.best = current
        return better

    def _path(self, epoch: int, logs: Logs) -> str:
        try:
            return self.filepath.format_map(Results({"epoch": epoch + 1, **logs}))
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise StriateError(
                f"ModelCheckpoint: filepath={self.filepath!r} cannot be filled in ({error}); "
                f"there are epoch, {', '.join(logs)}"
            ) from None


class CSVLogger(Callback):
    """Writes a row for each epoch into a table of comma-separated values.

    Args:
        filename: the file.
        separator: between the values.
        append: add rows to a file that exists.

    A file that cannot be written, or whose folder is missing, is a StriateError when training begins.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self._file: IO[str] | None = None
        self._names: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        self._names = []
        try:
            self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise StriateError(
                f"CSVLogger: filename={self.filename!r}: cannot be written ({error.strerror}); choose another place"
            ) from None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._file is None:
            return
        import csv

        writer = csv.writer(self._file, delimiter=self.sep)
        if not self._names:
            self._names = sorted(logs or {})
            if not any(name.startswith("val_") for name in self._names):
                self._names += [f"val_{name}" for name in self._names]
            if self._file.tell() == 0:
                writer.writerow(["epoch", *self._names])
        writer.writerow([epoch, *[self._cell((logs or {}).get(name, "NA")) for name in self._names]])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @staticmethod
    def _cell(value: Any) -> Any:
        several = value.tolist() if getattr(value, "ndim", 0) else value
        return f'"[{", ".join(map(str, several))}]"' if isinstance(several, (list, tuple)) else value
