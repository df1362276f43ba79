"""The search itself: one trial after the other, a network trained on one part of the data and tried on another."""

from __future__ import annotations

import os
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.callbacks import Callback
from striate.checks import number, whole
from striate.errors import StriateError
from striate.random import generator, set_random_seed
from striate.search.lenet import BASELINE, SMALLEST, LeNet, propose, proposed
from striate.search.study import opened, optuna
from striate.training.data import view_images

if TYPE_CHECKING:
    from striate.graph import Shape

_RANDOM_TRIALS = 10  # before the sampler has anything to learn from


@dataclass(frozen=True)
class Trial:
    """One network that was tried.

    Attributes:
        number: in the order of the search, from 0; the first is `BASELINE`.
        network: its sizes.
        accuracies: on the images held back, after each epoch that it was trained for.
        pruned: whether it was given up before the last epoch, as half of the others had been better by then.
    """

    number: int
    network: LeNet
    accuracies: tuple[float, ...]
    pruned: bool

    @property
    def accuracy(self) -> float:
        """After the last epoch."""
        return self.accuracies[-1]


@dataclass(frozen=True)
class Outcome:
    """What a search has found so far.

    Attributes:
        trials: all that are done, in order.
        importances: the share of each setting in how the trials differ, largest first; empty while there are too few.
        earlier: how many of the trials were there before this run.
    """

    trials: tuple[Trial, ...]
    importances: dict[str, float]
    earlier: int = 0

    @property
    def ranked(self) -> list[Trial]:
        """The trials that were trained to the end, best first; of equals the earlier one."""
        return sorted((trial for trial in self.trials if not trial.pruned), key=lambda trial: -trial.accuracy)

    @property
    def best(self) -> LeNet:
        """The network with the highest accuracy on the images held back."""
        return self.ranked[0].network


class Watcher:
    """Told what happens in a search; override what you want to know."""

    def on_start(self, earlier: tuple[Trial, ...]) -> None:
        """The search begins, or goes on after these trials."""

    def on_epoch(self, number: int, network: LeNet, epoch: int, accuracy: float) -> None:
        """An epoch of a trial is over; epochs count from 1."""

    def on_trial(self, trial: Trial) -> None:
        """A trial is over."""


def search(
    x: Any, y: Any, trials: int | None = None, minutes: float | None = None, epochs: int = 5, batch_size: int = 64,
    seed: int = 42, validation: float = 1 / 6, study: str | os.PathLike[str] | None = None,
    watcher: Watcher | None = None, data: str = "", engine: Any = None,
) -> Outcome:
    """Look for the LeNet that learns some images best.

    Trial i is proposed by Optuna's tree-structured Parzen estimator from the trials before it, trained on the images
    that are not held back, and measured on those that are after each epoch. It is given up after an epoch in which it
    is below the median of the trials that were trained to the end. Everything follows from the seed and the trials
    before, so the same seed gives the same trials, in one run or in several; `minutes` decides only how many. A trial
    that is interrupted, by time or by Ctrl-C, counts for nothing and is made anew when the search goes on. Each trial
    calls `striate.utils.set_random_seed`.
    (Bergstra, Bardenet, Bengio and Kegl 2011, "Algorithms for hyper-parameter optimization")

    Args:
        x: images (n, height, width) or (n, height, width, channels), pixels from 0 to 255, at least 11x11.
        y: class numbers (n,).
        trials: how many in all, those of earlier runs included.
        minutes: how long this run may take; 5 if neither is given. With both, what ends first.
        epochs: of each trial.
        batch_size: of each trial.
        seed: decides about everything random, 0 to 2**32 - 1.
        validation: the share of images held back, chosen at random.
        study: file that keeps the trials, so that the search can go on; in memory alone if not given.
        watcher: is told what happens.
        data: what the images are, to recognise a file that is about others.
        engine: what runs the networks, as `Model.compile` takes it.

    Returns:
        All trials, those of earlier runs included.

    Raises:
        StriateError: Optuna is missing (`pip install "striate[search]"`), or an argument or a file does not fit.
    """
    images, labels = _checked_data(x, y)
    epochs, batch_size = whole("epochs", epochs), whole("batch_size", batch_size)
    seed = whole("seed", seed, 0)
    number("search", "validation", validation, 0.01, 0.5)
    if trials is not None:
        whole("trials", trials)
    if minutes is not None:
        number("search", "minutes", minutes)
    limit = 5.0 if minutes is None and trials is None else minutes
    deadline = None if limit is None else time.monotonic() + 60 * limit
    identity = {
        "data": data, "images": len(images), "shape": list(images.shape[1:]), "epochs": epochs,
        "batch_size": batch_size, "seed": seed, "validation": validation,
    }  # fmt: skip
    task = _Task(images, labels, epochs, batch_size, seed, validation, deadline, watcher or Watcher(), engine)
    with opened(study, identity) as kept:
        name = "the study" if study is None else os.fspath(study)
        earlier = done(kept, name)
        task.watcher.on_start(earlier)
        count = len(earlier)
        while (trials is None or count < trials) and (deadline is None or time.monotonic() < deadline or not count):
            if not task.run(kept, count):
                break
            task.watcher.on_trial(done(kept, name)[-1])
            count += 1
        return Outcome(done(kept, name), _importances(kept), len(earlier))


