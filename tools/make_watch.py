"""Makes examples/data/watch.npz of the recordings in the package seglearn (BSD licence, see examples/data/LICENSE).

    pip download --no-deps seglearn==1.2.5 && unzip seglearn-1.2.5-py3-none-any.whl
    python tools/make_watch.py seglearn/data/watch_dataset.npy

Five measurements at 50 Hz become their mean at 10 Hz, a number one of 255: acceleration in steps of 0.02 g up to 2.5 g,
rotation in steps of 0.05 rad/s up to 6.3 rad/s. 244,102 measurements in 140 recordings, 11.7 MB, become 0.25 MB.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[1] / "examples" / "data" / "watch.npz"
STEP = 5
SCALE = np.array([2.5 / 127] * 3 + [6.3 / 127] * 3)


def main(source: str) -> None:
    """Write the file. The source is a pickle, which can run programs: take it from the package index alone."""
    data = np.load(source, allow_pickle=True).item()
    signals, starts = [], []
    for recording in data["X"]:
        starts.append(sum(map(len, signals)))
        whole = recording[: len(recording) // STEP * STEP].reshape(-1, STEP, 6).mean(axis=1)
        signals.append(np.clip(np.round(whole / SCALE), -127, 127).astype(np.int8))
    np.savez_compressed(
        TARGET, signals=np.concatenate(signals), starts=np.array(starts, np.int32), scale=SCALE.astype(np.float32),
        person=data["subject"].astype(np.uint8), right_side=data["side"].astype(bool),
        exercise=data["y"].astype(np.uint8), names=np.array(data["y_labels"]), channels=np.array(data["X_labels"]),
    )  # fmt: skip
    print(f"{TARGET}: {len(data['X'])} recordings, {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
