"""Reads pickles as data. CIFAR's batches are pickles, and a pickle is a program; this reader runs none of it.

It knows the opcodes that write None, truth values, integers, strings, tuples, lists, dictionaries and NumPy arrays.
Globals are remembered by name and never imported; the three that an array is made of turn into a `RawArray`, all others
are an error. Time and memory are proportional to the file: nothing nested is hashed, no size is believed without bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class PickleError(Exception):
    """Not a pickle of plain data."""


@dataclass(eq=False)
class RawArray:
    """A NumPy array as it was written: nothing is checked but that the parts have these types."""

    shape: tuple[int, ...] = ()
    type: bytes = b""
    fortran: bool = False
    data: bytes = b""


@dataclass(frozen=True)
class _Global:
    module: str
    name: str


@dataclass(eq=False)
class _Type:
    code: bytes


_RECONSTRUCT = [_Global(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")]
_NDARRAY, _DTYPE = _Global("numpy", "ndarray"), _Global("numpy", "dtype")
_ALLOWED = {*_RECONSTRUCT, _NDARRAY, _DTYPE}
_MARK = object()


def read_pickle(content: bytes) -> object:
    """The value that a pickle holds, with Python 2's strings as bytes.

    Raises:
        PickleError: any other opcode or global, a value where it does not belong, an early end.
    """
    reader = _Reader(content)
    try:
        return reader.run()
    except (IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise PickleError(f"malformed pickle at byte {reader.at}: {type(error).__name__}") from None


class _Reader:
    """A stack machine, as pickle's own."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> object:
        """The value on the stack when the pickle says it ends."""
        content, actions = self.content, _ACTIONS
        while True:
            if self.at >= len(content):
                raise PickleError(f"ends after {len(content)} bytes")
            code = content[self.at]
            self.at += 1
            if code == 0x2E:  # STOP
                value = self.stack.pop()
                if value is _MARK:
                    raise PickleError("ends inside a value")
                return value
            action = actions.get(code)
            if action is None:
                raise PickleError(f"opcode {code:#04x} at byte {self.at - 1} is not plain data")
            action(self)

    def take(self, count: int) -> bytes:
        piece = self.content[self.at : self.at + count]
        if count < 0 or len(piece) != count:
            raise PickleError(f"ends inside a value of {count} bytes")
        self.at += count
        return piece

    def number(self, layout: str) -> int:
        """An integer in the layout of `struct`."""
        value = struct.unpack_from(layout, self.content, self.at)[0]
        self.at += struct.calcsize(layout)
        return int(value)

    def line(self) -> str:
        end = self.content.index(b"\n", self.at, self.at + 256)
        text = self.content[self.at : end].decode("ascii")
        self.at = end + 1
        return text

    def since_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise PickleError("a mark is missing")
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def keep(self, key: int) -> None:
        self.memo[key] = self.stack[-1]

    def push_global(self, module: object, name: object) -> None:
        if type(module) is not str or type(name) is not str:
            raise PickleError("a global without a name")
        wanted = _Global(module, name)
        if wanted not in _ALLOWED:
            raise PickleError(f"asks for {wanted.module}.{wanted.name}, which data do not need")
        self.stack.append(wanted)

    def reduce(self) -> None:
        """A call: of `_reconstruct`, which makes an empty array, or of `dtype`."""
        arguments = self.stack.pop()
        function = self.stack.pop()
        if function in _RECONSTRUCT and type(arguments) is tuple:
            self.stack.append(RawArray())
        elif function == _DTYPE and type(arguments) is tuple and arguments:
            code = arguments[0]
            self.stack.append(_Type(code.encode() if type(code) is str else bytes(memoryview(code))))
        else:
            raise PickleError("calls something that is not an array")

    def build(self) -> None:
        """Fills the array, or the type, that was just made."""
        state = self.stack.pop()
        target = self.stack[-1]
        if type(target) is _Type and type(state) is tuple:
            if len(state) > 4 and (state[2] is not None or state[3] is not None or state[4] is not None):
                raise PickleError("a structured type")
        elif type(target) is RawArray and type(state) is tuple and len(state) == 5:
            _, shape, kind, fortran, data = state
            plain = type(shape) is tuple and all(type(size) is int for size in shape)
            if not plain or type(kind) is not _Type or type(data) is not bytes:
                raise PickleError("an array that is not made of bytes")
            target.shape, target.type, target.fortran, target.data = shape, kind.code, bool(fortran), data
        else:
            raise PickleError("sets the state of something that is not an array")

    def fill(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not dict or len(pairs) % 2:
            raise PickleError("keys without a dictionary")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) not in (bytes, str):
                raise PickleError("a key that is not a string")
            target[key] = value

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise PickleError("items without a list")
        target.extend(items)

    def pop(self, count: int) -> list[Any]:
        items = self.stack[len(self.stack) - count :]
        if len(items) != count or any(item is _MARK for item in items):
            raise PickleError("too few values")
        del self.stack[len(self.stack) - count :]
        return items


