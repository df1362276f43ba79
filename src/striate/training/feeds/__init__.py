"""Where batches come from: arrays in memory, generators, Sequences, Datasets. All are a `Feed` to the training loop."""

from striate.training.feeds.arrays import ArrayFeed, ImageFeed
from striate.training.feeds.base import Block, Feed
from striate.training.feeds.sources import Repeating, is_stream, source_of
from striate.training.feeds.stream import Check, StreamFeed

__all__ = ["ArrayFeed", "Block", "Check", "Feed", "ImageFeed", "Repeating", "StreamFeed", "is_stream", "source_of"]
