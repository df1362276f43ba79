"""Where elements come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np

from striate.data.specification import TensorSpec
from striate.data.stages import INFINITE, UNKNOWN, Run, Stage, Table
from striate.data.structure import Element, element, leaves, mapped
from striate.errors import DataError, ShapeError
from striate.tensors import Tensor, as_tensor


class Slices(Stage):
    """The rows of arrays."""

    name = "from_tensor_slices"

    def __init__(self, tensors: Element) -> None:
        super().__init__()
        arrays = leaves(tensors)
        if not arrays:
            raise DataError(f"{self.name}: got nothing, expected at least one array")
        for array in arrays:
            if array.ndim == 0:
                raise ShapeError(f"{self.name}: got the single value {array}, expected arrays with the examples first")
        if len({len(array) for array in arrays}) > 1:
            raise ShapeError(
                f"{self.name}: the arrays hold {', '.join(f'{len(a):,}' for a in arrays)} examples; all need as many"
            )
        self._table = Table(tensors)

    @property
    def table(self) -> Table:
        return self._table

    def positions(self, run: Run) -> Iterator[int]:
        return iter(range(self._table.count))

    def elements(self, run: Run) -> Iterator[Element]:
        return map(self._table.row, range(self._table.count))

    def count(self) -> int:
        return self._table.count

    def spec(self) -> Any:
        return mapped(lambda array: TensorSpec(array.shape[1:], array.dtype), self._table.arrays)


class Single(Stage):
    """One element."""

    name = "from_tensors"

    def __init__(self, tensors: Element) -> None:
        super().__init__()
        self._element = tensors

    def elements(self, run: Run) -> Iterator[Element]:
        return iter([self._element])

    def count(self) -> int:
        return 1


class Range(Stage):
    """Whole numbers from start to below stop."""

    name = "range"

    def __init__(self, start: int, stop: int, step: int, dtype: Any) -> None:
        super().__init__()
        self._numbers, self._dtype = range(start, stop, step), np.dtype(dtype)

    def elements(self, run: Run) -> Iterator[Element]:
        return (np.asarray(number, self._dtype).view(Tensor) for number in self._numbers)

    def count(self) -> int:
        return len(self._numbers)

    def spec(self) -> Any:
        return TensorSpec((), self._dtype)


class Counting(Stage):
    """start, start + step, ... without an end."""

    name = "counter"

    def __init__(self, start: int, step: int, dtype: Any) -> None:
        super().__init__()
        self._start, self._step, self._dtype = start, step, np.dtype(dtype)

    def elements(self, run: Run) -> Iterator[Element]:
        return (np.asarray(number, self._dtype).view(Tensor) for number in count(self._start, self._step))

    def count(self) -> int:
        return INFINITE

    def spec(self) -> Any:
        return TensorSpec((), self._dtype)


class Generated(Stage):
    """What a function's generator yields; the function is called anew each time the data set is gone through.

    signature: TensorSpecs in the structure of an element; None: whatever comes.
    """

    name = "from_generator"

    def __init__(self, function: Callable[..., Iterable[Any]], arguments: tuple[Any, ...], signature: Any) -> None:
        super().__init__()
        self._function, self._arguments, self._signature = function, arguments, signature

    def elements(self, run: Run) -> Iterator[Element]:
        values = self._function(*self._arguments)
        if not hasattr(values, "__iter__"):
            raise DataError(
                f"{self.name}: the function returned a {type(values).__name__}, expected a generator: use yield"
            )
        return map(self._element, values)

    def count(self) -> int:
        return UNKNOWN

    def spec(self) -> Any:
        return super().spec() if self._signature is None else self._signature

    def _element(self, value: Any) -> Element:
        if self._signature is None:
            return element(value, self.name, lists=True)
        return self._as_specified(value, self._signature)

    def _as_specified(self, value: Any, wanted: Any) -> Element:
        """What was yielded, in the structure and the types of the signature, or the error that says why not."""
        if isinstance(wanted, TensorSpec):
            tensor = element(value, self.name, lists=True)
            if isinstance(tensor, Tensor) and wanted.fits(tensor.shape):
                return as_tensor(tensor, wanted.dtype, self.name)
        elif isinstance(wanted, Mapping):
            if isinstance(value, Mapping) and set(value) == set(wanted):
                return {key: self._as_specified(value[key], spec) for key, spec in wanted.items()}
        elif isinstance(value, (tuple, list)) and len(value) == len(wanted):
            return tuple(self._as_specified(item, spec) for item, spec in zip(value, wanted, strict=True))
        came = repr(mapped(TensorSpec.of, element(value, self.name, lists=True)))
        raise ShapeError(f"{self.name}: the generator yielded {came}, expected {wanted!r} as output_signature says")
