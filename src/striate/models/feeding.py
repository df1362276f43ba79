"""From what `fit`, `evaluate` and `predict` are given to feeds of batches, checked before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.arrays import find_not_finite
from striate.engines import Engine, Examples, Images, Program
from striate.errors import ShapeError, StriateError
from striate.graph import Array, Shape
from striate.models.compilation import Compilable
from striate.models.network import KEPT
from striate.training import arguments, feeds
from striate.training.compiled import Compiled
from striate.training.data import prepare_images, split_examples, view_images
from striate.training.loop import Programs
from striate.training.meters import Meters
from striate.training.targets import Output
from striate.warning import warn


@dataclass(frozen=True)
class Given:
    """Data as they were given."""

    x: Any
    y: Any = None
    sample_weight: Any = None
    class_weight: Mapping[int, float] | None = None


@dataclass(frozen=True)
class Passes:
    """How data are to be gone through: see `feeds.ArrayFeed` and `feeds.StreamFeed`."""

    batch_size: int | None
    steps: int | None
    steps_argument: str = "steps"
    argument: str = "x"
    place: str = "batch {batch}"
    epoch: int = 0
    shuffle: bool = False
    training: bool = False


class Feeding(Compilable):
    """The part of `Model` that makes feeds, and programs for what they bring."""

    def _feed(
        self, compiled: Compiled, engine: Engine, given: Given, passes: Passes, shapes: Sequence[Shape] | None = None
    ) -> feeds.Feed:
        """Data with labels, checked as far as that is possible before work.

        shapes: of images, for a network that does not know them yet.
        """
        if feeds.is_stream(given.x):
            return _stream(given, passes, self._checker(compiled, given.class_weight, shapes))
        return array_feed(self._checked(compiled, engine, given, passes.argument, shapes), passes)

    def _feed_and_rest(
        self, compiled: Compiled, engine: Engine, given: Given, passes: Passes, fraction: float, epochs: int
    ) -> tuple[feeds.Feed, Examples | None]:
        """Data to train on for so many epochs, and the last part of them, which is not trained on but measured."""
        if not fraction:
            feed = self._feed(compiled, engine, given, passes)
            _lasts(feed, epochs, "x", "epochs", passes.steps_argument)
            return feed, None
        if feeds.is_stream(given.x):
            raise StriateError(
                f"validation_split: got {fraction!r}, but {feeds.source_of(given.x).kind} in x cannot be split; give "
                "validation_data"
            )
        examples, rest = split_examples(self._checked(compiled, engine, given, "x", None), fraction)
        if given.class_weight is not None:  # they are for training alone
            rest = Examples(rest.images, rest.targets)
        return array_feed(examples, passes), rest

    def _validation_feed(
        self, compiled: Compiled, engine: Engine, data: Any, passes: Passes, train: feeds.Feed, times: int
    ) -> feeds.Feed:
        """What is measured, begun. times: how often. The sizes of images are those of `train` if nothing else says."""
        given = Given(data) if feeds.is_stream(data) else Given(*arguments.validation_triple(data))
        shapes = [array.shape[1:] for array in train.first.images]
        feed = self._feed(compiled, engine, given, passes, shapes)
        _lasts(feed, times, "validation_data", "validations", "validation_steps")
        feed.begin(0, 0)
        return feed

    def _begin(self, feed: feeds.Feed) -> None:
        """Get the first batch of what is not in memory, to be checked before any work."""
        if isinstance(feed, feeds.StreamFeed):
            self._draw_seed()
            feed.begin(self.seed, self.optimizer.iterations)

    def _checked(
        self, compiled: Compiled, engine: Engine, given: Given, argument: str, shapes: Sequence[Shape] | None
    ) -> Examples:
        prefix = "" if argument == "x" else f"{argument} "
        find = engine.first_not_finite
        return self._examples(
            compiled, find, given.x, given.y, given.sample_weight, given.class_weight, prefix, shapes
        )

    def _checker(
        self, compiled: Compiled, class_weight: Mapping[int, float] | None, shapes: Sequence[Shape] | None
    ) -> feeds.Check:
        """What checks one batch with its labels. The engine is busy meanwhile, so NumPy looks for NaN."""

        known: dict[Any, list[Output]] = {}

        def check(x: Any, y: Any, weights: Any) -> Examples:
            examples = self._examples(compiled, find_not_finite, x, y, weights, class_weight, "", shapes, known)
            self._check_rows(examples.images)
            return examples

        return check

    def _image_checker(self) -> feeds.Check:
        """What checks one batch of images to predict from; labels are of no interest."""

        def check(x: Any, y: Any, weights: Any) -> Examples:
            images = prepare_images(self._arranged(x, "x"), self.input_shapes, find_not_finite)
            self._check_rows(images)
            return Examples(images, [])

        return check

    # Programs

    def _programs_for(
        self, compiled: Compiled, engine: Engine, feed: feeds.Feed
    ) -> tuple[Programs, Meters]:
        """Build if need be; what gives the program for examples of any shapes, and the metrics."""
        first, meters = self._prepare(compiled, engine, feed.first)
        known: dict[Any, Program] = {_key(feed.first): first}

        def program(examples: Examples) -> Program:
            key = _key(examples)
            if key not in known:
                if len(known) == KEPT:
                    known.clear()
                known[key] = self._training_program(compiled, engine, examples)
            return known[key]

        return program, meters

    def _image_feed(self, engine: Engine, x: Any, batch_size: int | None, steps: int | None) -> feeds.Feed:
        """Images to predict from, with the network built for them."""
        if feeds.is_stream(x):
            feed = _stream(Given(x), Passes(batch_size, steps), self._image_checker())
            feed.begin(0, 0)
            self.build_for(feed.first.images)
            return feed
        views = view_images(self._arranged(x, "x"), self.input_shapes, engine.first_not_finite)
        self.build_for(views)
        shapes = [array.shape[1:] for array in views]

        def prepare(parts: Sequence[Images]) -> list[Images]:
            return prepare_images(list(parts), shapes, engine.first_not_finite)

        return feeds.ImageFeed(views, prepare, arguments.batch_size_for(batch_size, len(views[0]), steps), steps)


class Collected:
    """The outputs of consecutive blocks of images, put together: in place where it is known how many there will be.

    Args:
        count: images.
        shapes: of the outputs for one image.
    """

    def __init__(self, count: int | None, shapes: Sequence[Shape]) -> None:
        self._arrays = [] if count is None else [np.empty((count, *shape), dtype=np.float32) for shape in shapes]
        self._pieces: list[list[Array]] = []
        self._at = 0

    def add(self, outputs: Sequence[Array]) -> list[Array]:
        """Take in those of a block; returns them as they are kept."""
        count = len(outputs[0])
        start, self._at = self._at, self._at + count
        if not self._arrays:
            self._pieces.append(list(outputs))
            return list(outputs)
        for array, output in zip(self._arrays, outputs, strict=True):
            array[start : self._at] = output
        return [array[start : self._at] for array in self._arrays]

    def whole(self) -> list[Array]:
        """All of them."""
        if self._arrays:
            return [array[: self._at] for array in self._arrays]
        for arrays in zip(*self._pieces, strict=True):
            shapes = sorted({array.shape[1:] for array in arrays})
            if len(shapes) > 1:
                raise ShapeError(
                    f"predict: the outputs for the batches are of different shapes, {shapes[0]} and {shapes[1]}, and "
                    "make no array; predict the batches one by one"
                )
        return [np.concatenate(arrays) for arrays in zip(*self._pieces, strict=True)]


def array_feed(examples: Examples, passes: Passes) -> feeds.ArrayFeed:
    """A feed of examples in memory."""
    size = arguments.batch_size_for(passes.batch_size, len(examples), passes.steps)
    return feeds.ArrayFeed(examples, size, passes.steps, passes.shuffle, passes.training, passes.argument)


def _lasts(feed: feeds.Feed, times: int, argument: str, what: str, steps_argument: str) -> None:
    """Refuse what can be gone through once where that is needed more often."""
    if times > 1 and isinstance(feed, feeds.StreamFeed) and feed.once:
        raise StriateError(
            f"{argument}: {feed.kind} can be gone through once, and there are {times} {what}; give a PyDataset, a "
            f"Dataset or arrays, or {steps_argument}=... and a generator that goes on (with `while True`)"
        )


def _stream(given: Given, passes: Passes, check: feeds.Check) -> feeds.StreamFeed:
    """A feed of what gives batches, and everything in them."""
    source = feeds.source_of(given.x)
    for argument, value, what in (("y", given.y, "labels"), ("sample_weight", given.sample_weight, "weights")):
        if value is not None:
            raise StriateError(
                f"{argument}: {source.kind} in {passes.argument} gives the {what}, too, as (x, y) or (x, y, "
                f"sample_weight); leave out {argument}"
            )
    if passes.batch_size is not None:
        name = "batch_size" if passes.argument == "x" else "validation_batch_size"
        warn(
            f"{name}={passes.batch_size} has no effect: {source.kind} in {passes.argument} gives whole batches, and "
            "their size is its own matter"
        )  # as in Keras, where programs with both run
    return feeds.StreamFeed(
        source, check, passes.steps, passes.argument, passes.steps_argument, passes.place, passes.epoch,
        passes.shuffle, passes.training,
    )  # fmt: skip


def _key(examples: Examples) -> Any:
    """What decides about the program."""
    images = tuple(array.shape[1:] for array in examples.images)
    return images, tuple((target.shape[1:], target.dtype) for target in examples.targets)
