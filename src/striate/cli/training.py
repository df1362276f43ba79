"""One training from data to report, which `demo` and `train` share."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from striate.cli.display import TrainingDisplay, class_table, clock
from striate.errors import StriateError

if TYPE_CHECKING:
    from striate.datasets.arrays import Data
    from striate.models import Model

MODEL_FILE, CLASSES_FILE, REPORT_FILE = "model.keras", "classes.json", "report.html"


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    model: compiled. title: the report's headline. data: as `load_data` returns it. configuration: more lines for the
    report. note: one sentence about the data, or "".
    """

    title: str
    model: Model
    data: Data
    class_names: tuple[str, ...]
    epochs: int
    batch_size: int
    seed: int
    out: Path
    configuration: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def train_and_report(plan: Plan) -> None:
    """Train with the display, test, print what came out, save model, class names and report into `plan.out`."""
    from striate.report import Results

    console = Console(highlight=False, markup=False, emoji=False)
    (x_train, y_train), (x_test, y_test) = plan.data
    x_train, x_test = with_channels(x_train), with_channels(x_test)
    console.print(f"{plan.title}: {len(x_train):,} images, {plan.model.count_params():,} parameters", soft_wrap=True)
    display = TrainingDisplay(console, len(x_train), plan.batch_size, plan.epochs)
    with display:
        history = plan.model.fit(
            x_train, y_train, batch_size=plan.batch_size, epochs=plan.epochs, verbose=0,
            validation_data=(x_test, y_test), callbacks=[display],
        )  # fmt: skip
    results = Results(y_test, plan.model.predict(x_test, batch_size=256, verbose=0), plan.class_names)
    console.print(f"\ntest accuracy {100 * results.accuracy:.2f} %, trained in {clock(display.seconds)}\n")
    console.print(class_table(results))
    _save(plan, history.history, results, x_test, display)
    console.print(f"\nmodel  {plan.out / MODEL_FILE}\nreport {plan.out / REPORT_FILE}", soft_wrap=True)


def with_channels(images: Any) -> Any:
    """(n, height, width) as (n, height, width, 1), without a copy."""
    return images[..., np.newaxis] if images.ndim == 3 else images


def _save(plan: Plan, history: Mapping[str, list[float]], results: Any, images: Any, display: TrainingDisplay) -> None:
    from striate.report import Run, write_report

    classes = json.dumps({"class_names": results.class_names}, ensure_ascii=False, indent=1)
    try:
        plan.model.save(plan.out / MODEL_FILE)
        (plan.out / CLASSES_FILE).write_text(classes + "\n", encoding="utf-8")
        write_report(
            plan.out / REPORT_FILE,
            Run(
                title=plan.title, history=history, results=results, images=images, kernels=first_kernels(plan.model),
                summary=summary_text(plan.model), facts=_facts(plan, display), configuration=_configuration(plan),
                note=plan.note,
            ),
        )  # fmt: skip
    except OSError as error:
        raise StriateError(f"{error.filename or plan.out}: cannot be written ({error.strerror})") from None


def first_kernels(model: Model) -> Any:
    """The weights of the first layer that has a four-dimensional kernel, or None."""
    for layer in model.layers:
        weights = layer.get_weights()
        if weights and weights[0].ndim == 4:
            return weights[0]
    return None


def summary_text(model: Model) -> str:
    """The table that `model.summary()` prints."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, *_, **__: lines.append(str(line)))
    return "\n".join(lines)


def _facts(plan: Plan, display: TrainingDisplay) -> dict[str, str]:
    return {
        "training time": clock(display.seconds),
        "images a second": f"{display.speed:,.0f}",
        "parameters": f"{plan.model.count_params():,}",
    }


def _configuration(plan: Plan) -> dict[str, str]:
    (x_train, _), (x_test, _) = plan.data
    return {
        **plan.configuration,
        "training images": f"{len(x_train):,}",
        "test images": f"{len(x_test):,} (also drawn as validation; nothing is chosen by them)",
        "epochs": str(plan.epochs),
        "batch size": str(plan.batch_size),
        "seed": str(plan.seed),
        "computer": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }
