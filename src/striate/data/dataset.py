"""`Dataset`: what TensorFlow's programs call tf.data.Dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from striate.checks import as_whole, whole
from striate.data import arguments, changes, selection, sources
from striate.data.batches import Batch, PaddedBatch
from striate.data.iterator import DatasetIterator
from striate.data.stages import INFINITE, UNKNOWN, Run, Stage
from striate.data.structure import Element, element, leaves, mapped
from striate.data.windows import Window
from striate.errors import DataError
from striate.random import next_seed
from striate.tensors import Tensor, as_tensor, wrapped


class Dataset:
    """A sequence of elements, made while it is gone through. It is never changed: each method returns another one.

    An element is a tensor (a NumPy array with `numpy()`), or tuples and dictionaries of tensors; `fit` takes data sets
    of batches (images, labels) or (images, labels, weights). Arguments about parallel work (`num_parallel_calls`,
    `prefetch`, `deterministic`) are taken and change nothing: elements always come in the same order, and `fit`
    prepares the next batches while it trains.

    Functions given to `map`, `filter` and others are called with tensors, one element at a time, as plain Python.

    Random orders follow `striate.utils.set_random_seed`, or the seed given here.
    """

    def __init__(self, stage: Stage) -> None:
        """Not for programs: use `Dataset.from_tensor_slices` and the like."""
        if not isinstance(stage, Stage):
            raise DataError("Dataset: is made by Dataset.from_tensor_slices, from_generator, range and the like")
        self._stage = stage

    # Where elements come from

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """The rows of arrays: of one, of several in a tuple, or in dictionaries, nested at will.

        Args:
            tensors: the arrays. A list counts as one array. They are not copied.
            name: of the operation, for the reader.

        Raises:
            ShapeError: arrays with different numbers of rows, or none.
        """
        return Dataset(sources.Slices(element(tensors, "from_tensor_slices", lists=True)))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """One element."""
        return Dataset(sources.Single(element(tensors, "from_tensors", lists=True)))

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]], output_types: Any = None, output_shapes: Any = None,
        args: Iterable[Any] | None = None, output_signature: Any = None, name: str | None = None,
    ) -> Dataset:
        """What a generator yields.

        Args:
            generator: a function that returns it; called anew whenever the data set is gone through.
            output_types, output_shapes: types and shapes, each in the structure of an element.
            args: arguments for the function, as tensors.
            output_signature: TensorSpecs in the structure of an element, in place of both.
            name: of the operation, for the reader.

        Without types, elements keep the types they have: Python's numbers become int32 and float32.
        """
        if not callable(generator):
            came = "a generator" if hasattr(generator, "__next__") else f"a {type(generator).__name__}"
            raise DataError(f"from_generator: got {came}, expected a function that returns one: lambda: generator")
        given = tuple(as_tensor(value, name="args") for value in args or ())
        signature = arguments.signature(output_types, output_shapes, output_signature)
        return Dataset(sources.Generated(generator, given, signature))

    @staticmethod
    def range(*args: int, output_type: DTypeLike = np.int64, name: str | None = None) -> Dataset:
        """Whole numbers as Python's `range` gives them."""
        numbers = [as_whole(arg) for arg in args]
        if not 1 <= len(numbers) <= 3 or None in numbers or numbers[2:] == [0]:
            raise DataError(f"range: got {args}, expected (stop), (start, stop) or (start, stop, step), all whole")
        found = range(*[number for number in numbers if number is not None])
        return Dataset(sources.Range(found.start, found.stop, found.step, output_type))

    @staticmethod
    def counter(start: int = 0, step: int = 1, dtype: DTypeLike = np.int64, name: str | None = None) -> Dataset:
        """start, start + step, ... without an end."""
        return Dataset(sources.Counting(whole("start", start, -(2**62)), whole("step", step, -(2**62)), dtype))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Elements of several data sets side by side, until one ends: zip(a, b), zip((a, b)), zip({"x": a, "y": b})."""
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        if not leaves(structure) or not all(isinstance(leaf, Dataset) for leaf in leaves(structure)):
            raise DataError("zip: expected data sets, or tuples and dictionaries of them")
        return Dataset(changes.Zip(mapped(lambda dataset: dataset._stage, structure)))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> Dataset:
        """Names of files.

        Args:
            file_pattern: a pattern as the shell knows it ("images/*/*.jpg"), or several.
            shuffle: None or True: in random order; False: sorted.
            seed: of that order.
            name: of the operation, for the reader.

        Raises:
            DataError: there is no such file.
        """
        paths = arguments.matching_files(file_pattern)
        files = Dataset.from_tensor_slices(as_tensor(paths))
        return files if shuffle is False else files.shuffle(len(paths), seed)

    # Which come, and in which order

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """A random order.

        Args:
            buffer_size: so many elements are held, and the next is one of them: as many as there are for a good order.
            seed: the same seed gives the same orders; None: follows `set_random_seed`.
            reshuffle_each_iteration: None or True: another order each time; False: always the same.
            name: of the operation, for the reader.
        """
        number = as_whole(buffer_size)
        buffer = None if number == UNKNOWN else whole("shuffle", buffer_size, argument="buffer_size")
        key = None if seed is None else whole("shuffle", seed, -(2**63), "seed") % 2**64
        return Dataset(selection.Shuffle(self._stage, buffer, key, reshuffle_each_iteration is not False))

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """Everything `count` times; without an end for None or -1."""
        times = -1 if count is None else whole("repeat", count, -1, "count")
        return Dataset(selection.Repeat(self._stage, times))

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` elements; all for -1."""
        return Dataset(selection.Take(self._stage, whole("take", count, -1, "count")))

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """All but the first `count` elements; none for -1."""
        return Dataset(selection.Skip(self._stage, whole("skip", count, -1, "count")))

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Every `num_shards`-th element, from number `index` on."""
        shards, place = whole("shard", num_shards, argument="num_shards"), whole("shard", index, 0, "index")
        if place >= shards:
            raise DataError(f"shard: got index={place}, expected 0 to {shards - 1}, below num_shards")
        return Dataset(selection.Shard(self._stage, shards, place))

    def cache(self, filename: str | os.PathLike[str] = "", name: str | None = None) -> Dataset:
        """The elements as they came when all were first gone through, kept in memory.

        Raises:
            DataError: a file name, as nothing is kept in files; or elements without an end.
        """
        if os.fspath(filename):
            raise DataError(f"cache: got filename={filename!r}; elements are kept in memory only: write cache()")
        if self._stage.count() == INFINITE:
            raise DataError("cache: the elements never end; call cache() before repeat()")
        return Dataset(selection.Cache(self._stage))

    def prefetch(self, buffer_size: int | None = None, name: str | None = None) -> Dataset:
        """The same elements: `fit` prepares the next batches while it trains, whether asked to or not."""
        if buffer_size is not None:
            whole("prefetch", buffer_size, -1, "buffer_size")
        return Dataset(self._stage)

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """The same elements: TensorFlow's options are about its own execution."""
        return Dataset(self._stage)

    # What is made of them

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: int | None = None, deterministic: bool | None = None,
        synchronous: bool | None = None, use_unbounded_threadpool: bool = False, name: str | None = None,
    ) -> Dataset:
        """A function of each element.

        Args:
            map_func: is called with tensors, the parts of a tuple as its arguments, and returns arrays, numbers, tuples
                or dictionaries of them.
            num_parallel_calls, deterministic, synchronous, use_unbounded_threadpool: without effect: one at a time.
            name: of the operation, for the reader.
        """
        return Dataset(changes.Map(self._stage, arguments.function("map", map_func)))

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements of which a function is true."""
        return Dataset(changes.Filter(self._stage, arguments.function("filter", predicate)))

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements before the first of which a function is false."""
        return Dataset(changes.Filter(self._stage, arguments.function("take_while", predicate), end=True))

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """All elements of the data sets that a function makes of the elements."""
        return Dataset(changes.FlatMap(self._stage, arguments.function("flat_map", map_func)))

    def interleave(
        self, map_func: Callable[..., Any], cycle_length: int | None = None, block_length: int | None = None,
        num_parallel_calls: int | None = None, deterministic: bool | None = None, name: str | None = None,
    ) -> Dataset:
        """As `flat_map`; `cycle_length` (8 if not given) data sets in turn, `block_length` (1) elements of each."""
        cycle = 8 if cycle_length in (None, -1) else whole("interleave", cycle_length, argument="cycle_length")
        block = 1 if block_length is None else whole("interleave", block_length, argument="block_length")
        function = arguments.function("interleave", map_func)
        return Dataset(changes.FlatMap(self._stage, function, "interleave", cycle, block))

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """(number, element) for each element."""
        return Dataset(changes.Enumerate(self._stage, whole("enumerate", start, -(2**63), "start")))

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """The elements of this data set, then those of another of the same kind."""
        if not isinstance(dataset, Dataset):
            raise DataError(f"concatenate: got a {type(dataset).__name__}, expected a Dataset")
        return Dataset(changes.Concatenate(self._stage, dataset._stage))

    def batch(
        self, batch_size: int, drop_remainder: bool = False, num_parallel_calls: int | None = None,
        deterministic: bool | None = None, name: str | None = None,
    ) -> Dataset:
        """`batch_size` elements as one, along a new first axis; a smaller last one unless `drop_remainder`."""
        return Dataset(Batch(self._stage, whole("batch", batch_size, argument="batch_size"), bool(drop_remainder)))

    def padded_batch(
        self, batch_size: int, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """As `batch`, for elements of different sizes.

        Args:
            batch_size: elements in a batch.
            padded_shapes: in the structure of an element, shapes with None or -1 for the largest size of a batch.
            padding_values: in the structure of an element or one for all; 0 and "" if not given.
            drop_remainder: leave out a smaller last batch.
            name: of the operation, for the reader.
        """
        size = whole("padded_batch", batch_size, argument="batch_size")
        return Dataset(PaddedBatch(self._stage, size, padded_shapes, padding_values, bool(drop_remainder)))

    def window(
        self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Data sets of `size` elements each; `ds.window(5, 1).flat_map(lambda window: window.batch(5))` are tensors.

        Args:
            size: elements in a window.
            shift: how far one window begins behind the one before; size if not given.
            stride: how far the elements of a window lie apart.
            drop_remainder: leave out windows that the end cuts short.
            name: of the operation, for the reader.
        """
        size, stride = whole("window", size, argument="size"), whole("window", stride, argument="stride")
        shift = size if shift is None else whole("window", shift, argument="shift")
        return Dataset(Window(self._stage, size, shift, stride, bool(drop_remainder)))

    def unbatch(self, name: str | None = None) -> Dataset:
        """The rows of each element."""
        return Dataset(changes.Unbatch(self._stage))

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of the data set."""
        made = arguments.function("apply", transformation_func)(self)
        if not isinstance(made, Dataset):
            raise DataError(f"apply: the function returned a {type(made).__name__}, expected a Dataset")
        return made

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any], name: str | None = None) -> Any:
        """state = reduce_func(state, element) over all elements; returns the last state."""
        state = element(initial_state, "reduce")
        for value in self:
            state = element(reduce_func(state, value), "reduce")
        return state

    # Going through

    def __iter__(self) -> DatasetIterator:
        elements = self._stage.elements(Run(next_seed() if self._stage.draws else 0))
        return DatasetIterator(elements, self._stage.count() == INFINITE)

    def as_numpy_iterator(self) -> DatasetIterator:
        """The elements as plain arrays and numbers."""
        elements = iter(self)
        plain = (mapped(lambda tensor: tensor.numpy(), value) for value in elements)
        return DatasetIterator(plain, elements.endless)

    def get_single_element(self, name: str | None = None) -> Element:
        """The only element.

        Raises:
            DataError: there are none or several.
        """
        first = list(self.take(2))
        if len(first) != 1:
            raise DataError(f"get_single_element: the data set has {'several elements' if first else 'no element'}")
        return first[0]

    def cardinality(self, name: str | None = None) -> Tensor:
        """The number of elements; tf.data.INFINITE_CARDINALITY (-1) or UNKNOWN_CARDINALITY (-2)."""
        return wrapped(np.int64(self._stage.count()))

    def __len__(self) -> int:
        count = self._stage.count()
        if count == INFINITE:
            raise TypeError("the data set is infinite, as repeat() without a count makes it: it has no len()")
        if count == UNKNOWN:
            raise TypeError("how many elements the data set has shows only when it is gone through: it has no len()")
        return count

    def __bool__(self) -> bool:
        return True

    @property
    def element_spec(self) -> Any:
        """Shapes and types of the elements: TensorSpecs in their structure.

        After `map`, and after `from_generator` without a signature, those of the first element.
        """
        return self._stage.spec()

    def __repr__(self) -> str:
        return f"<Dataset {' -> '.join(_names(self._stage))}>"


def _names(stage: Stage) -> list[str]:
    """The methods that made it, the first first."""
    before = _names(stage.parents[0]) if stage.parents else []
    return [*before, stage.name]
