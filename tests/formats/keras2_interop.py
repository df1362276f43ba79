"""Every layer's .h5 file through a real Keras 2 and back, by hand, as Keras 2 needs an environment of its own:

    python tests/formats/keras2_interop.py write DIR      here
    python keras2_interop.py keras2 DIR                   where tf_keras 2.21 is: opens, compares, saves
    python tests/formats/keras2_interop.py read DIR       here: opens what Keras 2 saved, and compares

Each prints the layers that fail. Expected are those whose formula or arguments Keras 2 lacks: see keras2_config.py.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

TOLERANCE = 1e-4  # of the largest output


def write(folder):
    """A network of one layer for each case of tests/layers, with random weights and what it puts out."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "layers"))
    import cases

    import striate

    listed = []
    groups = [value for value in vars(cases).values() if isinstance(value, list)]
    for name, options, shape in [case for group in groups for case in group if len(case) == 3]:
        layer = getattr(striate.layers, name)(**options)
        if isinstance(layer, striate.layers.merging.Merge):
            continue
        model = striate.Sequential([striate.Input(shape), layer])
        generator = np.random.default_rng(len(listed))
        model.set_weights([generator.random(weight.shape) + 0.1 for weight in model.weights])
        x = generator.random((3, *shape)).astype(np.float32)
        x = np.floor(2 * x) if name == "Embedding" else x
        np.savez(folder / f"{len(listed)}.npz", x=x, y=model.predict(x, verbose=0))
        model.save(folder / f"{len(listed)}.h5")
        listed.append(f"{name} {options}")
    (folder / "cases.json").write_text(json.dumps(listed))


def compare(folder, name, load, then=lambda model, index: None):
    """Open file after file and compare what the networks put out."""
    listed = json.loads((folder / "cases.json").read_text())
    right = 0
    for index, case in enumerate(listed):
        path, kept = folder / name.format(index), np.load(folder / f"{index}.npz")
        if not path.exists():
            continue
        try:
            model = load(path)
            error = np.abs(model.predict(kept["x"], verbose=0) - kept["y"]).max() / max(np.abs(kept["y"]).max(), 1e-6)
            then(model, index)
        except Exception as problem:  # whatever Keras raises: it is what is asked for
            error = " ".join(str(problem).split())[-150:]
        if isinstance(error, str) or not error <= TOLERANCE:
            print(f"{case[:90]}: {error}")
        else:
            right += 1
    print(f"{right} of {len(listed)} agree")


def main(step, folder):
    folder = Path(folder)
    if step == "write":
        write(folder)
    elif step == "keras2":
        os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
        import tf_keras

        load = tf_keras.models.load_model
        compare(folder, "{}.h5", lambda path: load(path, compile=False), lambda m, i: m.save(folder / f"keras2_{i}.h5"))
    else:
        import striate

        compare(folder, "keras2_{}.h5", lambda path: striate.models.load_model(path, compile=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
