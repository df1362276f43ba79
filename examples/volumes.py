"""Three dimensions: which way does it move? No single image can tell, a volume can.

Each example is a short film, eight frames of a piece of clothing (real ones, of Fashion-MNIST) that moves to the right
or to the left, or turns clockwise or the other way. Films to the left are films to the right played backwards, so each
frame by itself, and any set of frames without their order, is exactly as likely in both. A network that convolves every
frame by itself and then takes the mean over time can do no better than half: it sees whether something moves or turns,
not which way. A kernel that reaches over three frames sees the way. Medical scans, with depth in place of time, are
volumes of the same kind.

    python examples/volumes.py [--quick]
"""

from __future__ import annotations

import numpy as np
from common import accuracy, asked_to_be_quick, clothes
from PIL import Image

import striate
from striate import layers

FRAMES, SIDE = 8, 24
KINDS = ("right", "left", "clockwise", "anticlockwise")


def film(image: np.ndarray, kind: int, start: float) -> np.ndarray:
    """Frames (8, 24, 24): a shift of 1.5 pixels or a turn of 9 degrees from each to the next, begun at `start`."""
    picture = Image.fromarray(image).resize((16, 16), Image.Resampling.BOX)
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(picture, (4, 4))
    frames = []
    for step in range(FRAMES):
        if kind < 2:
            shift = (1, 0, -(start + 1.5 * step - 5.25), 0, 1, 0)
            moved = canvas.transform(canvas.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR)
        else:
            moved = canvas.rotate(-(180 * start + 9 * step), Image.Resampling.BILINEAR)
        frames.append(np.asarray(moved))
    return np.stack(frames[::-1] if kind % 2 else frames)


def films(images: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A film of each image. Kinds are shuffled, or the images' own order would give them away."""
    rng = np.random.default_rng(seed)
    kinds = rng.permutation(np.arange(len(images)) % len(KINDS))
    made = [film(image, kind, rng.uniform(-1, 1)) for image, kind in zip(images, kinds, strict=True)]
    return np.stack(made)[..., np.newaxis], kinds


def network(depth: int) -> striate.Sequential:
    """Two convolutions whose kernels reach over `depth` frames, then the mean over all frames and places."""
    model = striate.Sequential(
        [
            layers.Input((FRAMES, SIDE, SIDE, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv3D(8, (depth, 5, 5), padding="same", activation="relu"),
            layers.MaxPooling3D((1, 2, 2)),
            layers.Conv3D(16, (depth, 3, 3), padding="same", activation="relu"),
            layers.GlobalAveragePooling3D(),
            layers.Dense(32, activation="relu"),
            layers.Dense(len(KINDS), activation="softmax"),
        ]
    )
    model.compile(striate.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(quick: bool) -> None:
    """Train both, and show what the flat one mistakes."""
    (images, _), (test_images, _) = clothes(*((600, 200) if quick else (2400, 800)), quick=True)
    (x, y), (x_test, y_test) = films(images, 1), films(test_images, 2)
    print(f"{len(x):,} films of {FRAMES} frames, {SIDE}x{SIDE}; tested on {len(x_test)} others, of other clothes.")
    for name, depth in (("each frame by itself, 1x5x5", 1), ("over three frames, 3x5x5", 3)):
        striate.utils.set_random_seed(1)
        model = network(depth)
        model.fit(x, y, epochs=10 if quick else 20, batch_size=16, verbose=0)
        said = model.predict(x_test, verbose=0).argmax(axis=1)
        manner = np.mean(said // 2 == y_test // 2)
        print(f"\n{name} ({model.count_params():,} parameters): {accuracy(model, x_test, y_test):.1%}; "
              f"moving and turning told apart: {manner:.1%}")  # fmt: skip
        for kind, title in enumerate(KINDS):
            counts = np.bincount(said[y_test == kind], minlength=len(KINDS))
            print(f"  {title:14}" + "".join(f"{other:>15} {n:3}" for other, n in zip(KINDS, counts, strict=True)))


if __name__ == "__main__":
    main(asked_to_be_quick(__doc__.splitlines()[0]))
