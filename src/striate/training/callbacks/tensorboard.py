"""The callback that writes what TensorBoard shows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.checks import whole
from striate.errors import StriateError
from striate.formats import events
from striate.training.callbacks.base import Callback, Logs
from striate.warning import warn


class TensorBoard(Callback):
    """Writes scalars, histograms and images of weights, and the network, for `tensorboard --logdir logs`.

    What there is in `log_dir`, with Keras 3's tags:
        train/: epoch_loss, epoch_learning_rate and so on by epoch; batch_loss and so on by batch; the weights'
            `conv2d/kernel/histogram` and `conv2d/kernel/image`; the network as TensorBoard's conceptual graph.
        validation/: epoch_loss and so on; evaluation_loss_vs_iterations and so on by steps of training taken.

    Args:
        log_dir: the folder.
        histogram_freq: write the weights' histograms at the end of every so many epochs; 0: never.
        write_graph: write the network. There is no graph of single operations.
        write_images: write the weights as images beside their histograms: dense kernels as one, convolution kernels
            with one channel on either side one for each filter, of which three are kept. Values from 0 to 1 are
            grey, those outside black and white.
        write_steps_per_second: write epoch_steps_per_second, too, and batch_steps_per_second.
        update_freq: "epoch", or how many batches lie between two that are written; "batch" is 1. Training then stops
            between batches, which is slower for small networks.
        profile_batch, embeddings_freq, embeddings_metadata: without effect, with a warning: nothing is profiled, and
            embeddings are not projected.
        batch_size, write_grads, embeddings_layer_names, embeddings_data: Keras 2's, without effect likewise.

    Raises:
        UnavailableError: the package tensorboard, which writes the files, is missing (the extra "tensorboard").
        StriateError: arguments that do not fit.
    """

    def __init__(
        self, log_dir: str | os.PathLike[str] = "logs", histogram_freq: int = 0, write_graph: bool = True,
        write_images: bool = False, write_steps_per_second: bool = False, update_freq: str | int = "epoch",
        profile_batch: Any = 0, embeddings_freq: int = 0, embeddings_metadata: Any = None, *, batch_size: Any = None,
        write_grads: bool = False, embeddings_layer_names: Any = None, embeddings_data: Any = None,
    ) -> None:
        super().__init__()
        events.check_installed("keras.callbacks.TensorBoard")
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = whole("TensorBoard", histogram_freq or 0, 0, "histogram_freq")
        self.write_graph, self.write_images = bool(write_graph), bool(write_images)
        self.write_steps_per_second = bool(write_steps_per_second)
        self.update_freq = _frequency(update_freq)
        self.every_batch = self.update_freq != "epoch"
        self._files: dict[str, events.EventFile] = {}
        self._batches = 0  # of this training so far
        self._began: dict[str, tuple[float, int]] = {}  # when, and after how many batches
        _tell_of(
            profile_batch=profile_batch not in (0, "0", None) and "nothing is profiled",
            embeddings_freq=embeddings_freq and "embeddings are not projected",
            write_grads=write_grads and "there are no histograms of gradients",
        )

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._close()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batches = 0
        train = self._file("train")
        if self.write_graph:
            try:
                train.network("keras", self.model.to_json(), 0)
            except StriateError as error:  # a network of code, which has no configuration
                warn(f"TensorBoard: the network is not written: {error}")
            train.flush()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._began["epoch"] = time.perf_counter(), int(self.model.optimizer.iterations)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        self._began["batch"] = time.perf_counter(), 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.update_freq, int) and self._batches % self.update_freq == 0:
            values = dict(logs or {})
            if self.write_steps_per_second:
                values["steps_per_second"] = 1 / (time.perf_counter() - self._began["batch"][0])
            self._scalars("train", {f"batch_{name}": value for name, value in values.items()}, self._batches)

    def on_test_end(self, logs: Logs | None = None) -> None:
        values = {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()}
        self._scalars("validation", values, int(self.model.optimizer.iterations))
        self._files["validation"].flush()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values = dict(logs or {})
        measured = {f"epoch_{name[4:]}": values.pop(name) for name in list(values) if name.startswith("val_")}
        values["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            began, before = self._began["epoch"]
            values["steps_per_second"] = (self.model.optimizer.iterations - before) / (time.perf_counter() - began)
        self._scalars("train", {f"epoch_{name}": value for name, value in values.items()}, epoch)
        self._scalars("validation", measured, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._weights(epoch)
        for file in self._files.values():
            file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def _file(self, run: str) -> events.EventFile:
        if run not in self._files:
            self._files[run] = events.EventFile(os.path.join(self.log_dir, run))
        return self._files[run]

    def _scalars(self, run: str, values: Logs, step: int) -> None:
        for tag, value in values.items():
            self._file(run).scalar(tag, value, step)

    def _weights(self, epoch: int) -> None:
        for name, value in named_weights(self.model):
            self._file("train").histogram(f"{name}/histogram", value, epoch)
            images = kernel_images(value) if self.write_images else None
            if images is not None:
                self._file("train").images(f"{name}/image", images, epoch)

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}


def named_weights(model: Any) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each weight under its path in Keras 3: that of a Sequential begins with the Sequential's name."""
    from striate.models import Model, Sequential

    prefix = f"{model.name}/" if isinstance(model, Sequential) else ""
    for layer in model.layers:
        if isinstance(layer, Model):
            yield from ((f"{prefix}{name}", value) for name, value in named_weights(layer))
        else:
            yield from ((f"{prefix}{weight.path}", weight.value) for weight in layer.weights)


def kernel_images(weight: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Weights as images (n, rows, columns, channels), as Keras shows them; None for what is no image.

    Axes of one are left out first. What has one axis then is a column of pixels, two are an image that is at least as
    wide as high, three are images along the third; four count as images where the last is of 1, 3 or 4 channels.
    """
    values = np.squeeze(weight)
    if values.ndim == 1:
        return values.reshape(1, -1, 1, 1)
    if values.ndim == 2:
        wide = values.T if values.shape[0] > values.shape[1] else values
        return wide[None, :, :, None]
    if values.ndim == 3:
        return np.moveaxis(values, -1, 0)[..., None]
    return values if values.ndim == 4 and values.shape[-1] in (1, 3, 4) else None


def _frequency(given: Any) -> str | int:
    if given == "epoch":
        return "epoch"
    try:
        return 1 if given == "batch" else whole("TensorBoard", given, 1, "update_freq")
    except StriateError:
        raise StriateError(
            f'TensorBoard: got update_freq={given!r}, expected "epoch", "batch" or a number of batches'
        ) from None


def _tell_of(**without_effect: Any) -> None:
    for argument, message in without_effect.items():
        if message:
            warn(f"TensorBoard: {argument} is without effect: {message}")
