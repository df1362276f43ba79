"""The update rules of the waist in PyTorch, with Keras's formulas, in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from striate.graph import Constraint, Parameter, UpdateRule
from striate.graph.training import AVERAGE

Slots = Mapping[str, Tensor]


def update(
    rule: UpdateRule,
    parameters: Sequence[Parameter],
    weights: Sequence[Tensor],
    gradients: Sequence[Tensor],
    slots: Sequence[Slots],
    learning_rate: float,
    step: int,
) -> None:
    """Take one step: clip the gradients, decay the weights, follow the rule, average, keep to the constraints.

    Args:
        parameters: what is trained.
        weights, gradients, slots: for each of them; weights and slots are changed in place.
        step: 1 for the first.
    """
    if rule.kind == "nadam":
        rule.scalars["u_product"] *= _nadam_u(rule, step)
    follow = RULES[rule.kind]
    for parameter, w, g, state in zip(parameters, weights, clipped(rule, gradients), slots, strict=True):
        if rule.weight_decay and id(parameter) not in rule.undecayed:
            w -= w * (rule.weight_decay * learning_rate)
        follow(rule, w, g, state, learning_rate, step)
        if rule.ema_momentum is not None:
            _average(rule, w, state[AVERAGE], step)
        if parameter.constraint is not None:
            _constrain(parameter.constraint, w)


def _average(rule: UpdateRule, w: Tensor, average: Tensor, step: int) -> None:
    momentum = rule.ema_momentum if rule.ema_momentum and step > 1 else 0.0
    average.mul_(momentum).add_((1.0 - momentum) * w)
    if rule.ema_overwrite_frequency and step % rule.ema_overwrite_frequency == 0:
        w.copy_(average)


def _constrain(constraint: Constraint, w: Tensor) -> None:
    if constraint.non_negative:
        w.clamp_(min=0.0)
        return
    norms = torch.linalg.vector_norm(w, dim=constraint.axes, keepdim=True)
    wanted = norms.clamp(constraint.minimum, constraint.maximum)
    w *= (constraint.rate * wanted + (1.0 - constraint.rate) * norms) / (norms + constraint.EPSILON)


def clipped(rule: UpdateRule, gradients: Sequence[Tensor]) -> list[Tensor]:
    """The gradients within the rule's bounds. Keras allows one kind of bound; of several the first of these wins."""
    if rule.clipnorm:
        limit = rule.clipnorm
        return [g * limit / torch.linalg.vector_norm(g).clamp(min=limit) for g in gradients]
    if rule.global_clipnorm:
        squares = [g.square().sum() for g in gradients]
        norm = torch.stack(squares).sum().sqrt() if squares else torch.zeros(())
        return [g * (rule.global_clipnorm / norm.clamp(min=rule.global_clipnorm)) for g in gradients]
    if rule.clipvalue:
        return [g.clamp(-rule.clipvalue, rule.clipvalue) for g in gradients]
    return list(gradients)


def _sgd(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    momentum = rule.numbers["momentum"]
    if not momentum:
        w -= rate * g
        return
    m = slots["momentum"]
    m.mul_(momentum).sub_(rate * g)
    w += momentum * m - rate * g if rule.numbers["nesterov"] else m


def _adam(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    beta_1, beta_2 = rule.numbers["beta_1"], rule.numbers["beta_2"]
    m, v = slots["momentum"], slots["velocity"]
    m += (g - m) * (1.0 - beta_1)
    v += (g.square() - v) * (1.0 - beta_2)
    if rule.numbers["amsgrad"]:
        v = torch.maximum(slots["velocity_hat"], v, out=slots["velocity_hat"])
    alpha = rate * math.sqrt(1.0 - beta_2**step) / (1.0 - beta_1**step)
    w -= m * alpha / (v.sqrt() + rule.numbers["epsilon"])


def _adamax(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    beta_1 = rule.numbers["beta_1"]
    m, norm = slots["momentum"], slots["norm"]
    m += (g - m) * (1.0 - beta_1)
    torch.maximum(norm * rule.numbers["beta_2"], g.abs(), out=norm)
    w -= rate * m / ((1.0 - beta_1**step) * (norm + rule.numbers["epsilon"]))


def _nadam(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    beta_1, beta_2 = rule.numbers["beta_1"], rule.numbers["beta_2"]
    u, u_next, product = _nadam_u(rule, step), _nadam_u(rule, step + 1), float(rule.scalars["u_product"][0])
    m, v = slots["momentum"], slots["velocity"]
    m += (g - m) * (1.0 - beta_1)
    v += (g.square() - v) * (1.0 - beta_2)
    m_hat = m * (u_next / (1.0 - product * u_next)) + g * ((1.0 - u) / (1.0 - product))
    v_hat = v / (1.0 - beta_2**step)
    w -= m_hat * rate / (v_hat.sqrt() + rule.numbers["epsilon"])


def _nadam_u(rule: UpdateRule, step: int) -> float:
    return rule.numbers["beta_1"] * (1.0 - 0.5 * 0.96**step)


def _rmsprop(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    rho = rule.numbers["rho"]
    velocity = slots["velocity"]
    velocity.mul_(rho).add_((1.0 - rho) * g.square())
    denominator = velocity
    if rule.numbers["centered"]:
        average = slots["average_gradient"]
        average.mul_(rho).add_((1.0 - rho) * g)
        denominator = velocity - average.square()
    increment = rate * g / (denominator + rule.numbers["epsilon"]).sqrt()
    if rule.numbers["momentum"]:
        increment = slots["momentum"].mul_(rule.numbers["momentum"]).add_(increment)
    w -= increment


def _adagrad(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    accumulator = slots["accumulator"]
    accumulator += g.square()
    w -= rate * g / (accumulator + rule.numbers["epsilon"]).sqrt()


def _adadelta(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    rho, epsilon = rule.numbers["rho"], rule.numbers["epsilon"]
    gradients, changes = slots["accumulated_grad"], slots["accumulated_delta_var"]
    gradients.mul_(rho).add_((1.0 - rho) * g.square())
    change = -(changes + epsilon).sqrt() * g / (gradients + epsilon).sqrt()
    changes.mul_(rho).add_((1.0 - rho) * change.square())
    w += rate * change


def _ftrl(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    power, l1 = -rule.numbers["learning_rate_power"], rule.numbers["l1_regularization_strength"]
    l2 = rule.numbers["l2_regularization_strength"] + rule.numbers["beta"] / (2.0 * rate)
    accumulator, linear = slots["accumulator"], slots["linear"]
    before = accumulator**power
    accumulator += g.square()
    reach = accumulator**power
    linear += g + 2.0 * rule.numbers["l2_shrinkage_regularization_strength"] * w - (reach - before) / rate * w
    w.copy_((linear.clamp(-l1, l1) - linear) / (reach / rate + 2.0 * l2))


def _lion(rule: UpdateRule, w: Tensor, g: Tensor, slots: Slots, rate: float, step: int) -> None:
    beta_1, beta_2 = rule.numbers["beta_1"], rule.numbers["beta_2"]
    m = slots["momentum"]
    w -= rate * torch.sign(beta_1 * m + (1.0 - beta_1) * g)
    m.mul_(beta_2).add_((1.0 - beta_2) * g)


RULES: dict[str, Callable[[UpdateRule, Tensor, Tensor, Slots, float, int], None]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,  # its weight decay is the rule's own
    "adamax": _adamax,
    "nadam": _nadam,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
    "ftrl": _ftrl,
    "lion": _lion,
}
