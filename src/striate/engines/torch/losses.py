"""The losses of the waist in PyTorch, with Keras's formulas."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.graph import LossFunction, Node
from striate.graph.operations import Activation, Softmax

EPSILON = 1e-7  # Keras's: probabilities are clipped to [EPSILON, 1 - EPSILON]


def takes_logits(function: LossFunction, output: Node) -> bool:
    """Whether the loss can be computed from what goes into the output's softmax or sigmoid.

    log(softmax(z)) taken in one piece equals Keras's clipped logarithm as long as that does not clip, and keeps its
    gradient where that would lose it.
    """
    if function.from_logits:
        return False
    operation = output.operation
    if function.kind == "binary_crossentropy":
        return isinstance(operation, Activation) and operation.function == "sigmoid"
    return "categorical" in function.kind and isinstance(operation, Softmax)


def batch_loss(
    function: LossFunction, output: Tensor, targets: Tensor, weights: Tensor | None, *, logits: bool
) -> Tensor:
    """sum_i w_i l_i / n over a batch.

    Args:
        function: the loss and its options.
        output: (n, *shape), logits or what the loss's kind expects otherwise.
        targets: (n, *positions) integers for the sparse loss, else (n, *shape).
        weights: (n,) or None.
        logits: whether `output` has not been through softmax or sigmoid.
    """
    if function.kind == "mean_squared_error":
        values = (output - targets).square()
    elif function.kind == "binary_crossentropy":
        values = _binary(function, output, targets, logits)
    else:
        values = _categorical(function, output, targets, logits)
    each = values.reshape(len(output), -1).mean(dim=1)
    return (each if weights is None else each * weights).sum() / len(output)


def _categorical(function: LossFunction, output: Tensor, targets: Tensor, logits: bool) -> Tensor:
    """-sum_c t_c log p_c at every position."""
    if logits:
        log_p = torch.log_softmax(output, dim=-1)
    else:
        p = output / output.sum(dim=-1, keepdim=True)
        log_p = torch.log(p.clamp(EPSILON, 1.0 - EPSILON))
    smoothing = function.label_smoothing
    if function.kind == "sparse_categorical_crossentropy":
        likelihood = log_p.gather(-1, targets.long().unsqueeze(-1)).squeeze(-1)
    else:
        likelihood = (targets * log_p).sum(dim=-1)
    return -((1.0 - smoothing) * likelihood + smoothing * log_p.mean(dim=-1))


def _binary(function: LossFunction, output: Tensor, targets: Tensor, logits: bool) -> Tensor:
    """-(t log p + (1 - t) log(1 - p)) for every element."""
    smoothing = function.label_smoothing
    targets = targets * (1.0 - smoothing) + 0.5 * smoothing
    if logits:
        return F.binary_cross_entropy_with_logits(output, targets, reduction="none")
    p = output.clamp(EPSILON, 1.0 - EPSILON)
    return -(targets * torch.log(p) + (1.0 - targets) * torch.log1p(-p))
