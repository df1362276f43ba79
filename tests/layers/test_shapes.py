"""Output shapes on random arguments, beside Keras's compute_output_shape, and beside what the kernels' sizes say."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate import layers
from striate.errors import ShapeError
from striate.graph import Graph, operations


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    """A window and the sizes it moves over."""
    rank = draw(st.integers(1, 3))

    def many(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.lists(st.integers(low, high), min_size=rank, max_size=rank)))

    strides = draw(st.one_of(st.just((1,) * rank), st.just(many(1, 4))))
    dilation = many(1, 3) if max(strides) == 1 else (1,) * rank
    return {
        "rank": rank, "sizes": many(1, 12), "kernel": many(1, 5), "strides": strides, "dilation": dilation,
        "padding": draw(st.sampled_from(["valid", "same"])),
    }  # fmt: skip


def both(ours: layers.Layer, theirs: Any, shape: tuple[int, ...]) -> None:
    """The same shape from both, or an error from both."""
    try:
        expected = tuple(theirs.compute_output_shape((None, *shape)))
    except ValueError:
        with pytest.raises(ShapeError, match=f"^{ours.name}: a .* kernel .*does not fit a .* input without padding"):
            ours.compute_output_shape(shape)
        return
    assert ours.compute_output_shape((None, *shape)) == expected


@given(windows(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 3))
def test_convolutions(keras: Any, window: dict[str, Any], groups: int, channels: int, filters: int) -> None:
    arguments = {
        "filters": groups * filters, "kernel_size": window["kernel"], "strides": window["strides"],
        "dilation_rate": window["dilation"], "padding": window["padding"], "groups": groups,
    }  # fmt: skip
    name = f"Conv{window['rank']}D"
    shape = (*window["sizes"], groups * channels)
    ours = getattr(layers, name)(**arguments)
    both(ours, getattr(keras.layers, name)(**arguments), shape)


@given(windows(), st.sampled_from(["Max", "Average"]), st.integers(1, 3))
def test_poolings(keras: Any, window: dict[str, Any], kind: str, channels: int) -> None:
    arguments = {"pool_size": window["kernel"], "strides": window["strides"], "padding": window["padding"]}
    name = f"{kind}Pooling{window['rank']}D"
    both(getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments), (*window["sizes"], channels))


@given(windows(), st.integers(1, 3))
def test_what_a_layer_promises_its_graph_keeps(window: dict[str, Any], filters: int) -> None:
    """compute_output_shape, the lowered graph and the parameters agree, and the last node bears the layer's name."""
    shape = (*(size + 12 for size in window["sizes"]), 2)
    layer = getattr(layers, f"Conv{window['rank']}D")(
        filters, window["kernel"], window["strides"], window["padding"], None, window["dilation"], activation="relu"
    )
    graph = Graph()
    node = layer.lower(graph, graph.add(operations.Input(shape), name="images"))
    assert node.name == layer.name
    assert [inner.name for inner in graph.nodes] == ["images", f"{layer.name}/conv", layer.name]
    assert node.shape == layer.compute_output_shape(shape) == layer.output_shape[1:]
    assert layer.count_params() == math.prod(window["kernel"]) * 2 * filters + filters
    assert graph.parameters() == layer.weights


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_reshape_fills_in_what_is_left(shape: list[int], data: st.DataObject) -> None:
    target = data.draw(st.permutations(shape))
    hidden = data.draw(st.integers(0, len(target) - 1))
    asked = [-1 if i == hidden else size for i, size in enumerate(target)]
    assert layers.Reshape(asked).compute_output_shape(shape) == tuple(target)


@given(st.integers(1, 3), st.data())
def test_zero_padding(keras: Any, rank: int, data: st.DataObject) -> None:
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
    shape = (*data.draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank)), 2)
    number = st.integers(0, 3)
    many = pair if rank == 1 else st.tuples(*[pair] * rank) | st.tuples(*[number] * rank)
    padding = data.draw(number | many)
    name = f"ZeroPadding{rank}D"
    ours, theirs = getattr(layers, name)(padding), getattr(keras.layers, name)(padding)
    assert ours.compute_output_shape((None, *shape)) == tuple(theirs.compute_output_shape((None, *shape)))
    assert ours.padding == theirs.padding