def _pusher(layout: str) -> Callable[[_Reader], None]:
    return lambda reader: reader.stack.append(reader.number(layout))


def _bytes(layout: str) -> Callable[[_Reader], None]:
    return lambda reader: reader.stack.append(reader.take(reader.number(layout)))


def _text(layout: str) -> Callable[[_Reader], None]:
    return lambda reader: reader.stack.append(reader.take(reader.number(layout)).decode("utf-8"))


def _constant(make: Callable[[], object]) -> Callable[[_Reader], None]:
    return lambda reader: reader.stack.append(make())


def _tuple(count: int) -> Callable[[_Reader], None]:
    return lambda reader: reader.stack.append(tuple(reader.pop(count)))


def _skip(count: int) -> Callable[[_Reader], None]:
    def action(reader: _Reader) -> None:
        reader.take(count)

    return action


# By opcode; the comments are pickletools' names.
_ACTIONS: dict[int, Callable[[_Reader], None]] = {
    0x80: _skip(1),  # PROTO
    0x95: _skip(8),  # FRAME
    ord("("): _constant(lambda: _MARK),  # MARK
    ord("N"): _constant(lambda: None),  # NONE
    0x88: _constant(lambda: True),  # NEWTRUE
    0x89: _constant(lambda: False),  # NEWFALSE
    ord("}"): _constant(dict),  # EMPTY_DICT
    ord("]"): _constant(list),  # EMPTY_LIST
    ord(")"): _constant(tuple),  # EMPTY_TUPLE
    ord("K"): _pusher("<B"),  # BININT1
    ord("M"): _pusher("<H"),  # BININT2
    ord("J"): _pusher("<i"),  # BININT
    0x8A: lambda reader: reader.stack.append(int.from_bytes(reader.take(reader.number("<B")), "little", signed=True)),
    ord("U"): _bytes("<B"),  # SHORT_BINSTRING
    ord("T"): _bytes("<i"),  # BINSTRING
    ord("C"): _bytes("<B"),  # SHORT_BINBYTES
    ord("B"): _bytes("<I"),  # BINBYTES
    0x8E: _bytes("<Q"),  # BINBYTES8
    0x8C: _text("<B"),  # SHORT_BINUNICODE
    ord("X"): _text("<I"),  # BINUNICODE
    0x85: _tuple(1),  # TUPLE1
    0x86: _tuple(2),  # TUPLE2
    0x87: _tuple(3),  # TUPLE3
    ord("t"): lambda reader: reader.stack.append(tuple(reader.since_mark())),  # TUPLE
    ord("e"): lambda reader: reader.extend(reader.since_mark()),  # APPENDS
    ord("a"): lambda reader: reader.extend(reader.pop(1)),  # APPEND
    ord("u"): lambda reader: reader.fill(reader.since_mark()),  # SETITEMS
    ord("s"): lambda reader: reader.fill(reader.pop(2)),  # SETITEM
    ord("q"): lambda reader: reader.keep(reader.number("<B")),  # BINPUT
    ord("r"): lambda reader: reader.keep(reader.number("<I")),  # LONG_BINPUT
    0x94: lambda reader: reader.keep(len(reader.memo)),  # MEMOIZE
    ord("h"): lambda reader: reader.stack.append(reader.memo[reader.number("<B")]),  # BINGET
    ord("j"): lambda reader: reader.stack.append(reader.memo[reader.number("<I")]),  # LONG_BINGET
    ord("c"): lambda reader: reader.push_global(reader.line(), reader.line()),  # GLOBAL
    0x93: lambda reader: reader.push_global(*reader.pop(2)),  # STACK_GLOBAL
    ord("R"): lambda reader: reader.reduce(),  # REDUCE
    ord("b"): lambda reader: reader.build(),  # BUILD
}
