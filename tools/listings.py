"""Run the documents' programs as they stand and say whether they print what their headers promise.

    python tools/listings.py [FOLDER] [NAME...] [--images N]

FOLDER holds the programs (../shared/listings beside the checkout if not given); STRIATE_DATA says where their data sets
are. `geron_fashion` trains on N images for one epoch (2,000 if not given), as a whole epoch of it takes minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT.parent / "shared" / "listings"

# What the table of document 001 says of each layer: class, output shape, parameters.
ROWS = [
    ("Conv2D", "(None, 28, 28, 32)", 832), ("BatchNormalization", "(None, 28, 28, 32)", 128),
    ("Dropout", "(None, 28, 28, 32)", 0), ("MaxPooling2D", "(None, 14, 14, 32)", 0),
    ("Conv2D", "(None, 14, 14, 60)", 48060), ("BatchNormalization", "(None, 14, 14, 60)", 240),
    ("Dropout", "(None, 14, 14, 60)", 0), ("MaxPooling2D", "(None, 7, 7, 60)", 0),
    ("Conv2D", "(None, 7, 7, 128)", 192128), ("BatchNormalization", "(None, 7, 7, 128)", 512),
    ("Dropout", "(None, 7, 7, 128)", 0), ("MaxPooling2D", "(None, 3, 3, 128)", 0), ("Flatten", "(None, 1152)", 0),
    ("Dense", "(None, 100)", 115300), ("Dropout", "(None, 100)", 0), ("Dense", "(None, 10)", 1010),
]  # fmt: skip


@dataclass(frozen=True)
class Done:
    """One program's run: exit code, what it printed, and how long it took."""

    code: int
    output: str
    errors: str
    seconds: float

    @property
    def plain(self) -> str:
        """The output with lines that were drawn over each other one below the other."""
        return self.output.replace("\r", "\n")


@dataclass(frozen=True)
class Listing:
    """A program and what it must show."""

    check: Callable[[Done], None]
    exit_code: int = 0
    environment: dict[str, str] = field(default_factory=dict)


def number(done: Done, pattern: str) -> float:
    """The number that the output has in a place."""
    found = re.search(pattern, done.plain)
    assert found, f"nothing like {pattern!r} in:\n{done.plain[-2000:]}"
    return float(found[1])


def totals(done: Done) -> list[str]:
    """The total numbers of parameters in all summaries."""
    return re.findall(r"Total params: ([\d,]+)", done.plain)


def table(done: Done) -> list[tuple[str, ...]]:
    """The rows of a summary, long names put together again."""
    body = re.search(r"┩\n(.*?)└", done.plain, re.DOTALL)
    assert body, done.plain[:2000]
    rows = []
    for block in re.split(r"├.*\n", body[1]):
        cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in block.splitlines()]
        rows.append(tuple("".join(parts) for parts in zip(*cells, strict=True)))
    return rows


def _fashion_mlp(done: Done) -> None:
    assert number(done, r"test_acc ([\d.]+) \(5, 10\)") > 0.84


def _fashion_conv64(done: Done) -> None:
    assert totals(done) == ["1,386,506"]
    assert number(done, r"test_acc ([\d.]+)") > 0.89  # fashion_mlp ends near 0.87


def _lenet_l2(done: Done) -> None:
    loss, accuracy = number(done, r"\n\[([\d.]+),"), number(done, r"\n\[[\d.]+, ([\d.]+)\]")
    assert accuracy > 0.95
    assert loss > 0.05  # cross-entropy alone would be smaller: the reported loss contains the penalty


def _functional(done: Done) -> None:
    assert totals(done) == ["35,813"]
    assert number(done, r"accuracy ([\d.]+)\n$") > 0.9


def _summary_358210(done: Done) -> None:
    rows = [(re.sub(r".*\((\w+)\)", r"\1", name), shape, count) for name, shape, count in table(done)]
    assert [(name, shape, int(count.replace(",", ""))) for name, shape, count in rows] == ROWS
    for line in ("Total params: 358,210", "Trainable params: 357,770", "Non-trainable params: 440"):
        assert line in done.plain
    assert done.plain.rstrip().endswith("['accuracy', 'loss', 'val_accuracy', 'val_loss']")


def _vgg16_fine_tuning(done: Done) -> None:
    last = done.errors.strip().splitlines()[-1]
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 is not in" in last
    assert ".keras/models" in last
    assert "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/" in last


def _augmentation(done: Done) -> None:
    losses = re.findall(r"\[([\d.]+), ([\d.]+)\]\s*$", done.plain)
    assert losses
    assert float(losses[0][1]) < float(losses[0][0])


def _lab08(done: Done) -> None:
    assert totals(done) == ["48,000,100", "2,800", "2,800", "118,980"]
    assert "(60000, 28, 28, 1)" in done.plain
    assert re.search(r"Classe predita foi \d com +\d+%\. Classe correta é \d, ", done.plain)


def _pooling_dense(done: Done) -> None:
    assert [count for _, _, count in table(done)] == ["100", "0", "0", "16,910"]
    assert totals(done) == ["17,010"]
    assert "[[6. 8.]\n [3. 4.]]" in done.plain


def _geron_fashion(done: Done) -> None:
    assert number(done, r"test \[[\d.e-]+, ([\d.]+)\]") > 0.09


def _arithmetic(done: Done) -> None:
    assert done.plain == "all as in the documents\n"


LISTINGS = {
    "arithmetic": Listing(_arithmetic),
    "pooling_dense": Listing(_pooling_dense),
    "functional": Listing(_functional),
    "vgg16_fine_tuning": Listing(_vgg16_fine_tuning, exit_code=1),
    "lenet_l2": Listing(_lenet_l2),
    "augmentation": Listing(_augmentation),
    "fashion_mlp": Listing(_fashion_mlp),
    "lab08": Listing(_lab08),
    "summary_358210": Listing(_summary_358210),
    "geron_fashion": Listing(_geron_fashion, environment={"EPOCHS": "1", "IMAGES": "2000"}),
    "fashion_conv64": Listing(_fashion_conv64),
}


def run(program: Path, environment: dict[str, str]) -> Done:
    """One program in a folder of its own, with no home to find weights in and no way to fetch any."""
    with tempfile.TemporaryDirectory() as folder:
        offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "KERAS_HOME")}
        settings = {**kept, **offline, "HOME": folder, "COLUMNS": "80", **environment}
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "striate", "run", str(program)], cwd=folder, env=settings, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr, time.perf_counter() - start)


def checked(name: str, folder: Path, images: int | None = None) -> Done:
    """Run a program and check what it shows.

    Raises:
        AssertionError: it shows something else.
    """
    listing = LISTINGS[name]
    environment = dict(listing.environment)
    if images is not None and "IMAGES" in environment:
        environment["IMAGES"] = str(images)
    done = run(folder / f"{name}.py", environment)
    assert done.code == listing.exit_code, f"exit code {done.code}\n{done.errors}"
    listing.check(done)
    return done


def main() -> int:
    """Run those that are asked for, or all; returns how many fall short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("names", nargs="*", help="all if not given")
    parser.add_argument("--images", type=int, help="that geron_fashion trains on")
    arguments = parser.parse_args()
    failed = 0
    for name in arguments.names or LISTINGS:
        try:
            done = checked(name, arguments.folder, arguments.images)
        except AssertionError as error:
            failed += 1
            print(f"{name}: FALLS SHORT\n{error}", flush=True)
            continue
        last = (done.plain.strip() or done.errors.strip()).splitlines()[-1]
        print(f"{name}: {done.seconds:.1f} s; {last[:120]}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
