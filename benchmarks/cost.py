"""What a training step costs on paper: arithmetic, moved bytes and barriers, from the graph alone.

The formulas are those of docs/performance.md; scaling.py puts them beside what it measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from striate.graph import Graph, Node
from striate.graph import operations as ops
from striate.graph.shapes import element_count

LARGE = 8 * 1024  # parameters from which the native engine takes a gradient for the whole batch at once
UNCACHED = 128 * 1024  # from which a dense layer takes the whole batch forward and back, too
PACKED = 32 * 1024  # from which a convolution's weights are put into the kernel's order first
WORTH = 1 << 20  # multiply-adds of lane vectors that are worth one more thread than there are packs
SLOTS = 16  # sums of a small parameter's gradient that are kept apart
FLOAT = 4  # bytes


@dataclass(frozen=True)
class Machine:
    """What the model needs to know of a computer, all of it measured in the same run.

    lanes: images in a vector. peak: multiply-adds of one thread in registers, FLOP/s. near, far: bytes a second that
    one thread moves in its second-level cache and beyond it. barrier: seconds for all threads to meet once. cache:
    bytes of that cache. efficiency: the share of `peak` that the kernels are taken to reach.
    """

    lanes: int
    peak: float
    near: float
    far: float
    barrier: float
    cache: int = 1 << 20
    efficiency: float = 0.6


@dataclass
class Cost:
    """Of one network. Multiply-adds and elements are for one image, forward and backward together.

    by_pack, shared: multiply-adds of phases that one thread does for a pack, and of whole-batch phases.
    moved: elements that the other phases read and write. small, large: parameters on either side of LARGE; at_once: of
    large ones those of dense layers, which change while their gradient is in the cache.
    whole: whole-batch phases. kept: elements of activations that live until the backward pass. widest: elements of the
    two largest gradients that live at the same time.
    """

    by_pack: int = 0
    shared: int = 0
    moved: int = 0
    small: int = 0
    large: int = 0
    at_once: int = 0
    whole: int = 0
    kept: int = 0
    widest: int = 0


@dataclass(frozen=True)
class Seconds:
    """A step's time, by cause."""

    arithmetic: float
    movement: float
    parameters: float
    barriers: float

    @property
    def total(self) -> float:
        return self.arithmetic + self.movement + self.parameters + self.barriers


def cost_of(graph: Graph, lanes: int) -> Cost:
    """Walk through a network. A ReLU directly after a convolution, dense layer or normalisation costs nothing."""
    cost = Cost()
    learned = False  # whether anything before has parameters, so that an input gradient is wanted
    for node in graph.nodes:
        before = _size(node.inputs[0]) if node.inputs else 0
        if isinstance(node.operation, (ops.Conv, ops.Dense)):
            _add_linear(cost, node, lanes, learned)
        else:
            cost.moved += _moved(node, before, learned)
            cost.whole += 2 * isinstance(node.operation, ops.BatchNorm)
            cost.small += 2 * node.shape[-1] * isinstance(node.operation, ops.BatchNorm)
        learned = learned or bool(node.parameters)
        if not _is_free(node):
            cost.kept += _size(node)
            cost.widest = max(cost.widest, _size(node) + before)
    return cost


