"""Models: networks that can be called, trained, looked into, summarised and saved."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import ArrayLike

from striate.console import printable
from striate.errors import StriateError
from striate.models.inspection import Inspection
from striate.models.network import one_or_list
from striate.models.trainer import Trainer
from striate.training.data import prepare_images


class Model(Trainer, Inspection):
    """Base of models. A subclass says which layers there are and how they are put into a graph (see `Network`).

    Args:
        name: made up from the class if not given.
        trainable: False freezes all layers.
    """

    def __call__(self, inputs: ArrayLike, training: bool = False) -> Any:
        """The network's output for an array of images (batch first), building it if need be.

        Args:
            inputs: images (n, *shape).
            training: with dropout and the batch's own statistics, as in training; nothing is updated.

        Returns:
            An array (n, *shape); a list for several outputs.
        """
        images = prepare_images(inputs, self.input_shapes, self.engine.first_not_finite, "inputs")
        self.build_for(images)
        program = self.program()
        if training:
            from striate.random import next_seed

            outputs = program.read(images, self.graph.outputs, training=True, step=next_seed() % 2**31)
        else:
            outputs = program.predict(images, min(len(images[0]), 256))
        return one_or_list(outputs)

    def summary(
        self, line_length: int | None = None, positions: Sequence[float] | None = None,
        print_fn: Callable[[str], object] | None = None, expand_nested: bool = False, show_trainable: bool = False,
        layer_range: Sequence[str] | None = None, details: bool = False,
    ) -> None:
        """Print the layers as a table, with output shapes and numbers of parameters, and the totals.

        Args:
            line_length: columns; 80 if not given, 110 with details.
            positions: where each column ends, as fractions of the line.
            print_fn: called once with the whole text in place of `print`, which draws the boxes in ASCII where standard
                output can take nothing else.
            expand_nested: without effect; layers hold no layers.
            show_trainable: a column that says which layers are trained.
            layer_range: names (or regular expressions) of the first and the last layer to show.
            details: also multiply-adds and bytes of the output for one image, receptive field and stride of each layer.
        """
        from striate.models.summary import summary_text

        text = summary_text(self, line_length, positions, show_trainable, layer_range, details)
        if print_fn is None:
            print(printable(text, sys.stdout))
        else:
            print_fn(text)

    def save(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None
    ) -> None:
        """Write layers, weights, compile settings and optimizer state into a .keras file, which Keras 3 opens, too.

        Args:
            filepath: a name that ends in ".keras", in a folder that exists.
            overwrite: False: an existing file is an error.
            zipped: None or True; a folder in place of the file is not available.

        Raises:
            ModelFileError: what cannot be saved, or a file that exists and must not be overwritten.
        """
        from striate.formats import keras_file

        if zipped not in (None, True):
            raise StriateError(f"save: got zipped={zipped!r}, expected None or True: models are saved as one file")
        keras_file.save_model(self, filepath, overwrite)

    def to_json(self, **options: Any) -> str:
        """The configuration as JSON text, in Keras's form; options are those of `json.dumps`."""
        import json

        from striate.formats.keras_config import describe_model

        return json.dumps(describe_model(self), **options)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the weights alone: as Keras 3 does into a .weights.h5 file, as Keras 2 into any other .h5 file.

        Args:
            filepath: the file.
            overwrite: False: an existing file is an error.

        Raises:
            ModelFileError: another ending, a model that is not built, a file that exists and must not be overwritten.
        """
        from striate.formats import weights_file

        weights_file.save_weights(self, filepath, overwrite)

    def load_weights(
        self, filepath: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False
    ) -> None:
        """Read the weights of a file into this model; an error leaves it as it was.

        Args:
            filepath: a .weights.h5 or .keras file of Keras 3, or an .h5 file of Keras 1 or 2. What is in the file
                decides, not its name.
            skip_mismatch: leave layers that do not fit as they are, with a warning.
            by_name: fill the layers whose names are in the file and leave the others; for files of Keras 1 and 2.

        Raises:
            ModelFileError: a file that is damaged, or of another network; names the first layer that does not fit.
        """
        from striate.formats import weights_file
        from striate.training.arguments import flag

        skip_mismatch, by_name = flag("skip_mismatch", skip_mismatch), flag("by_name", by_name)
        weights_file.load_weights(self, filepath, by_name, skip_mismatch)
