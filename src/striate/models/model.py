"""Models: networks that can be called, trained, looked into, summarised and saved."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from striate.console import printable
from striate.errors import StriateError, UnavailableError
from striate.graph import Graph
from striate.graph.operations.augmentation import OfImages
from striate.layers.symbolic import connect, is_symbolic
from striate.models.inspection import Inspection
from striate.models.retired import Retired
from striate.tensors import wrapped
from striate.training.data import prepare_images


class Model(Retired, Inspection):
    """A network that can be called, trained, looked into, summarised and saved.

    `Model(inputs, outputs, name=...)` makes a functional one (see `Functional`); `Sequential` is the other kind.

    Args:
        name: made up from the class if not given.
        trainable: False freezes all layers.
    """

    def __init_subclass__(cls, common: bool = False, **options: Any) -> None:
        super().__init_subclass__(common, **options)
        steps = [name for name in ("train_step", "test_step", "predict_step", "compute_loss") if name in vars(cls)]
        if steps:
            raise UnavailableError(
                f"models with {steps[0]}()",
                f"{cls.__name__}: defines {steps[0]}(), but the engine takes its steps itself",
                "train with model.fit or model.train_on_batch, with metrics and callbacks of your own where need be.",
            )

    def __new__(cls, *arguments: Any, **options: Any) -> Model:
        """`Model(...)` itself makes a `Functional`."""
        if cls is not Model:
            return super().__new__(cls)
        from striate.models.functional import Functional

        return super().__new__(Functional)

    def __init__(self, *arguments: Any, name: str | None = None, trainable: bool = True, **options: Any) -> None:
        if arguments or options:
            raise StriateError(
                f"{type(self).__name__}: got {'inputs and outputs' if arguments else next(iter(options))} for a "
                "subclass of Model; make it a subclass of striate.models.Functional, or write a function that returns "
                "Model(inputs, outputs)"
            )
        super().__init__(name=name, trainable=trainable)

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The network's output for arrays of images (batch first) or symbolic tensors, building it if need be.

        Args:
            inputs: images (n, *shape) or a symbolic tensor; for several inputs a list, tuple or dictionary.
            training: True: with dropout and the batch's own statistics, as in training; nothing is updated. None: as in
                inference, unless the network is nothing but a stack of random changes of images. With symbolic tensors
                as for a layer: True and False hold whether the network around this one is trained or predicts.

        Returns:
            A tensor (n, *shape), that is an array with `numpy()`, or a symbolic tensor; a list or a dictionary for
            several outputs.
        """
        if is_symbolic(inputs):
            return self._output_structure(inputs, connect(self, self._arranged(inputs), training))
        images = prepare_images(self._arranged(inputs), self.input_shapes, self.engine.first_not_finite, "inputs")
        self.build_for(images)
        shapes = [array.shape[1:] for array in images]
        program, graph = self.program(shapes), self.graph_with(self.trainable_flags, shapes)
        if training or (training is None and _only_augments(graph)):
            from striate.random import next_seed

            outputs = program.read(images, graph.outputs, training=True, step=next_seed() % 2**31)
        else:
            outputs = program.predict(images, min(len(images[0]), 256))
        return self._output_structure(inputs, [wrapped(output) for output in outputs])

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
            expand_nested: also the layers of inner networks.
            show_trainable: a column that says which layers are trained.
            layer_range: names (or regular expressions) of the first and the last layer to show.
            details: also multiply-adds and bytes of the output for one image, receptive field and stride of each layer.
        """
        from striate.models.summary import summary_text

        text = summary_text(self, line_length, positions, show_trainable, layer_range, details, expand_nested)
        if print_fn is None:
            print(printable(text, sys.stdout))
        else:
            print_fn(text)

    def save(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None,
        include_optimizer: bool = True, save_format: str | None = None,
    ) -> None:
        """Write layers, weights, compile settings and optimizer state into a file, which Keras 3 opens, too.

        Args:
            filepath: a name that ends in ".keras" or, for the layout of Keras 2, in ".h5", in a folder that exists. A
                name without an ending, which Keras 2 took for a folder of TensorFlow's, is a folder with model.keras.
            overwrite: False: an existing file is an error.
            zipped: None or True; a folder in place of the file is not available.
            include_optimizer: False: without the compile settings and the optimizer's state.
            save_format: "keras", "h5" or None: as the name says; "tf": a folder as above.

        Raises:
            ModelFileError: what cannot be saved, or a file that exists and must not be overwritten.
        """
        from striate.formats import keras_file, legacy_file, paths
        from striate.training.arguments import flag

        if zipped not in (None, True):
            raise StriateError(f"save: got zipped={zipped!r}, expected None or True: models are saved as one file")
        name = paths.model_target(filepath, save_format == "tf")
        legacy = name.endswith((".h5", ".hdf5")) and not name.endswith(".weights.h5")
        if save_format not in (None, "tf"):
            legacy = paths.checked_format("save", save_format) != "keras"
        save = legacy_file.save_legacy_model if legacy else keras_file.save_model
        save(self._for_files(), name, overwrite, flag("include_optimizer", include_optimizer))

    def __reduce__(self) -> tuple[Any, ...]:
        """The model as what a .keras file holds, for pickle and copy.deepcopy."""
        from striate.formats import keras_file

        return keras_file.of_bytes, (keras_file.to_bytes(self._for_files()),)

    def to_json(self, **options: Any) -> str:
        """The configuration as JSON text, in Keras's form; options are those of `json.dumps`."""
        import json

        from striate.formats.keras_config import describe_model

        return json.dumps(describe_model(self._for_files()), **options)

    def _for_files(self) -> Model:
        """The same network without classes of the user's own, which files cannot bring back."""
        from striate.models.written import plain

        return plain(self)

    def save_weights(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, save_format: str | None = None
    ) -> None:
        """Write the weights alone: as Keras 3 does into a .weights.h5 file, as Keras 2 into any other .h5 file.

        Args:
            filepath: the file. A name as checkpoints of TensorFlow's have, without an ending or with .ckpt, gets
                .weights.h5 behind it; `load_weights` finds it under either.
            overwrite: False: an existing file is an error.
            save_format: "h5" or None; "tf": as for a checkpoint's name.

        Raises:
            ModelFileError: another ending, a model that is not built, a file that exists and must not be overwritten.
        """
        from striate.formats import paths, weights_file

        if save_format is not None:
            paths.checked_format("save_weights", save_format)
        name = paths.weights_target(filepath, save_format == "tf")
        weights_file.save_weights(self._for_files(), name, overwrite)

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
        from striate.formats import paths, weights_file
        from striate.training.arguments import flag

        skip_mismatch, by_name = flag("skip_mismatch", skip_mismatch), flag("by_name", by_name)
        weights_file.load_weights(self._for_files(), paths.weights_source(filepath), by_name, skip_mismatch)


def _only_augments(graph: Graph) -> bool:
    """Whether a network changes images at random and has nothing to learn."""
    return not graph.parameters() and any(isinstance(node.operation, OfImages) for node in graph.nodes)
