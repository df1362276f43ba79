"""Loss and metrics of outputs that no single network has put out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate import losses
from striate.errors import NotCompiledError
from striate.graph import Array
from striate.layers.shapes import one_or_list
from striate.models.model import Model
from striate.training import by_output
from striate.training.compiled import Compiled
from striate.training.data import labelled


class Scorer:
    """Labels prepared for a model's loss and metrics, against which any outputs of its shape can be held.

    Args:
        name: of what is measured, for errors.
        model: whose loss and metrics are meant: the first member of an ensemble.
        views: images, as `view_images` gives them.
        y, sample_weight, batch_size: as for `Model.evaluate`.

    Raises:
        NotCompiledError: the model has no loss.
        StriateError: labels or weights that do not fit.
    """

    def __init__(
        self, name: str, model: Model, views: list[Any], y: Any, sample_weight: ArrayLike | None, batch_size: int
    ) -> None:
        if model.loss is None:
            raise NotCompiledError(
                f"{name}: the loss and metrics are those of its first member, {model.name}, which was not "
                "compiled with any; call its compile(optimizer=..., loss=...)"
            )
        compiled: Compiled = model._need_compiled("evaluate")
        shapes = model._output_shapes([view.shape[1:] for view in views])
        names = model._target_names
        outputs = compiled.outputs(names, shapes)
        y = by_output.targets_of(y, names, untrained=[output.name for output in outputs if output.loss is None])
        examples = labelled(
            views, y, sample_weight, None, [view.shape[1:] for view in views], outputs, model.engine.first_not_finite
        )
        self.views = examples.images
        self._examples, self._batch_size = examples, batch_size
        self._meters = compiled.resolve(names, examples.targets, shapes)
        self._losses = [
            None if output.loss is None else losses.resolve(output.loss, target.shape, (len(target), *output.shape))
            for output, target in zip(outputs, examples.targets, strict=True)
        ]
        self._factors = by_output.weights_of(compiled.loss_weights, names) or [1.0] * len(names)

    def results(self, outputs: Sequence[Array]) -> dict[str, float]:
        """Loss and metrics of one set of outputs, by name."""
        examples, size = self._examples, self._batch_size
        self._meters.reset()
        for start in range(0, len(examples), size):
            piece = slice(start, start + size)
            weights = None if examples.weights is None else examples.weights[piece]
            targets = [target[piece] for target in examples.targets]
            answers = [output[piece] for output in outputs]
            loss = sum(
                self._factors[k] * one(targets[k], answers[k], by_output.column(weights, k))
                for k, one in enumerate(self._losses)
                if one is not None
            )
            self._meters.add_losses(np.array([loss]), np.array([float(len(targets[0]))]))
            if self._meters.needs_outputs:
                self._meters.add_outputs(targets, answers, weights, size)
        return self._meters.results()

    def listed(self, results: Mapping[str, float]) -> Any:
        """As `Model.evaluate` returns them."""
        return one_or_list(self._meters.ordered(results))