def done(study: Any, name: str) -> tuple[Trial, ...]:
    """The trials of an Optuna study that came to an end."""
    states = optuna().trial.TrialState
    found: list[Trial] = []
    for trial in study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED)):
        values = tuple(float(value) for _, value in sorted(trial.intermediate_values.items()))
        if not values or not all(0 <= value <= 1 for value in values):
            raise StriateError(f"{name}: holds a trial without accuracies; it is none of `striate search`")
        found.append(Trial(len(found), proposed(trial.params, name), values, trial.state == states.PRUNED))
    return tuple(found)


class _TimeIsUp(Exception):
    """Ends a trial in the middle."""


@dataclass(frozen=True)
class _Task:
    """What every trial has in common."""

    images: NDArray[Any]
    labels: NDArray[Any]
    epochs: int
    batch_size: int
    seed: int
    validation: float
    deadline: float | None
    watcher: Watcher
    engine: Any

    def run(self, study: Any, count: int) -> bool:
        """Make the next trial, after `count` others; False when time was up before its end."""
        package = optuna()
        states = package.trial.TrialState
        sampler = package.samplers.TPESampler(n_startup_trials=_RANDOM_TRIALS, seed=_derived(self.seed, count))
        study.sampler = sampler  # a new one for each trial: its state would not be in the file
        if count == 0 and not any(trial.state == states.WAITING for trial in study.get_trials(deepcopy=False)):
            study.enqueue_trial(BASELINE.settings(self.shape))
        trial = study.ask()
        try:
            network = propose(trial, self.shape)
            pruned, accuracy = self._train(trial, count, network)
        except _TimeIsUp:
            study.tell(trial, state=states.FAIL)
            return False
        except BaseException:
            study.tell(trial, state=states.FAIL)
            raise
        study.tell(trial, None if pruned else accuracy, state=states.PRUNED if pruned else states.COMPLETE)
        return True

    @property
    def shape(self) -> Shape:
        """Of an image."""
        return tuple(self.images.shape[1:])

    def _train(self, trial: Any, count: int, network: LeNet) -> tuple[bool, float]:
        """Train the network of a trial; whether it was given up, and its last accuracy."""
        order = generator(self.seed).permutation(len(self.images))
        held = max(round(self.validation * len(order)), 1)
        train, rest = np.sort(order[held:]), np.sort(order[:held])
        set_random_seed(_derived(self.seed, count, 1) % 2**32)
        model = network.build(self.shape, int(self.labels.max()) + 1)
        reporter = _Reporter(self, trial, count, network)
        model.fit(
            self.images[train], self.labels[train], batch_size=self.batch_size, epochs=self.epochs, verbose=0,
            validation_data=(self.images[rest], self.labels[rest]), validation_batch_size=256, callbacks=[reporter],
            engine=self.engine,
        )  # fmt: skip
        return reporter.pruned, reporter.accuracy


class _Reporter(Callback):
    """Tells Optuna after each epoch how good a network is, and stops it when Optuna says so or time is up."""

    every_batch = False

    def __init__(self, task: _Task, trial: Any, count: int, network: LeNet) -> None:
        super().__init__()
        self.pruned, self.accuracy = False, 0.0
        self._task, self._trial, self._count, self._network = task, trial, count, network

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        deadline = self._task.deadline
        if deadline is not None and time.monotonic() >= deadline and self._count:  # the first is trained in any case
            raise _TimeIsUp

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.accuracy = float((logs or {})["val_accuracy"])
        self._trial.report(self.accuracy, epoch + 1)
        self._task.watcher.on_epoch(self._count, self._network, epoch + 1, self.accuracy)
        if epoch + 1 < self._task.epochs and self._trial.should_prune():
            self.pruned = True
            self.model.stop_training = True


def _derived(*keys: int) -> int:
    """A seed of 32 bits from several."""
    return int(generator(*keys).integers(2**32))


def _importances(study: Any) -> dict[str, float]:
    """The share of each setting in how the trials differ (PED-ANOVA, Watanabe et al. 2023)."""
    package = optuna()
    finished = study.get_trials(deepcopy=False, states=(package.trial.TrialState.COMPLETE,))
    if len({trial.value for trial in finished}) < 3:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that few trials say little, and in Optuna 4 that the evaluator is new
        evaluator = package.importance.PedAnovaImportanceEvaluator()
        found = package.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _checked_data(x: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    (images,) = view_images(x, None, None)
    images = images[..., np.newaxis] if images.ndim == 3 else images
    if images.ndim != 4 or min(images.shape[1:3]) < SMALLEST:
        raise StriateError(
            f"x: got an array of shape {images.shape}, expected images (n, height, width) or (n, height, width, "
            f"channels) of at least {SMALLEST}x{SMALLEST}"
        )
    labels = np.asarray(y).reshape(-1)
    if labels.dtype.kind not in "iu" or len(labels) != len(images) or labels.min(initial=0) < 0:
        raise StriateError(
            f"y: got {len(labels)} labels of dtype {labels.dtype} for {len(images)} images, expected as many class "
            "numbers from 0"
        )
    return np.asarray(images), labels
