"""An operation belongs to the waist when both engines execute it."""

from __future__ import annotations

from typing import Any

import pytest

from striate.graph.operations import OPERATIONS, Input, Operation

each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)


@each
def test_the_native_engine_has_it(operation: type[Operation]) -> None:
    from striate.engines import _native

    assert operation.__name__ in _native.operation_names(), f"native/builder.cpp has no {operation.__name__}"


@each
def test_the_torch_engine_has_it(operation: type[Operation], torch: Any) -> None:
    from striate.engines.torch.operations import forward

    if operation is not Input:  # its values are given, not computed
        where = f"src/striate/engines/torch/operations registers no {operation.__name__}"
        assert forward.dispatch(operation) is not forward.dispatch(Operation), where


def test_no_engine_has_more() -> None:
    """The list is complete: every subclass of Operation that a module of the waist exports is on it."""
    from striate.engines import _native
    from striate.graph import operations

    exported = {
        name
        for name, value in vars(operations).items()
        if isinstance(value, type) and issubclass(value, Operation) and value is not Operation
    }
    listed = {operation.__name__ for operation in OPERATIONS}
    assert exported == listed == set(_native.operation_names())
