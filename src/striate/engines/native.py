"""The native engine: C++ kernels on lanes of images, all of a training step without Python. See docs/design.md."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from striate.engines import _native, checks
from striate.engines.interface import AnyArray, Engine, Examples, Images, Program, StepResults
from striate.engines.warped import FILL_MODES, WarpedImages
from striate.errors import StriateError
from striate.graph import UPDATE_SLOTS, Array, Constraint, Graph, LossFunction, Node, Parameter, Shape, UpdateRule
from striate.graph.operations import (
    Activation,
    AdaptivePool,
    Combine,
    Normalize,
    OverBatch,
    Pad,
    Pool,
    RandomWarp,
    Resize,
)
from striate.graph.operations.base import Windowed
from striate.graph.operations.movement import ResizeMethod
from striate.graph.training import AVERAGE, LossKind

# In the order of the enumerations in native/kernels/arguments.h.
_FUNCTIONS = (
    "relu", "leaky_relu", "elu", "selu", "sigmoid", "tanh", "softplus", "softsign", "silu", "exponential",
    "hard_sigmoid", "gelu", "gelu_tanh", "mish", "hard_silu", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus",
    "sparse_plus", "threshold", "sqrt", "log", "reciprocal", "step",
)  # fmt: skip
_OVER_CHANNELS = {"log_softmax": -1, "sparsemax": -2}  # those that are no functions of single numbers
_LOSSES: tuple[str, ...] = get_args(LossKind)
_RESIZE_METHODS: tuple[str, ...] = get_args(ResizeMethod)
_KINDS = {
    Combine: ("add", "subtract", "multiply", "maximum", "minimum"),
    Normalize: ("deviation", "root_mean_square", "length"),
}
# Images at a time where the caller's batch does not matter: work for every thread, little memory.
_INFERENCE_BATCH = 256


def _thread_count() -> int:
    """$STRIATE_NUM_THREADS, else 0: one for each physical core."""
    text = os.environ.get("STRIATE_NUM_THREADS", "")
    if not text:
        return 0
    if not text.isdigit() or not 1 <= int(text) <= 1024:
        raise StriateError(f"STRIATE_NUM_THREADS: got {text!r}, expected a whole number from 1 to 1024")
    return int(text)


class NativeEngine(Engine):
    """Executes graphs on this computer's processor.

    Args:
        threads: how many; None: $STRIATE_NUM_THREADS, else the number of physical cores. Results do not depend on it.
        instruction_set: "avx512", "avx2" or "baseline"; None: $STRIATE_INSTRUCTION_SET, else the processor's best.
    """

    name = "native"

    def __init__(self, threads: int | None = None, instruction_set: str | None = None) -> None:
        chosen = instruction_set or os.environ.get("STRIATE_INSTRUCTION_SET", "")
        count = _thread_count() if threads is None else threads
        try:
            self._engine = _native.Engine(count, chosen)
        except ValueError:
            raise StriateError(
                f'instruction set: got {chosen!r}, expected "avx512", "avx2" or "baseline", and one this processor has'
            ) from None

    @property
    def threads(self) -> int:
        """Number of threads."""
        return int(self._engine.threads)

    @property
    def instruction_set(self) -> str:
        """The instruction set whose kernels run."""
        return str(self._engine.instruction_set)

    @property
    def lanes(self) -> int:
        """Images side by side in one vector."""
        return int(self._engine.lanes)

    def multiply_add_peak(self, seconds: float = 0.2) -> float:
        """GFLOP/s of independent multiply-adds in registers on one thread: the limit of any kernel."""
        return float(self._engine.multiply_add_peak(seconds))

    def compile(
        self,
        graph: Graph,
        *,
        losses: Sequence[LossFunction | None] = (),
        loss_weights: Sequence[float] | None = None,
        rule: UpdateRule | None = None,
        seed: int = 0,
    ) -> Program:
        graph.require_numbers()
        return _NativeProgram(self._engine, graph, losses, loss_weights or [1.0] * len(losses), rule, seed)

    def first_not_finite(self, array: AnyArray) -> int | None:
        if array.dtype not in (np.float32, np.float64) or array.size == 0:
            return None
        found = int(self._engine.first_not_finite(np.ascontiguousarray(array)))
        return None if found < 0 else found

    def warp_images(self, warped: WarpedImages) -> Array:
        """Make images."""
        return _made(self._engine, warped)


def _made(engine: Any, warped: WarpedImages) -> Array:
    made = np.empty(warped.shape, np.float32)
    if len(warped):
        engine.warp_images(_bound_images(warped), made)
    return made


def _bound_images(warped: WarpedImages) -> Any:
    return _native.WarpedImages(
        images=warped.images, order=warped.order, matrices=warped.matrices, shifts=warped.shifts,
        brightness=warped.brightness, fill=FILL_MODES.index(warped.fill_mode), fill_value=warped.cval,
        nearest=warped.interpolation_order == 0, scale=warped.scale,
    )  # fmt: skip


def _attributes(node: Node) -> dict[str, list[float]]:
    """An operation's attributes as lists of numbers, the form in which the native graph keeps them."""
    operation = node.operation
    values: dict[str, list[float]] = {}
    for field in dataclasses.fields(operation):
        value = getattr(operation, field.name)
        if isinstance(value, bool | int | float):
            values[field.name] = [float(value)]
        elif isinstance(value, tuple) and all(isinstance(item, int | float) for item in value):
            values[field.name] = [float(item) for item in value]
    if isinstance(operation, Windowed | Pad):
        values["before"] = [float(before) for before, _ in operation.padding]
        values["after"] = [float(after) for _, after in operation.padding]
    if isinstance(operation, Resize):
        values["method"] = [float(_RESIZE_METHODS.index(operation.method))]
    if isinstance(operation, Pool | AdaptivePool | OverBatch):
        values["average"] = [float(operation.kind == "average")]
    if isinstance(operation, Combine | Normalize):
        values["kind"] = [float(_KINDS[type(operation)].index(operation.kind))]
    if isinstance(operation, RandomWarp):
        values["fill_mode"] = [float(FILL_MODES.index(operation.fill_mode))]
        values["one_zoom"] = [float(operation.width_zoom is None)]
    if isinstance(operation, Activation):
        number = _OVER_CHANNELS.get(operation.function)
        values["function"] = [float(_FUNCTIONS.index(operation.function) if number is None else number)]
        values["max_value"] = [np.inf if operation.max_value is None else operation.max_value]
    return values


