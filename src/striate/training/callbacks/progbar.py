"""The callback that draws the progress line."""

from __future__ import annotations

from typing import Any

from striate.training.callbacks.base import Callback, Logs
from striate.training.progress import Progress


class ProgbarLogger(Callback):
    """Shows how far an epoch, an evaluation or a prediction has come; `fit` adds one unless verbose is 0."""

    every_batch = False

    def __init__(self) -> None:
        super().__init__()
        self._progress: Progress | None = None
        self._seen = 0
        self._in_fit = False

    def _begin(self, title: str) -> None:
        params: dict[str, Any] = self.params or {}
        if params.get("verbose"):
            total, unit = (params["samples"], "images") if params.get("samples") else (params["steps"], "batches")
            self._progress = Progress(title, total, params["verbose"], unit)
            self._seen = 0

    def _batch(self, batch: int, logs: Logs | None) -> None:
        params: dict[str, Any] = self.params or {}
        if self._progress is not None:
            samples = params.get("samples")
            self._seen = min((batch + 1) * params["batch_size"], samples) if samples else batch + 1
            self._progress.update(self._seen, logs or {})

    def _end(self, logs: Logs | None) -> None:
        if self._progress is not None:
            self._progress.finish(self._seen, logs or {})
            self._progress = None

    def _clear_line(self) -> None:
        if self._progress is not None:  # an epoch that did not end
            self._progress.clear()
            self._progress = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin(f"Epoch {epoch + 1}/{(self.params or {}).get('epochs', 1)}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batch(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._end(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False
        self._clear_line()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:  # validation inside fit is silent
            self._begin("Evaluate")

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._batch(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin("Predict")

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batch(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._end(None)
