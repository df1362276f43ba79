"""What the torch engine does for the sake of graphics cards, checked on the processor: nothing waits within a run of
steps, data are kept or streamed, parameters stay where they are until somebody may look, half precision.

On the processor in float32 tensors are NumPy's memory; in float64 ("oracle") they are copies, as on a device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from striate.engines import Engine, Examples, Program
from striate.graph import Array, Graph
from striate.graph.operations import Affine, Softmax

from .networks import Builder, lenet, normalised
from .training import RULES, SPARSE, fresh_rule, patterns, rate_of, weights_of

WAITING = ("item", "cpu", "numpy", "tolist", "__bool__", "__float__", "__int__", "__index__", "__array__", "nonzero")


@pytest.fixture
def make_engine(oracle: Any) -> Any:
    """The engine's class; `oracle` is there so that a missing PyTorch is said."""
    return type(oracle)


@contextmanager
def waits(torch: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts what makes the host wait for a device, or moves memory between the two."""
    from torch.utils._python_dispatch import TorchDispatchMode

    counts: Counter[str] = Counter()

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = function.name()
            if name in ("aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal"):
                counts[name] += 1
            return function(*args, **(kwargs or {}))

    def counted(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return original(*args, **kwargs)

        patch.setattr(owner, name, call)

    with monkeypatch.context() as patch, Watch():
        for name in WAITING:
            counted(torch.Tensor, name)
        for name in ("from_numpy", "tensor", "as_tensor"):
            counted(torch, name)
        yield counts


def program_of(engine: Engine, graph: Graph, rule: str = "adam", **options: float) -> Program:
    return engine.compile(graph, losses=[SPARSE], rule=fresh_rule(rule, graph, **options), seed=3)


BOUNDS = ({"clipvalue": 0.1}, {"clipnorm": 1.0}, {"global_clipnorm": 1.0}, {"weight_decay": 0.1})


@pytest.mark.parametrize(("rule", "options"), [*((rule, {}) for rule in RULES), *(("adam", bound) for bound in BOUNDS)])
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_no_batch_waits(
    make_engine: Any, torch: Any, monkeypatch: pytest.MonkeyPatch, rule: str, options: dict[str, float], precision: str
) -> None:
    """As many waits and moves for two batches as for twelve, with batch normalisation, dropout and every rule."""
    found = []
    for steps in (2, 12):
        program: Any = program_of(make_engine(precision=precision), normalised(), rule, **options)
        if precision == "float16":
            program._scale.factor = 16.0  # small enough for nothing to overflow, which would be taken again
        examples = patterns(96, (12, 12, 3))
        with waits(torch, monkeypatch) as counts:
            results = program.train(examples, np.arange(8 * steps), 8, np.full(steps, 0.001), 0)
        assert len(results.losses) == steps
        found.append(counts)
    assert found[0] == found[1]
    assert found[0]["cpu"] == 3  # were all finite; losses; outputs


@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_no_batch_waits_in_inference(make_engine: Any, torch: Any, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    program = program_of(make_engine(), normalised())
    found = []
    for count in (16, 96):
        examples = patterns(count, (12, 12, 3))
        with waits(torch, monkeypatch) as counts:
            program.evaluate(examples, 8) if call == "evaluate" else program.predict(examples.images, 8)
        found.append(counts)
    assert found[0] == found[1]


def test_the_counter_counts(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with waits(torch, monkeypatch) as counts:
        one = torch.ones(3)
        if one.sum() > 0:
            one[one > 0].sum().item()
    assert counts["__bool__"] == counts["item"] == 1
    assert counts["aten::nonzero"] + counts["aten::masked_select"] >= 0
    assert counts["aten::_local_scalar_dense"] == 2


# Data.


def run(program: Program, examples: Examples, steps: int = 6) -> list[Array]:
    """What a run over shuffled examples leaves, with repetitions and a last batch that is not full."""
    order = np.random.default_rng(0).integers(0, len(examples), size=16 * steps - 5)
    results = program.train(examples, order, 16, np.full(steps, 0.002), 0)
    return [results.losses, *results.outputs]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("limit", [0, 10**9])
def test_streamed_and_kept_data_give_the_same(
    make_engine: Any, monkeypatch: pytest.MonkeyPatch, dtype: type, limit: int
) -> None:
    from striate.engines.torch import feed

    monkeypatch.setattr(feed, "PIECE_BYTES", 40_000)  # two or three batches
    examples = patterns(60, (12, 12, 3))
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 60).astype(np.float32)
    typed = Examples([examples.images[0].astype(dtype)], examples.targets, weights)
    expected = run(program_of(make_engine(), normalised()), typed)
    program = program_of(make_engine(data_limit=limit), normalised())
    with program.holding_examples():
        found = run(program, typed)
    for here, there in zip(found, expected, strict=True):
        np.testing.assert_array_equal(here, there)


def test_data_are_moved_once(make_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.engines.torch.feed import Feed

    moved: list[int] = []
    original = Feed._move
    monkeypatch.setattr(
        Feed, "_move", lambda self, array, **how: moved.append(len(array)) or original(self, array, **how)
    )
    examples = patterns(60, (12, 12, 3))
    program = program_of(make_engine(data_limit=10**9), normalised())
    with program.holding_examples():
        for _ in range(3):
            run(program, examples)
        assert moved == [60, 60]  # images, targets
        run(program, patterns(40, (12, 12, 3)))
        assert moved == [60, 60, 40, 40]
    run(program, examples)
    assert 60 not in moved[4:]  # outside, data may change, and only what is needed is moved


# Parameters.


def test_parameters_stay_until_somebody_may_look(oracle: Any) -> None:
    examples = patterns(48, (12, 12, 3))
    together, apart = normalised(), normalised()
    rules = [fresh_rule("adam", graph) for graph in (together, apart)]
    programs = [
        oracle.compile(graph, losses=[SPARSE], rule=rule, seed=3)
        for graph, rule in zip((together, apart), rules, strict=True)
    ]
    start = weights_of(together)
    with programs[0].holding_parameters():
        for first in (0, 1):
            evaluated = programs[0].evaluate(examples, 16)  # also between steps
            losses = programs[0].train(examples, np.arange(48), 16, np.full(3, 0.01), 3 * first).losses
            for here, there in zip(weights_of(together), start, strict=True):
                np.testing.assert_array_equal(here, there)  # not yet
    apart_losses = [programs[1].train(examples, np.arange(48), 16, np.full(3, 0.01), 3 * k).losses for k in (0, 1)]
    np.testing.assert_allclose(losses, apart_losses[1], rtol=1e-6)
    assert np.isfinite(evaluated.losses).all()
    for here, there, before in zip(weights_of(together), weights_of(apart), start, strict=True):
        np.testing.assert_allclose(here, there, atol=1e-6)
        assert (here != before).any()
    ours, theirs = ([array for names in rule.slots.values() for array in names.values()] for rule in rules)
    for here, there in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(here, there, atol=1e-6)
        assert here.any()


def test_an_error_leaves_everything_as_before(make_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.engines.torch import program as module

    graph, examples = normalised(), patterns(64, (12, 12, 3))
    program, before = program_of(make_engine(), graph, "nadam"), weights_of(graph)
    original, calls = module.update, []

    def fails(*arguments: Any) -> None:
        calls.append(original(*arguments))
        if len(calls) == 3:
            raise MemoryError("no room")

    monkeypatch.setattr(module, "update", fails)
    with pytest.raises(MemoryError):
        program.train(examples, np.arange(64), 16, np.full(4, 0.01), 0)
    for here, there in zip(weights_of(graph), before, strict=True):
        np.testing.assert_array_equal(here, there)


# Half precision.


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("network", [lenet, normalised])
def test_half_precision_trains_nearly_the_same(make_engine: Any, precision: str, network: Any) -> None:
    shape = (28, 28, 1) if network is lenet else (12, 12, 3)
    options = {} if network is lenet else {"rate": 0.0}
    examples, losses = patterns(64, shape), []
    for engine in (make_engine(precision="float32"), make_engine(precision=precision)):
        graph = network(**options)
        program = program_of(engine, graph)
        order = np.tile(np.arange(64), 10)
        results = program.train(examples, order, 32, np.full(20, rate_of("adam")), 0)
        assert results.outputs[0].dtype == np.float32
        assert all(array.dtype == np.float32 for array in weights_of(graph))
        assert results.losses[-4:].mean() < 0.9 * results.losses[:4].mean()
        losses.append(results.losses)
    assert (losses[0] != losses[1]).any()  # it is another precision
    np.testing.assert_allclose(losses[1][:5], losses[0][:5], rtol=0.02)  # bfloat16 has 8 bits
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.2, atol=0.05)


def large_gradients(scale: float) -> Graph:
    """A network whose gradients are `scale` times what they should be."""
    make = Builder(0)
    x = make.dense(make.add(Affine(scale), make.input(20)), 8)
    return make.finish(make.add(Softmax(), make.dense(x, 10)))


def test_gradients_that_overflow_are_taken_again(make_engine: Any) -> None:
    """float16 ends at 65,504: gradients times 2^16 overflow, so the scale is halved until they fit; no step is lost."""
    examples = Examples(
        [np.random.default_rng(0).normal(size=(64, 20)).astype(np.float32)],
        [np.random.default_rng(1).integers(0, 10, 64).astype(np.int32)],
    )
    runs = []
    for precision in ("float32", "float16"):
        graph = large_gradients(100.0)
        program = program_of(make_engine(precision=precision), graph, "sgd")
        results = program.train(examples, np.arange(64), 16, np.full(4, 1e-5), 0)
        assert len(results.losses) == 4
        runs.append((results.losses, weights_of(graph)))
    assert program._scale.factor < 2.0**16  # type: ignore[attr-defined]
    np.testing.assert_allclose(*(losses for losses, _ in runs), rtol=0.02)
    for start, here, there in zip(weights_of(large_gradients(100.0)), runs[0][1], runs[1][1], strict=True):
        assert np.abs(here - there).max() <= 0.05 * np.abs(here - start).max()


def test_small_gradients_are_not_lost(make_engine: Any) -> None:
    """Below 6e-8 float16 is 0: without the scale nothing would move."""
    rng = np.random.default_rng(0)
    examples = Examples([rng.normal(size=(16, 20)).astype(np.float32)], [rng.integers(0, 10, 16).astype(np.int32)])
    before, moves = weights_of(large_gradients(1.0))[0], []
    for precision, factor in (("float32", None), ("float16", None), ("float16", 1.0)):
        graph = large_gradients(1.0)
        engine = make_engine(precision=precision)
        program = engine.compile(graph, losses=[SPARSE], loss_weights=[1e-7], rule=fresh_rule("sgd", graph))
        if factor:
            program._scale.factor = factor
        program.train(examples, np.arange(16), 16, np.full(1, 1e6), 0)
        moves.append(weights_of(graph)[0] - before)
    assert np.abs(moves[1] - moves[0]).max() <= 0.02 * np.abs(moves[0]).max()
    assert np.abs(moves[2]).max() < 0.5 * np.abs(moves[0]).max()


def test_the_scale_grows_again() -> None:
    pytest.importorskip("torch")
    from striate.engines.torch.precision import GROWTH_STEPS, LossScale

    scale = LossScale()
    assert scale.lower()
    assert scale.factor == 2.0**15
    scale.took(GROWTH_STEPS - 1)
    assert scale.factor == 2.0**15
    scale.took(1)
    assert scale.factor == 2.0**16
    while scale.lower():
        pass
    assert scale.factor == 1.0