def _loss_numbers(loss: LossFunction | None) -> tuple[int, bool, float, float, float, float, bool]:
    if loss is None:
        return (-1, False, 0.0, 0.0, 0.0, 0.0, False)
    options = loss.label_smoothing, loss.delta, loss.alpha, loss.gamma
    return (_LOSSES.index(loss.kind), loss.from_logits, *options, loss.apply_class_balancing)


def _rule_numbers(rule: UpdateRule) -> dict[str, float]:
    return {
        **rule.numbers,
        "weight_decay": rule.weight_decay,
        "clipvalue": rule.clipvalue or 0.0,
        "clipnorm": rule.clipnorm or 0.0,
        "global_clipnorm": rule.global_clipnorm or 0.0,
        "ema_momentum": rule.ema_momentum or 0.0,
        "ema_overwrite_frequency": float(rule.ema_overwrite_frequency or 0),
    }


def _flags(parameter: Parameter, rule: UpdateRule | None) -> tuple[tuple[Any, ...], ...]:
    """Whether and how a parameter is penalised, constrained and decayed."""
    orthogonality, constraint = parameter.orthogonality, parameter.constraint
    return (  # type: ignore[return-value]  # the last is a bool
        (parameter.trainable, parameter.l1, parameter.l2),
        (orthogonality.factor, *parameter.shape, orthogonality.rows) if orthogonality else (0.0, 0, 0, True),
        _bound(constraint, parameter.shape) if constraint else (False, [], [], 0.0, 0.0, 1.0),
        rule is None or id(parameter) not in rule.undecayed,
    )


def _bound(constraint: Constraint, shape: Shape) -> tuple[bool, list[int], list[bool], float, float, float]:
    """A constraint with its dimensions: neighbours along which norms are taken count as one, and so do the others."""
    sizes: list[int] = []
    reduced: list[bool] = []
    for axis, size in enumerate(() if constraint.non_negative else shape):
        if reduced and reduced[-1] == (axis in constraint.axes):
            sizes[-1] *= size
        else:
            sizes.append(size)
            reduced.append(axis in constraint.axes)
    return (constraint.non_negative, sizes, reduced, constraint.minimum, constraint.maximum, constraint.rate)


