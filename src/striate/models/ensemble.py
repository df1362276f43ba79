"""Several networks that answer together: the mean of what they say is right more often than one of them."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.checks import whole
from striate.console import printable
from striate.errors import ModelFileError, ShapeError, StriateError
from striate.graph import Array
from striate.layers.shapes import one_or_list
from striate.layers.symbolic import flatten, is_symbolic, packed
from striate.models.model import Model
from striate.models.scoring import Scorer
from striate.models.together import Together, evaluate_batches, predict_batches
from striate.tensors import wrapped
from striate.training import arguments, feeds
from striate.training.data import view_images

Make = Callable[[], Model]


class Ensemble:
    """Networks whose outputs are averaged: y(x) = sum_i w_i y_i(x), the weights w_i summing to 1.

    For classifiers that end in a softmax the mean of probabilities, for other networks the mean of whatever they put
    out. Networks that were trained from different initial weights err on different images, so their mean errs less
    often: one AlexNet had 18.2 % of errors, five had 16.4 %, and with two more, trained on more images, 15.4 %.
    (Hansen and Salamon 1990, "Neural network ensembles"; Krizhevsky, Sutskever and Hinton 2012, table 2)

    Args:
        members: built models, each another one, of any architectures that take images of one shape and put out one
            shape. They stay the ensemble's own: training one of them changes it.
        weights: of each member in the mean, none below 0; equal if not given.
        name: of the whole.

    Attributes:
        members: the models, in order.
        weights: of each member, summing to 1.

    Raises:
        ShapeError: a member that takes or puts out another shape than the first; the message names both.
        StriateError: no members, one twice, one that is not built, or weights that do not fit.
    """

    def __init__(
        self, members: Sequence[Model], weights: Sequence[float] | None = None, name: str = "ensemble"
    ) -> None:
        self.members = _checked_members(members)
        self.weights = _checked_weights(weights, len(self.members))
        self.name = str(name)

    @classmethod
    def train(
        cls, make: Make, x: Any, y: Any = None, members: int = 7, seed: int = 0, verbose: int | str = "auto",
        **options: Any,
    ) -> Ensemble:
        """Train networks of one architecture from different seeds, and put them together.

        Before member i, `striate.utils.set_random_seed(seed + i)` decides about initial weights, shuffles and dropout,
        so the same seed gives the same ensemble.

        Args:
            make: called without arguments for each member; returns a new, compiled model.
            x, y, options: for the `fit` of each member; not a generator, which only the first would see from its start.
            members: how many.
            seed: of the first member, from 0.
            verbose: as for `fit`; other than 0, a line names each member.

        Raises:
            StriateError: what `make` returns is not a compiled model, or what `fit` raises.
        """
        from striate.random import set_random_seed

        whole("members", members), whole("seed", seed, 0)
        loud = arguments.verbosity(verbose)
        if isinstance(x, Iterator):
            raise StriateError(
                f"Ensemble.train: got a {type(x).__name__} as x, which can be gone through once, but each member has "
                "to; give arrays, a PyDataset or a Dataset, such as Dataset.from_generator"
            )
        trained: list[Model] = []
        for i in range(members):
            set_random_seed(seed + i)
            model = make()
            if not isinstance(model, Model) or not model.compiled:
                got = f"{model.name}, which is not compiled" if isinstance(model, Model) else repr(model)
                raise StriateError(f"Ensemble.train: make returned {got}; it must return a new, compiled model")
            if loud:
                print(f"member {i + 1} of {members}: {model.name}, seed {seed + i}")
            model.fit(x, y, verbose=verbose, **options)
            trained.append(model)
        return cls(trained)

    # What it says

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The mean of what the members put out for arrays of images, as tensors.

        Raises:
            StriateError: symbolic tensors; `layers.Average()([member(x) for member in members])` is for them.
        """
        if is_symbolic(inputs):
            raise StriateError(
                f"{self.name}: takes arrays; for a network around it use "
                "layers.Average()([member(x) for member in ensemble.members])"
            )
        given = self.members[0]._arranged(inputs)
        each = (flatten(member(given, training=training)) for member in self.members)
        return self._mean(each, wrapped)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", engine: Any = None,
        steps: float | None = None,
    ) -> Any:
        """The mean of the members' predictions, in the memory of one member's and the sums.

        Args:
            x: images (n, *shape); for several inputs a list, or a dictionary by the first member's names; or what gives
                batches, as for `Model.predict`: each batch goes to all members before the next.
            batch_size, engine: as for `Model.predict`.
            verbose: 0 silent; else a line for each member, or of progress over batches.
            steps: batches to take; None: all. For batches alone.

        Returns:
            An array (n, *shape); a list or a dictionary of arrays for several outputs.

        Raises:
            StriateError: images that do not fit.
        """
        if self._are_batches(x, steps):
            return self.members[0]._output_structure(None, predict_batches(self._together(engine), x, steps, verbose))
        views = self._views(x)
        return self._mean(self._predictions(views, batch_size, verbose, engine))

    def evaluate(
        self, x: Any, y: Any = None, batch_size: int | None = None, verbose: int | str = 0,
        sample_weight: ArrayLike | None = None, return_dict: bool = False, members: bool = False, engine: Any = None,
        steps: float | None = None,
    ) -> Any:
        """Loss and metrics of the mean, those that the first member was compiled with.

        The loss is that of the outputs alone: penalties on weights, which members have each their own, are left out.

        Args:
            x, batch_size, engine, steps: as for `predict`; batches bring their labels.
            y, sample_weight: as for `Model.evaluate`.
            verbose: 0 silent; else a line for each member.
            return_dict: return all values by name.
            members: return also, as "members" in the dictionary by name, a list of each member's own values; for
                arrays alone.

        Returns:
            The loss; with metrics a list of the loss and each metric; a dictionary if asked for.

        Raises:
            NotCompiledError: the first member is not compiled.
            StriateError: data that do not fit.
        """
        if self._are_batches(x, steps):
            if members:
                raise StriateError(f"{self.name}: evaluate: members=True is for arrays; evaluate each member by itself")
            results = evaluate_batches(self._together(engine), x, steps, verbose)
            listed = one_or_list([results[name] for name in self.members[0].metrics_names])
            return results if return_dict else listed
        size = arguments.batch_size_of(batch_size) or 32
        scorer = Scorer(self.name, self.members[0], self._views(x), y, sample_weight, size)
        each: list[dict[str, float]] = []

        def noted() -> Iterator[list[Array]]:
            for outputs in self._predictions(scorer.views, batch_size, verbose, engine):
                if members:
                    each.append(scorer.results(outputs))
                yield outputs

        results = scorer.results(flatten(self._mean(noted())))
        if members:
            return {**results, "members": each}
        return results if return_dict else scorer.listed(results)

    # What it is

    def __len__(self) -> int:
        """The number of members."""
        return len(self.members)

    def __iter__(self) -> Iterator[Model]:
        """The members in order."""
        return iter(self.members)

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch; a list for several inputs."""
        return self.members[0].input_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch; a list for several outputs."""
        return self.members[0].output_shape

    def count_params(self) -> int:
        """Number of all members' parameters."""
        return sum(member.count_params() for member in self.members)

    def summary(self, print_fn: Callable[[str], object] | None = None, details: bool = False) -> None:
        """Print a line for each member: its name, kind, weight in the mean and number of parameters.

        Args:
            print_fn: called once with the whole text in place of `print`.
            details: the members' own tables with details, too.
        """
        from striate.models.summary import ensemble_text

        text = ensemble_text(self, details)
        print(printable(text, sys.stdout)) if print_fn is None else print_fn(text)

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write all members, with their compile settings and optimizers, into one file, all at once or not at all.

        `striate.models.load_model` and `Ensemble.load` read it. It is a zip archive of ensemble.json (name, weights)
        and of members/0.keras, members/1.keras, ..., each a model file as `Model.save` writes it, which Keras opens
        once it is unpacked.

        Args:
            filepath: a name that ends in ".keras".
            overwrite: False: an existing file is an error.

        Raises:
            ModelFileError: the name, a member that cannot be saved, or a folder that cannot be written.
        """
        from striate.formats.ensemble_file import save_ensemble

        save_ensemble(self, filepath, overwrite)

    @classmethod
    def load(cls, filepath: str | os.PathLike[str], compile: bool = True) -> Ensemble:
        """The ensemble of a file that `save` wrote. Nothing in it is executed.

        Raises:
            ModelFileError: the file is missing, damaged or hostile, or holds a single model.
        """
        from striate.models import load_model

        loaded = load_model(filepath, compile=compile)
        if not isinstance(loaded, Ensemble):
            name = os.fspath(filepath)
            raise ModelFileError(f"{name}: holds the model {loaded.name}, not an ensemble; use load_model")
        return loaded

    def __repr__(self) -> str:
        return f"<Ensemble {self.name}: {', '.join(member.name for member in self.members)}>"

    # How the mean is made

    def _are_batches(self, x: Any, steps: Any) -> bool:
        batches = feeds.is_stream(x)
        if steps is not None and not batches:
            raise StriateError(f"{self.name}: steps={steps!r} is for what gives batches, got {type(x).__name__}")
        return batches

    def _together(self, engine: Any) -> Together:
        return Together(self.members, self.weights, self.members[0]._runner(engine))

    def _views(self, x: Any) -> list[Any]:
        first = self.members[0]
        return list(view_images(first._arranged(x, "x"), first.input_shapes, None))

    def _predictions(
        self, views: Sequence[Any], batch_size: int | None, verbose: int | str, engine: Any
    ) -> Iterator[list[Array]]:
        """What each member puts out, one after the other."""
        loud = arguments.verbosity(verbose)
        given = views[0] if len(views) == 1 else views
        for i, member in enumerate(self.members):
            if loud:
                print(f"member {i + 1} of {len(self)}: {member.name}")
            yield flatten(member.predict(given, batch_size=batch_size, verbose=0, engine=engine))

    def _mean(self, each: Iterator[list[Array]], finish: Callable[[Array], Any] = np.asarray) -> Any:
        """The weighted mean in double precision, in the form in which the first member puts it out."""
        totals: list[NDArray[np.float64]] = []
        for weight, outputs in zip(self.weights, each, strict=True):
            scaled = [np.multiply(output, weight, dtype=np.float64) for output in outputs]
            totals = [total + part for total, part in zip(totals, scaled, strict=True)] if totals else scaled
        return self.members[0]._output_structure(None, [finish(total.astype(np.float32)) for total in totals])


def _checked_members(members: Sequence[Model]) -> list[Model]:
    """The models, once they are known to fit each other."""
    if not isinstance(members, (list, tuple)) or not members:
        raise StriateError(f"Ensemble: got {members!r}, expected a list of models")
    for i, member in enumerate(members):
        if not isinstance(member, Model):
            raise StriateError(f"Ensemble: member {i} is {member!r}, expected a model of striate")
        if any(member is other for other in members[:i]):
            raise StriateError(
                f"Ensemble: member {i}, {member.name}, is in the list twice; give weights to have it count for more"
            )
        if not member.built:
            raise StriateError(
                f"Ensemble: member {i}, {member.name}, is not built; begin it with Input(shape=...), or train it first"
            )
        for what, of in (("takes", _inputs), ("puts out", _outputs)):
            first, other = of(members[0]), of(member)
            if other != first:
                raise ShapeError(
                    f"Ensemble: member {i}, {member.name}, {what} {other}, but member 0, {members[0].name}, {first}; "
                    "all members must agree"
                )
    return list(members)


def _inputs(model: Model) -> Any:
    return model.input_shape


def _outputs(model: Model) -> Any:
    return packed(model._output_form, [tensor.shape for tensor in model.outputs])


def _checked_weights(weights: Sequence[float] | None, count: int) -> list[float]:
    """Weights that sum to 1."""
    if weights is None:
        return [1 / count] * count
    try:
        found = [float(weight) for weight in weights]
    except (TypeError, ValueError):
        raise StriateError(f"Ensemble: got weights={weights!r}, expected a list of {count} numbers") from None
    if len(found) != count:
        raise StriateError(f"Ensemble: got {len(found)} weights for {count} members")
    total = sum(found)
    if not math.isfinite(total) or min(found) < 0 or total == 0:
        raise StriateError(f"Ensemble: got weights={weights!r}, expected numbers of 0 or more, not all 0")
    total = 1.0 if math.isclose(total, 1, rel_tol=1e-12) else total  # those of a file stay as they are, to the bit
    return [weight / total for weight in found]
