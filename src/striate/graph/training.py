"""What an engine needs to know to train: which loss, which update rule. Plain values, like the operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LossKind = Literal[
    "sparse_categorical_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_hinge", "kl_divergence", "cosine_similarity", "binary_crossentropy", "binary_focal_crossentropy",
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "huber", "log_cosh", "poisson", "hinge", "squared_hinge", "value",
]  # fmt: skip


@dataclass(frozen=True)
class LossFunction:
    """The loss of one output, with Keras's formulas (striate.losses has them in NumPy).

    The loss of a batch is sum_i w_i l_i / n with l_i the mean over the output's positions (all axes but the last for
    the kinds up to "cosine_similarity", all axes for the others) and n the number of images.

    kind: which function. from_logits: the output of a cross-entropy has not been through softmax or sigmoid.
    label_smoothing: targets t become t (1 - s) + s / classes (categorical) or t (1 - s) + s / 2 (binary).
    delta: where Huber's parabola goes over into lines.
    alpha, gamma, apply_class_balancing: of the focal cross-entropies.
    The hinge losses take a target of 0 for -1. "value" is the output itself, whatever the target: for graphs that
    compute their loss.
    """

    kind: LossKind
    from_logits: bool = False
    label_smoothing: float = 0.0
    delta: float = 1.0
    alpha: float = 0.25
    gamma: float = 2.0
    apply_class_balancing: bool = False


UpdateKind = Literal[
    "sgd", "adam", "adamw", "adamax", "nadam", "rmsprop", "adagrad", "adadelta", "ftrl", "lion"
]

# The state arrays of each rule, in the order engines expect them. "" stands for none.
UPDATE_SLOTS: dict[str, tuple[str, ...]] = {
    "sgd": ("momentum",),
    "adam": ("momentum", "velocity", "velocity_hat"),
    "adamw": ("momentum", "velocity", "velocity_hat"),
    "adamax": ("momentum", "norm"),
    "nadam": ("momentum", "velocity"),
    "rmsprop": ("velocity", "momentum", "average_gradient"),
    "adagrad": ("accumulator",),
    "adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "ftrl": ("accumulator", "linear"),
    "lion": ("momentum",),
}
AVERAGE = "average"  # the slot of any rule that keeps a moving average of the weights


@dataclass(eq=False)
class UpdateRule:
    """An optimizer as engines see it: the rule's name, its numbers, and for each parameter its state arrays.

    numbers: by name, e.g. {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": 0.0}; always all of a rule's.
    weight_decay: every parameter first shrinks by w <- w - w * weight_decay * learning_rate (decoupled), but for those
        of `undecayed`, by id(parameter).
    ema_momentum: unless None, the slot AVERAGE follows the weights after every step and before their constraint:
        a <- m a + (1 - m) w, with m = ema_momentum but 0 in the first step.
    ema_overwrite_frequency: every so many steps the weights then become their average; None: never.
    slots: for each trainable parameter (keyed by id(parameter)) arrays shaped like it, by the names of UPDATE_SLOTS; a
        rule that an option leaves without one of its slots (SGD without momentum) leaves that name out.
    scalars: state shared by all parameters, by name (Nadam's "u_product"), one-element float64 arrays.
    clipvalue, clipnorm, global_clipnorm: bounds on gradients, by element, by parameter's norm, by the norm of all;
        None: none.
    """

    kind: UpdateKind
    numbers: dict[str, float]
    weight_decay: float = 0.0
    clipvalue: float | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    slots: dict[int, dict[str, NDArray[np.float32]]] = field(default_factory=dict)
    scalars: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    undecayed: frozenset[int] = frozenset()
    ema_momentum: float | None = None
    ema_overwrite_frequency: int | None = None
