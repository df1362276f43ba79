"""The losses of the waist in PyTorch, with Keras's formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

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
    return function.kind in ("sparse_categorical_crossentropy", "categorical_crossentropy") and isinstance(
        operation, Softmax
    )


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
    if function.kind in PLAIN:
        values = PLAIN[function.kind](output, targets)
    elif function.kind == "huber":
        values = F.huber_loss(output, targets, reduction="none", delta=function.delta) if function.delta else 0 * output
    elif function.kind.startswith("binary"):
        values = _binary(function, output, targets, logits)
    elif function.kind == "categorical_focal_crossentropy":
        values = _categorical_focal(function, output, targets, logits)
    else:
        values = _categorical(function, output, targets, logits)
    each = values.reshape(len(output), -1).mean(dim=1)
    return (each if weights is None else each * weights).sum() / len(output)


def _categorical(function: LossFunction, output: Tensor, targets: Tensor, logits: bool) -> Tensor:
    """-sum_c t_c log p_c at every position."""
    log_p = torch.log_softmax(output, dim=-1) if logits else torch.log(_normalised(output))
    smoothing = function.label_smoothing
    if function.kind == "sparse_categorical_crossentropy":
        likelihood = log_p.gather(-1, targets.long().unsqueeze(-1)).squeeze(-1)
    else:
        likelihood = (targets * log_p).sum(dim=-1)
    return -((1.0 - smoothing) * likelihood + smoothing * log_p.mean(dim=-1))


def _categorical_focal(function: LossFunction, output: Tensor, targets: Tensor, logits: bool) -> Tensor:
    """-sum_c alpha (1 - p_c)^gamma t_c log p_c at every position."""
    targets = targets * (1.0 - function.label_smoothing) + function.label_smoothing / targets.shape[-1]
    p = _normalised(torch.softmax(output, dim=-1) if logits else output)
    return -function.alpha * ((1.0 - p) ** function.gamma * targets * torch.log(p)).sum(dim=-1)


def _normalised(output: Tensor) -> Tensor:
    """Probabilities that sum to one and keep off 0 and 1."""
    return (output / output.sum(dim=-1, keepdim=True)).clamp(EPSILON, 1.0 - EPSILON)


def _binary(function: LossFunction, output: Tensor, targets: Tensor, logits: bool) -> Tensor:
    """-(t log p + (1 - t) log(1 - p)) for every element, times (1 - p_t)^gamma for the focal one."""
    smoothing = function.label_smoothing
    targets = targets * (1.0 - smoothing) + 0.5 * smoothing
    focal = function.kind == "binary_focal_crossentropy"
    if logits and not focal:
        return F.binary_cross_entropy_with_logits(output, targets, reduction="none")
    y = torch.sigmoid(output) if logits else output
    p = y.clamp(EPSILON, 1.0 - EPSILON)
    values = -(targets * torch.log(p) + (1.0 - targets) * torch.log1p(-p))
    if not focal:
        return values
    values = (1.0 - targets * y - (1.0 - targets) * (1.0 - y)) ** function.gamma * values
    if function.apply_class_balancing:
        values = values * (targets * function.alpha + (1.0 - targets) * (1.0 - function.alpha))
    return values


def _categorical_hinge(output: Tensor, targets: Tensor) -> Tensor:
    wrong = ((1.0 - targets) * output).amax(dim=-1)
    return torch.relu(wrong - (targets * output).sum(dim=-1) + 1.0)


def _kl_divergence(output: Tensor, targets: Tensor) -> Tensor:
    targets, p = targets.clamp(EPSILON, 1.0), output.clamp(EPSILON, 1.0)
    return (targets * torch.log(targets / p)).sum(dim=-1)


def _cosine_similarity(output: Tensor, targets: Tensor) -> Tensor:
    return -(F.normalize(output, dim=-1, eps=EPSILON) * F.normalize(targets, dim=-1, eps=EPSILON)).sum(dim=-1)


def _margins(output: Tensor, targets: Tensor) -> Tensor:
    """max(1 - t y, 0) with a target of 0 taken for -1."""
    signs = torch.where(targets == 0.0, -torch.ones_like(targets), targets)
    return torch.relu(1.0 - signs * output)


def _log_cosh(output: Tensor, targets: Tensor) -> Tensor:
    error = output - targets
    return error + F.softplus(-2.0 * error) - math.log(2.0)


def _logarithmic_error(output: Tensor, targets: Tensor) -> Tensor:
    return torch.log1p(output.clamp(min=EPSILON)) - torch.log1p(targets.clamp(min=EPSILON))


PLAIN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # of outputs and targets alone
    "categorical_hinge": _categorical_hinge,
    "kl_divergence": _kl_divergence,
    "cosine_similarity": _cosine_similarity,
    "mean_squared_error": lambda y, t: (y - t).square(),
    "mean_absolute_error": lambda y, t: (y - t).abs(),
    "mean_absolute_percentage_error": lambda y, t: 100.0 * (y - t).abs() / t.abs().clamp(min=EPSILON),
    "mean_squared_logarithmic_error": lambda y, t: _logarithmic_error(y, t).square(),
    "log_cosh": _log_cosh,
    "poisson": lambda y, t: y - t * torch.log(y + EPSILON),
    "value": lambda y, t: y,
    "hinge": _margins,
    "squared_hinge": lambda y, t: _margins(y, t).square(),
}
