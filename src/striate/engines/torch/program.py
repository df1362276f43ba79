"""A graph bound to PyTorch: training, evaluation and looking inside.

A step leaves everything on the device, its loss and outputs too. They are copied once at the end of each call, and only
then is it known whether all losses were finite; if not, the state from before the call is put back and the steps before
the bad one are taken again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.engines import checks
from striate.engines.interface import Examples, Images, Program, StepResults
from striate.engines.torch.feed import Feed
from striate.engines.torch.losses import batch_loss, takes_logits
from striate.engines.torch.memory import State
from striate.engines.torch.operations import Pass, orthogonality, penalty, run
from striate.engines.torch.precision import Precision, largest, widened
from striate.engines.torch.results import Results
from striate.engines.torch.updates import update
from striate.graph import Array, Graph, LossFunction, Node, UpdateRule


class TorchProgram(Program):
    """See `Program`. Made by `TorchEngine.compile`."""

    def __init__(
        self,
        graph: Graph,
        losses: list[tuple[LossFunction | None, float]],
        rule: UpdateRule | None,
        seed: int,
        device: torch.device,
        precision: Precision,
        data_limit: int | None,
    ) -> None:
        self._graph = graph
        self._losses = losses
        self._rule = rule
        self._seed = seed
        self._device = device
        self._precision = precision
        self._scale = precision.scale()
        self._parameters = graph.parameters()
        self._feed = Feed(device, data_limit)
        self._holding = False
        self._held: State | None = None

    # Training

    def train(
        self,
        examples: Examples,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        first_step: int,
    ) -> StepResults:
        """See `Program.train`. The outputs of a step whose loss is not finite are among the results."""
        checks.check_trains(self._losses, self._rule)
        order = checks.checked_order(order, len(learning_rates), batch_size, len(examples))
        work = _Work(examples, order, batch_size, learning_rates, first_step)
        with self._state(training=True) as state, self._precision.exact():
            start = state.copy()
            try:
                return self._all_steps(state, work)
            except BaseException:
                state.restore(start)  # as the steps have not been counted
                raise

    def _all_steps(self, state: State, work: _Work) -> StepResults:
        """Every step, or those up to a loss that is not finite."""
        results = Results(self._graph, len(work.order), len(work.rates), self._device, self._precision.dtype)
        done = 0
        while done < len(work.rates):
            before = state.copy()
            self._steps(state, work, done, len(work.rates), results)
            bad, diverged = results.first_bad(done)
            if self._scale is not None:
                self._scale.took(bad - done)
            if bad == len(work.rates):
                break
            state.restore(before)
            self._steps(state, work, done, bad, None)
            if diverged:
                return results.finish(bad + 1, (bad + 1) * work.batch_size)
            assert self._scale is not None
            if not self._scale.lower():
                self._steps(state, work, bad, bad + 1, None)  # as large as they are
                bad += 1
            done = bad
        return results.finish(len(work.rates), len(work.order))

    def _steps(self, state: State, work: _Work, first: int, last: int, results: Results | None) -> None:
        """Steps first to last - 1 of some work."""
        if first == last:
            return
        order = work.order[first * work.batch_size : last * work.batch_size]
        batches = self._feed.batches(work.arrays, work.batch_size, order)
        for k, batch in zip(range(first, last), batches, strict=False):
            mode = Pass(training=True, seed=self._seed, step=work.first_step + k)
            loss, outputs = self._loss(batch, state, mode)
            overflow = self._step(loss, state, mode, float(work.rates[k]))
            if results is not None:
                results.add(k, k * work.batch_size, loss, outputs, overflow)

    def _step(self, loss: Tensor, state: State, mode: Pass, rate: float) -> Tensor | None:
        """Gradients and update. Returns the largest gradient where it may have overflowed."""
        assert self._rule is not None
        trainable = [state.weights[parameter] for parameter in state.trainable]
        found = None
        if self._scale is None:
            gradients = _gradients(loss, None, trainable)
        else:
            gradients = _gradients(loss * self._scale.factor, None, trainable)
            gradients = [gradient / self._scale.factor for gradient in gradients]
            found = largest(gradients)
        with torch.no_grad():
            update(self._rule, state.trainable, trainable, gradients, state.slots, rate, mode.step + 1)
            for average, batch, momentum in mode.statistics:
                average.mul_(momentum).add_(batch * (1.0 - momentum))
        return found

    # Inference

    def evaluate(self, examples: Examples, batch_size: int, *, training: bool = False, step: int = 0) -> StepResults:
        """See `Program.evaluate`. The losses include all penalties, as in training."""
        checks.check_measures(self._losses)
        count = len(examples)
        steps = -(-count // batch_size)
        results = Results(self._graph, count, steps, self._device, self._precision.dtype)
        with self._state() as state, torch.no_grad(), self._precision.exact():
            for k, batch in enumerate(self._feed.batches(_arrays(examples), batch_size)):
                loss, outputs = self._loss(batch, state, Pass(training, self._seed, step + k))
                results.add(k, k * batch_size, loss, outputs)
        return results.finish(steps, count)

    def predict(self, images: Sequence[Images], batch_size: int) -> list[Array]:
        """See `Program.predict`."""
        count = len(images[0])
        results = Results(self._graph, count, 0, self._device, self._precision.dtype)
        with self._state() as state, torch.no_grad(), self._precision.exact():
            for k, batch in enumerate(self._feed.batches(images, batch_size)):
                values = self._run(batch, state, Pass(training=False))
                results.add_outputs(k * batch_size, [values[node.index] for node in self._graph.outputs])
        return results.finish(0, count).outputs

    def read(
        self, images: Sequence[Images], nodes: Sequence[Node], *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.read`. All images are one batch; nothing is changed, moving averages neither."""
        checks.check_nodes(self._graph, nodes)
        with self._state() as state, torch.no_grad(), self._precision.exact():
            values = self._run(self._all(images), state, Pass(training, self._seed, step))
            return [_array(values[node.index]) for node in nodes]

    def gradient(
        self,
        images: Sequence[Images],
        of: Node,
        cotangent: Array,
        wrt: Sequence[Node],
        *,
        training: bool = False,
        step: int = 0,
    ) -> list[Array]:
        """See `Program.gradient`. Zeros for nodes that `of` does not depend on."""
        checks.check_nodes(self._graph, [of, *wrt])
        with self._state() as state, self._precision.exact():
            batch = [tensor.requires_grad_() for tensor in self._all(images)]
            values = self._run(batch, state, Pass(training, self._seed, step))
            seed = self._all([cotangent])[0].to(values[of.index].dtype)
            return [_array(found) for found in _gradients(values[of.index], seed, [values[n.index] for n in wrt])]

    def parameter_gradients(
        self, images: Sequence[Images], of: Node, cotangent: Array, *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.parameter_gradients`. Penalties are no part of it."""
        checks.check_nodes(self._graph, [of])
        with self._state() as state, self._precision.exact():
            values = self._run(self._all(images), state, Pass(training, self._seed, step), of.index + 1)
            seed = self._all([cotangent])[0].to(values[of.index].dtype)
            found = _gradients(values[of.index], seed, [state.weights[parameter] for parameter in state.trainable])
        gradients = dict(zip(state.trainable, map(_array, found), strict=True))
        return [gradients.get(p, np.zeros(p.shape, dtype=np.float32)) for p in self._parameters]

    # What stays on the device

    @contextmanager
    def holding_parameters(self) -> Iterator[None]:
        """See `Program.holding_parameters`."""
        self._holding = True
        try:
            yield
        finally:
            held, self._held, self._holding = self._held, None, False
            if held is not None and held.trains:
                held.store()

    @contextmanager
    def holding_examples(self) -> Iterator[None]:
        """See `Program.holding_examples`."""
        self._feed.keeping = True
        try:
            yield
        finally:
            self._feed.keeping = False
            self._feed.forget()

    @contextmanager
    def _state(self, training: bool = False) -> Iterator[State]:
        """Parameters on the device, for training with the rule's state; NumPy's memory is right afterwards."""
        state = self._held
        if state is None or (training and not state.trains):
            rule = self._rule if training else None
            state = State(self._parameters, rule, self._device, self._precision.dtype)
        if self._holding:
            self._held = state
            yield state
            return
        try:
            yield state
        finally:
            if training:
                state.store()

    # One batch

    def _run(self, images: Sequence[Tensor], state: State, mode: Pass, count: int | None = None) -> list[Tensor]:
        full = [tensor.to(self._precision.dtype) for tensor in images]
        with self._precision.forward():
            return run(self._graph, full, state.weights, mode, count)

    def _loss(self, batch: Sequence[Tensor], state: State, mode: Pass) -> tuple[Tensor, list[Tensor]]:
        """Loss of a batch (images, targets, perhaps weights) with all penalties, and the graph's outputs."""
        inputs, outputs = len(self._graph.inputs), self._graph.outputs
        values = self._run(batch[:inputs], state, mode)
        targets = batch[inputs : inputs + len(outputs)]
        weights = batch[inputs + len(outputs)].to(self._precision.dtype) if len(batch) > inputs + len(outputs) else None
        total = torch.zeros((), dtype=self._precision.dtype, device=self._device)
        for k, ((function, share), node, target) in enumerate(zip(self._losses, outputs, targets, strict=True)):
            if function is None:
                continue
            own = weights if weights is None or weights.ndim == 1 else weights[:, k]
            fused = takes_logits(function, node)
            source = widened(values[(node.inputs[0] if fused else node).index])
            target = target.to(self._precision.dtype) if target.is_floating_point() else target
            total = total + share * batch_loss(function, source, target, own, logits=fused or function.from_logits)
        for extra in mode.penalties:
            total = total + extra
        for parameter in state.trainable:
            if parameter.l1 or parameter.l2:
                total = total + penalty(state.weights[parameter], parameter.l1, parameter.l2)
            if parameter.orthogonality is not None:
                total = total + orthogonality(state.weights[parameter], parameter.orthogonality)
        return total, [values[node.index] for node in outputs]

    def _all(self, arrays: Sequence[Images]) -> list[Tensor]:
        """Copies of whole arrays, in full precision."""
        batch = next(self._feed.batches(arrays, max(len(arrays[0]), 1)), None)
        empty = [torch.empty(array.shape, device=self._device) for array in arrays] if batch is None else batch
        return [tensor.to(self._precision.dtype, copy=True) for tensor in empty]


class _Work:
    """What a call of `train` was given."""

    def __init__(
        self,
        examples: Examples,
        order: NDArray[np.int64],
        batch_size: int,
        rates: NDArray[np.float64],
        first_step: int,
    ) -> None:
        self.arrays = _arrays(examples)
        self.order = order
        self.batch_size = batch_size
        self.rates = rates
        self.first_step = first_step


def _arrays(examples: Examples) -> list[Images]:
    """Images, targets, and weights if there are any."""
    return [*examples.images, *examples.targets, *([] if examples.weights is None else [examples.weights])]


def _gradients(of: Tensor, cotangent: Tensor | None, wrt: Sequence[Tensor]) -> list[Tensor]:
    """d(sum(cotangent * of)) / d(each of wrt), zeros where it does not depend on it."""
    if not wrt or not of.requires_grad:
        return [torch.zeros_like(tensor) for tensor in wrt]
    return list(torch.autograd.grad(of, list(wrt), cotangent, allow_unused=True, materialize_grads=True))


def _array(tensor: Tensor) -> Array:
    return np.array(widened(tensor.detach()).cpu().numpy(), dtype=np.float32, order="C")
