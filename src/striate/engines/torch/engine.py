"""The waist on PyTorch: every operation, loss and update rule. Imports torch, so it is imported only when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.engines.interface import AnyArray, Engine, Examples, Program, StepResults
from striate.engines.torch.devices import resolve
from striate.engines.torch.losses import batch_loss, takes_logits
from striate.engines.torch.operations import Pass, penalty, run
from striate.engines.torch.updates import Slots, update
from striate.errors import StriateError
from striate.graph import Array, Graph, LossFunction, Node, Parameter, UpdateRule

Weights = dict[Parameter, Tensor]
PRECISIONS = ("float32", "bfloat16", "float16", "float64")


class TorchEngine(Engine):
    """Executes graphs with PyTorch.

    Args:
        device: "cpu", "cuda", "cuda:1", "mps".
        precision: "float32"; "bfloat16" or "float16": products of convolutions and dense layers in that type, weights
            and sums in float32; "float64" serves tests, which then see the other engine's rounding only. Arrays that
            come and go, and weights between calls, are float32 in any case.

    Raises:
        StriateError: a device that is not there, or another precision.
    """

    name = "torch"

    def __init__(self, device: str = "cpu", precision: str = "float32") -> None:
        if precision not in PRECISIONS:
            raise StriateError(f"precision: got {precision!r}, expected one of {', '.join(map(repr, PRECISIONS))}")
        self.device = resolve(device)
        self.precision = precision
        self.dtype = torch.float64 if precision == "float64" else torch.float32

    def __repr__(self) -> str:
        return f"TorchEngine({str(self.device)!r}, {self.precision!r})"

    def compile(
        self,
        graph: Graph,
        *,
        losses: Sequence[LossFunction] = (),
        loss_weights: Sequence[float] | None = None,
        rule: UpdateRule | None = None,
        seed: int = 0,
    ) -> TorchProgram:
        """See `Engine.compile`. Parameters that are not trainable now are not trained later."""
        graph.require_numbers()
        if losses and len(losses) != len(graph.outputs):
            raise ValueError(f"got {len(losses)} losses for {len(graph.outputs)} outputs; give one for each")
        shares = [1.0] * len(losses) if loss_weights is None else [float(weight) for weight in loss_weights]
        return TorchProgram(self, graph, list(zip(losses, shares, strict=True)), rule, seed)

    def first_not_finite(self, array: AnyArray) -> int | None:
        """See `Engine.first_not_finite`."""
        if not np.issubdtype(array.dtype, np.inexact):
            return None
        chunk = max(1, 2**20 // max(1, array[:1].size))  # about a million numbers at a time
        for start in range(0, len(array), chunk):
            finite = np.isfinite(array[start : start + chunk])
            if not finite.all():
                return start + int(np.argmin(finite.reshape(len(finite), -1).all(axis=1)))
        return None


class TorchProgram(Program):
    """A graph bound to PyTorch. On the CPU in float32 its tensors are the parameters' own memory."""

    def __init__(
        self,
        engine: TorchEngine,
        graph: Graph,
        losses: list[tuple[LossFunction, float]],
        rule: UpdateRule | None,
        seed: int,
    ) -> None:
        self._engine = engine
        self._graph = graph
        self._losses = losses
        self._rule = rule
        self._seed = seed
        self._parameters = graph.parameters()
        self._trainable = [parameter for parameter in self._parameters if parameter.trainable]

    def train(
        self,
        examples: Examples,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        first_step: int,
    ) -> StepResults:
        """See `Program.train`. The outputs of a step whose loss is not finite are among the results."""
        if self._rule is None or not self._losses:
            raise ValueError("the program was compiled without a loss or an update rule; it cannot train")
        order = order[: batch_size * len(learning_rates)]
        results = _Results(self._graph, len(order))
        with self._borrowed() as (weights, slots):
            for k, rate in enumerate(learning_rates):
                chosen = order[k * batch_size : (k + 1) * batch_size]
                mode = Pass(training=True, seed=self._seed, step=first_step + k)
                loss, outputs = self._loss(examples, chosen, weights, mode)
                results.append(loss, outputs)
                if not torch.isfinite(loss):
                    break
                self._step(loss, weights, slots, mode, float(rate))
        return results.finish()

    def _step(self, loss: Tensor, weights: Weights, slots: list[Slots], mode: Pass, rate: float) -> None:
        assert self._rule is not None
        trainable = [weights[parameter] for parameter in self._trainable]
        gradients = _gradients(loss, None, trainable)
        with torch.no_grad():
            update(self._rule, trainable, gradients, slots, rate, mode.step + 1)
            for average, batch, momentum in mode.statistics:
                average.mul_(momentum).add_(batch * (1.0 - momentum))

    def evaluate(self, examples: Examples, batch_size: int) -> StepResults:
        """See `Program.evaluate`. The losses include all penalties, as in training."""
        if not self._losses:
            raise ValueError("the program was compiled without a loss; it cannot evaluate")
        results = _Results(self._graph, len(examples))
        weights = self._weights()
        with torch.no_grad():
            for start in range(0, len(examples), batch_size):
                chosen = np.arange(start, min(start + batch_size, len(examples)))
                results.append(*self._loss(examples, chosen, weights, Pass(training=False)))
        return results.finish()

    def predict(self, images: Sequence[AnyArray], batch_size: int) -> list[Array]:
        """See `Program.predict`."""
        results = _Results(self._graph, len(images[0]))
        weights = self._weights()
        with torch.no_grad():
            for start in range(0, len(images[0]), batch_size):
                batch = [self._images(array[start : start + batch_size]) for array in images]
                values = run(self._graph, batch, weights, Pass(training=False))
                results.append(None, [values[node.index] for node in self._graph.outputs])
        return results.finish().outputs

    def read(
        self, images: Sequence[AnyArray], nodes: Sequence[Node], *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.read`. All images are one batch; nothing is changed, moving averages neither."""
        with torch.no_grad():
            batch = [self._images(array) for array in images]
            values = run(self._graph, batch, self._weights(), Pass(training, self._seed, step))
            return [_array(values[node.index]) for node in nodes]

    def gradient(
        self,
        images: Sequence[AnyArray],
        of: Node,
        cotangent: Array,
        wrt: Sequence[Node],
        *,
        training: bool = False,
        step: int = 0,
    ) -> list[Array]:
        """See `Program.gradient`. Zeros for nodes that `of` does not depend on."""
        batch = [self._images(array).requires_grad_() for array in images]
        values = run(self._graph, batch, self._weights(), Pass(training, self._seed, step))
        targets = [values[node.index] for node in wrt]
        return [_array(gradient) for gradient in _gradients(values[of.index], self._images(cotangent), targets)]

    def parameter_gradients(
        self, images: Sequence[AnyArray], of: Node, cotangent: Array, *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.parameter_gradients`. Penalties are no part of it."""
        weights = self._weights()
        batch = [self._images(array) for array in images]
        values = run(self._graph, batch, weights, Pass(training, self._seed, step), of.index + 1)
        tensors = [weights[parameter] for parameter in self._trainable]
        found = _gradients(values[of.index], self._images(cotangent), tensors)
        gradients = dict(zip(self._trainable, found, strict=True))
        return [
            _array(gradients[p]) if p in gradients else np.zeros(p.shape, dtype=np.float32) for p in self._parameters
        ]

    def _loss(
        self, examples: Examples, chosen: NDArray[np.int64], weights: Weights, mode: Pass
    ) -> tuple[Tensor, list[Tensor]]:
        """Loss of the chosen examples with all penalties, and the graph's outputs."""
        images = [self._images(array[chosen]) for array in examples.images]
        values = run(self._graph, images, weights, mode)
        shares = None if examples.weights is None else self._images(examples.weights[chosen])
        total = torch.zeros((), dtype=self._engine.dtype, device=self._engine.device)
        for (function, share), node, array in zip(self._losses, self._graph.outputs, examples.targets, strict=True):
            fused = takes_logits(function, node)
            source = node.inputs[0] if fused else node
            targets = self._images(array[chosen])  # class numbers below 2^24 are exact in float32
            loss = batch_loss(function, values[source.index], targets, shares, logits=fused or function.from_logits)
            total = total + share * loss
        for extra in mode.penalties:
            total = total + extra
        for parameter in self._trainable:
            if parameter.l1 or parameter.l2:
                total = total + penalty(weights[parameter], parameter.l1, parameter.l2)
        return total, [values[node.index] for node in self._graph.outputs]

    def _images(self, array: AnyArray) -> Tensor:
        """A copy of an array as a tensor, rounded to float32 first, as every engine sees it."""
        return torch.from_numpy(np.array(array, dtype=np.float32)).to(self._engine.device, self._engine.dtype)

    def _memory(self, array: Array) -> Tensor:
        """A tensor on an array's own memory where device and precision allow, else a copy."""
        return torch.from_numpy(array).to(self._engine.device, self._engine.dtype)

    def _weights(self) -> Weights:
        weights = {parameter: self._memory(parameter.value) for parameter in self._parameters}
        for parameter in self._trainable:
            weights[parameter].requires_grad_()
        return weights

    @contextmanager
    def _borrowed(self) -> Iterator[tuple[Weights, list[Slots]]]:
        """Weights and the rule's state as tensors; what has changed in them is in NumPy's memory afterwards."""
        assert self._rule is not None
        arrays = [self._rule.slots.get(id(parameter), {}) for parameter in self._trainable]
        weights = self._weights()
        slots = [{name: self._memory(array) for name, array in names.items()} for names in arrays]
        try:
            yield weights, list(slots)
        finally:
            pairs = [(parameter.value, tensor) for parameter, tensor in weights.items()]
            pairs += [(array, slots[k][name]) for k, names in enumerate(arrays) for name, array in names.items()]
            for array, tensor in pairs:
                memory = torch.from_numpy(array)
                if tensor.data_ptr() != memory.data_ptr():
                    memory.copy_(tensor.detach())


class _Results:
    """Losses and outputs gathered batch by batch into arrays of their final size."""

    def __init__(self, graph: Graph, count: int) -> None:
        self._losses: list[float] = []
        self._outputs = [np.empty((count, *node.shape), dtype=np.float32) for node in graph.outputs]
        self._done = 0

    def append(self, loss: Tensor | None, outputs: Sequence[Tensor]) -> None:
        if loss is not None:
            self._losses.append(loss.item())
        for array, tensor in zip(self._outputs, outputs, strict=True):
            array[self._done : self._done + len(tensor)] = tensor.detach().cpu().numpy()
        self._done += len(outputs[0])

    def finish(self) -> StepResults:
        return StepResults(np.array(self._losses, dtype=np.float64), [array[: self._done] for array in self._outputs])


def _gradients(of: Tensor, cotangent: Tensor | None, wrt: Sequence[Tensor]) -> list[Tensor]:
    """d(sum(cotangent * of)) / d(each of wrt), zeros where it does not depend on it."""
    if not wrt or not of.requires_grad:
        return [torch.zeros_like(tensor) for tensor in wrt]
    return list(torch.autograd.grad(of, list(wrt), cotangent, allow_unused=True, materialize_grads=True))


def _array(tensor: Tensor) -> Array:
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float32, order="C")