def _add_linear(cost: Cost, node: Node, lanes: int, learned: bool) -> None:
    operation, shape, out = node.operation, node.inputs[0].shape, _size(node)
    multiply_adds = node.multiply_adds()
    weights = element_count(node.parameters["kernel"].shape)
    single = isinstance(operation, ops.Dense) and len(shape) == 1  # one position: a plain matrix product
    if single and weights > UNCACHED:
        cost.shared += multiply_adds * (3 if learned else 2)
        cost.whole += 2 + learned
    elif weights >= LARGE:
        cost.by_pack += multiply_adds * (2 if learned else 1)
        cost.shared += multiply_adds
        cost.whole += 1 + (weights >= PACKED and not single)
    else:
        cost.by_pack += multiply_adds * (3 if learned else 2)
    if single and weights >= LARGE:
        cost.at_once += weights
    elif weights >= LARGE:
        cost.large += weights
    else:
        cost.small += weights
    cost.small += node.shape[-1] * operation.bias
    if isinstance(operation, ops.Conv):
        padded = any(before or after for before, after in operation.padding)
        cost.moved += 3 * element_count(shape) * padded + 3 * out * (learned and max(operation.window) > 1)
        cost.kept += element_count(shape) * padded
    cost.moved += out  # bias gradient
    if single or (node.shape[-1] >= lanes and _many_taps(node, weights // node.shape[-1])):
        cost.moved += 2 * out  # the gradient turned to rows


def _many_taps(node: Node, taps: int) -> bool:
    """Whether it pays to turn the gradient of a convolution's output to rows."""
    return taps >= 48 and (node.inputs[0].shape[-1] > 8 or node.shape[-1] > 64)


def _moved(node: Node, before: int, learned: bool) -> int:
    """Elements read and written, forward plus backward; backward only where somebody before learns."""
    after = _size(node)
    match node.operation:
        case ops.Input():
            return 2 * after
        case ops.Pool():
            return before + after + (2 * before + 2 * after) * learned
        case ops.BatchNorm():
            return 4 * after + (2 + 3 * learned) * after
        case ops.Activation(function="relu") if _is_free(node):
            return 0
        case ops.Activation() | ops.Dropout() | ops.Softmax():
            return 2 * after + 3 * after * learned
        case ops.Affine() | ops.Pad() | ops.Penalty():
            return before + after + 2 * after * learned
        case _:
            return 0


def _is_free(node: Node) -> bool:
    """Fused into the operation before, or another name for the same memory."""
    fused = isinstance(node.operation, ops.Activation) and node.operation.function == "relu"
    return isinstance(node.operation, ops.Reshape) or (
        fused and isinstance(node.inputs[0].operation, (ops.Conv, ops.Dense, ops.BatchNorm))
    )


def _size(node: Node) -> int:
    size: int = element_count(node.shape)
    return size


def step_seconds(cost: Cost, batch: int, threads: int, machine: Machine) -> Seconds:
    """One training step with Adam.

    arithmetic = 2 lanes (by_pack ceil(packs / threads) + shared packs / threads) / (peak efficiency)
    movement   = 4 lanes moved ceil(packs / threads) / (near or far)
    parameters = (40 bytes a large parameter, 32 one that changes at once, 28 + 4 slots a small one)
                 / threads / (near or far)
    barriers   = (2 whole + 3) barrier, with more than one thread

    Of the threads no more take part than there are packs, or multiply-adds enough.
    """
    packs = math.ceil(batch / machine.lanes)
    threads = min(threads, max(packs, packs * (cost.by_pack + cost.shared) // WORTH))
    busiest = math.ceil(packs / threads)
    arithmetic_share = busiest if packs >= threads else packs / threads  # fewer packs than threads: packs are divided
    vector = 2 * machine.lanes / (machine.peak * machine.efficiency)
    arithmetic = vector * (cost.by_pack * arithmetic_share + cost.shared * packs / threads)
    within = pack_bytes(cost, machine.lanes) <= machine.cache
    movement = FLOAT * machine.lanes * cost.moved * busiest / (machine.near if within else machine.far)
    slots = min(packs, SLOTS)
    small = 7 + (slots + 1 if slots > 1 else 0)
    traffic = FLOAT * (10 * cost.large + 8 * cost.at_once + small * cost.small)
    fits = parameter_bytes(cost, batch, machine.lanes) <= machine.cache * threads
    parameters = traffic / threads / (machine.near if fits else machine.far)
    return Seconds(arithmetic, movement, parameters, barriers(cost) * machine.barrier * (threads > 1))


def barriers(cost: Cost) -> int:
    """How often threads meet in a step: after each stage, and around the update."""
    return 2 * cost.whole + 3


def parameter_bytes(cost: Cost, batch: int, lanes: int) -> int:
    """Weights, Adam's two averages, and gradients that are written: a large parameter's, a small one's in each slot."""
    slots = min(math.ceil(batch / lanes), SLOTS)
    return FLOAT * (4 * cost.large + 3 * cost.at_once + (3 + slots) * cost.small)


def activation_bytes(cost: Cost, batch: int, threads: int, lanes: int) -> int:
    """At most: what a pack keeps, for every pack where whole-batch phases need all of them, else for every thread."""
    packs = math.ceil(batch / lanes)
    return FLOAT * lanes * (cost.kept + cost.widest) * (packs if cost.whole else threads)


def pack_bytes(cost: Cost, lanes: int) -> int:
    """What a thread works on while it takes one pack forward and back."""
    return FLOAT * lanes * (cost.kept + cost.widest)