class _NativeProgram(Program):
    """A graph handed over to C++. Checks what the C++ side takes for granted."""

    def __init__(
        self,
        engine: Any,
        graph: Graph,
        losses: Sequence[LossFunction | None],
        loss_weights: Sequence[float],
        rule: UpdateRule | None,
        seed: int,
    ) -> None:
        self._graph = graph
        self._outputs = list(graph.outputs)
        self._losses = list(losses)
        self._over_batches = any(isinstance(node.operation, OverBatch) for node in graph.nodes)
        self._rule = rule
        self._engine = engine
        parameters = graph.parameters()
        index = {id(parameter): i for i, parameter in enumerate(parameters)}
        self._program = _native.Program(
            engine,
            nodes=[
                (
                    type(node.operation).__name__,
                    [other.index for other in node.inputs],
                    list(node.shape),
                    _attributes(node),
                    [index[id(parameter)] for parameter in node.parameters.values()],
                )
                for node in graph.nodes
            ],
            parameters=[parameter.value for parameter in parameters],
            flags=[_flags(parameter, rule) for parameter in parameters],
            slots=[_slots_of(rule, id(parameter)) for parameter in parameters],
            inputs=[node.index for node in graph.inputs],
            outputs=[node.index for node in graph.outputs],
            losses=[(*_loss_numbers(loss), weight) for loss, weight in zip(losses, loss_weights, strict=True)],
            rule=rule.kind if rule else "sgd",
            numbers=_rule_numbers(rule) if rule else {},
            u_product=rule.scalars.get("u_product") if rule else None,
            seed=seed % 2**64,
        )

    def train(
        self,
        examples: Examples,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        first_step: int,
    ) -> StepResults:
        checks.check_trains(self._losses, self._rule)
        steps = len(learning_rates)
        order = checks.checked_order(order, steps, batch_size, len(examples))
        losses = np.empty(steps, np.float64)
        outputs = self._new_outputs(self._outputs, len(order))
        checks.check_examples(self._graph, self._losses, examples)
        done = self._program.train(
            self._readable(examples.images), list(examples.targets), examples.weights, order, batch_size,
            np.ascontiguousarray(learning_rates, np.float64), first_step, losses, outputs,
        )  # fmt: skip
        return StepResults(losses[:done], [output[: done * batch_size] for output in outputs])

    def evaluate(self, examples: Examples, batch_size: int, *, training: bool = False, step: int = 0) -> StepResults:
        checks.check_measures(self._losses)
        checks.check_examples(self._graph, self._losses, examples)
        n = len(examples)
        image_losses = np.empty(n, np.float32)
        outputs = self._new_outputs(self._outputs, n)
        self._program.evaluate(
            self._readable(examples.images), list(examples.targets), examples.weights,
            batch_size if training or self._over_batches else _INFERENCE_BATCH, training, step, image_losses, outputs,
        )  # fmt: skip
        starts = np.arange(0, n, batch_size)
        sums = np.add.reduceat(image_losses, starts, dtype=np.float64)
        return StepResults(sums / np.diff(np.append(starts, n)) + self._program.parameter_penalties(), outputs)

    def predict(self, images: Sequence[Images], batch_size: int) -> list[Array]:
        return self.read(images, self._outputs)

    def read(
        self, images: Sequence[Images], nodes: Sequence[Node], *, training: bool = False, step: int = 0
    ) -> list[Array]:
        checks.check_images(self._graph, images)
        checks.check_nodes(self._graph, nodes)
        n = len(images[0])
        results = self._new_outputs(nodes, n)
        if n:
            batch = n if training else min(n, _INFERENCE_BATCH)
            self._program.read(self._readable(images), batch, [node.index for node in nodes], training, step, results)
        return results

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
        checks.check_images(self._graph, images)
        checks.check_nodes(self._graph, [of, *wrt])
        n = len(images[0])
        seed = checks.checked_cotangent(cotangent, of, n)
        results = self._new_outputs(wrt, n)
        if n:
            batch = n if training else min(n, _INFERENCE_BATCH)
            self._program.gradient(
                self._readable(images), batch, of.index, seed, [node.index for node in wrt], training, step, results
            )
        return results

    def parameter_gradients(
        self, images: Sequence[Images], of: Node, cotangent: Array, *, training: bool = False, step: int = 0
    ) -> list[Array]:
        checks.check_images(self._graph, images)
        checks.check_nodes(self._graph, [of])
        seed = checks.checked_cotangent(cotangent, of, len(images[0]))
        results = [np.zeros(parameter.shape, np.float32) for parameter in self._graph.parameters()]
        if not len(images[0]):
            return results
        self._program.parameter_gradients(self._readable(images), of.index, seed, training, step, results)
        return results

    def _readable(self, images: Sequence[Images]) -> list[Any]:
        """Images in the forms that the native module knows: arrays, and what it makes as it reads them."""
        readable: list[Any] = []
        for one in images:
            if isinstance(one, WarpedImages):
                small = np.prod(one.shape[1:]) <= _native.MOST_WARPED
                readable.append(_bound_images(one) if small else _made(self._engine, one))
            else:
                readable.append(one)
        return readable

    def start_profile(self) -> None:
        """From now on measure where the time of `train` goes."""
        self._program.start_profile()

    def profile(self) -> list[tuple[str, float]]:
        """(phase, seconds of the first thread) in the order of execution, since `start_profile`."""
        return self._program.profile()

    @staticmethod
    def _new_outputs(nodes: Sequence[Node], count: int) -> list[Array]:
        return [np.empty((count, *node.shape), np.float32) for node in nodes]



def _slots_of(rule: UpdateRule | None, key: int) -> list[NDArray[np.float32] | None]:
    if rule is None:
        return []
    arrays = rule.slots.get(key, {})
    return [arrays.get(name) for name in (*UPDATE_SLOTS[rule.kind], AVERAGE)]
