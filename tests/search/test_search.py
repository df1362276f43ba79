"""Searches: the same trials from the same seed in one run or several, pruned, kept in a file, compared and drawn."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.data import images
from striate.errors import StriateError
from striate.search import BASELINE, LeNet, Outcome, Trial, Watcher, compare, search
from striate.search.plot import plot

pytest.importorskip("optuna", reason='needs Optuna: pip install "striate[search]"')
pytest.importorskip("matplotlib", reason='needs Matplotlib: pip install "striate[search]"')

SMALL: dict[str, Any] = {"epochs": 2, "batch_size": 16, "seed": 3}
COUNT = 8  # random ones, and some that the sampler chose


@pytest.fixture(scope="module", autouse=True)
def _soon() -> Iterator[None]:
    """What needs more trials elsewhere begins after two of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("striate.search.run._RANDOM_TRIALS", 4)
        patch.setattr("striate.search.study._UNPRUNED", 2)
        yield


@pytest.fixture(scope="module")
def outcome(_soon: None) -> Outcome:
    return search(*images(), trials=COUNT, **SMALL)


def test_what_a_search_finds(outcome: Outcome) -> None:
    assert [trial.number for trial in outcome.trials] == list(range(COUNT))
    assert outcome.trials[0].network == BASELINE
    assert len({trial.network for trial in outcome.trials}) == COUNT
    assert any(trial.pruned for trial in outcome.trials)
    for trial in outcome.trials:
        assert len(trial.accuracies) == (1 if trial.pruned else 2)
    assert outcome.best == outcome.ranked[0].network
    assert outcome.ranked[0].accuracy == max(trial.accuracy for trial in outcome.trials if not trial.pruned)
    assert sum(outcome.importances.values()) == pytest.approx(1)
    assert outcome.earlier == 0


def test_the_same_seed_gives_the_same_trials(outcome: Outcome) -> None:
    assert search(*images(), trials=5, **SMALL).trials == outcome.trials[:5]
    other = search(*images(), trials=3, **{**SMALL, "seed": 4})
    assert other.trials[1].network != outcome.trials[1].network


def test_it_goes_on_as_if_never_stopped(outcome: Outcome, tmp_path: Path) -> None:
    class Stop(Watcher):
        def __init__(self, number: int) -> None:
            self.number, self.told = number, 0

        def on_start(self, earlier: tuple[Trial, ...]) -> None:
            self.told = len(earlier)

        def on_epoch(self, number: int, network: LeNet, epoch: int, accuracy: float) -> None:
            if number == self.number:
                raise KeyboardInterrupt

    file = tmp_path / "study.db"
    for stop in (0, 3, 6):
        with pytest.raises(KeyboardInterrupt):
            search(*images(), trials=COUNT, study=file, watcher=Stop(stop), **SMALL)
    last = Stop(-1)
    again = search(*images(), trials=COUNT, study=file, watcher=last, **SMALL)
    assert (again.trials, again.importances) == (outcome.trials, outcome.importances)
    assert again.earlier == last.told == 6
    assert search(*images(), trials=2, study=file, **SMALL).trials == outcome.trials  # nothing left to do


def test_a_process_that_was_killed_leaves_nothing(outcome: Outcome, tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    search(*images(), trials=7, study=file, **SMALL)
    with sqlite3.connect(file) as database:
        database.execute("UPDATE trials SET state = 'RUNNING' WHERE number = 6")
    database.close()
    assert search(*images(), trials=7, study=file, **SMALL).trials == outcome.trials[:7]


def test_minutes(tmp_path: Path) -> None:
    """However short: the first trial is trained to its end, and another one is not counted before its own."""
    found = search(*images(), minutes=1e-6, **SMALL)
    assert [trial.number for trial in found.trials] == [0]
    assert found.importances == {}


def test_files_that_are_something_else(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("not a database, but long enough for one" * 9)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    for file in (text, foreign, tmp_path):
        before = file.read_bytes() if file.is_file() else b""
        with pytest.raises(StriateError, match=r"is no study of `striate search`"):
            search(*images(), trials=1, study=file, **SMALL)
        assert not file.is_file() or file.read_bytes() == before
    with pytest.raises(StriateError, match="there is no folder"):
        search(*images(), trials=1, study=tmp_path / "nowhere" / "study.db", **SMALL)


def test_files_about_something_else(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    search(*images(), trials=1, study=file, data="rows", **SMALL)
    for change in ({"epochs": 3}, {"seed": 4}, {"batch_size": 8}, {"data": "columns"}, {"validation": 0.3}):
        (key, value), = change.items()
        with pytest.raises(StriateError, match=f"was begun with {key}=.*now it is {value!r}"):
            search(*images(), trials=2, study=file, **{"data": "rows", **SMALL, **change})
    with pytest.raises(StriateError, match="images=120"):
        search(*images(90), trials=2, study=file, data="rows", **SMALL)


def test_hostile_studies(tmp_path: Path) -> None:
    good, file = tmp_path / "good.db", tmp_path / "study.db"
    search(*images(), trials=1, study=good, **SMALL)
    for change in (
        "UPDATE trial_params SET param_value = 1e9 WHERE param_name = 'filters1'",
        "DELETE FROM trial_params WHERE param_name = 'filters1'",
        "UPDATE trial_intermediate_values SET intermediate_value = 7",
        "DELETE FROM trial_intermediate_values",
        "UPDATE alembic_version SET version_num = 'v99.0.0.a'",
        "DROP TABLE trial_params",
        "DELETE FROM study_user_attributes",
    ):
        shutil.copy(good, file)
        with sqlite3.connect(file) as database:
            database.execute(change)
        database.close()
        with pytest.raises(StriateError, match=r"study\.db: "):
            raise AssertionError(change, search(*images(), trials=2, study=file, **SMALL))


def test_two_at_once(tmp_path: Path) -> None:
    file = tmp_path / "study.db"

    class Second(Watcher):
        def on_epoch(self, number: int, network: LeNet, epoch: int, accuracy: float) -> None:
            search(*images(), trials=1, study=file, **SMALL)

    with pytest.raises(StriateError, match="another search is at work"):
        search(*images(), trials=1, study=file, watcher=Second(), **SMALL)
    assert len(search(*images(), trials=1, study=file, **SMALL).trials) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 0}, "trials: got 0"),
        ({"trials": 2, "epochs": 0}, "epochs: got 0"),
        ({"trials": 2, "seed": -1}, "seed: got -1"),
        ({"trials": 2, "validation": 0.9}, "validation=0.9"),
        ({"minutes": -1}, "minutes=-1"),
        ({"minutes": float("nan")}, "minutes=nan"),
    ],
)
def test_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StriateError, match=message):
        search(*images(), **options)


def test_data_that_do_not_fit() -> None:
    x, y = images()
    for wrong, labels in ((x[:, :7], y), (x.reshape(len(x), -1), y), (x, y[1:]), (x, y.astype(np.float32))):
        with pytest.raises(StriateError, match="expected"):
            search(wrong, labels, trials=1, **SMALL)


@pytest.mark.parametrize("module", ["optuna", "matplotlib"])
def test_without_the_extra(module: str, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.search.study import check_installed

    monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, f"{module}.figure", None)  # type: ignore[arg-type]
    message = r'not installed: pip install "striate\[search\]"'
    with pytest.raises(StriateError, match=message):
        check_installed()
    with pytest.raises(StriateError, match=message):
        plot(outcome, tmp_path / "a.png") if module == "matplotlib" else search(*images(), trials=1)


def test_comparison() -> None:
    data = images(), images(60, seed=9)
    narrow = LeNet(filters1=4, filters2=8, padding2="same")
    told: list[tuple[int, int]] = []
    found = compare([BASELINE, narrow], data, 2, 16, 3, seeds=2, told=lambda *numbers: told.append(numbers))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [entry.network for entry in found][1] == narrow
    for entry in found:
        assert len(entry.accuracies) == 2
        x, y = data[1]
        first = entry.model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
        assert first == pytest.approx(entry.accuracies[0])
        assert entry.mean == pytest.approx(np.mean(entry.accuracies))
    again = compare([narrow], data, 2, 16, 3, seeds=2)
    assert again[0].accuracies == found[1].accuracies


def test_the_plot(outcome: Outcome, tmp_path: Path) -> None:
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        plot(outcome, tmp_path / name, "a title")
        assert (tmp_path / name).read_bytes().startswith(start)
        assert (tmp_path / name).stat().st_size > 20_000
    with pytest.raises(StriateError, match=r'ends in ".png" or ".svg"'):
        plot(outcome, tmp_path / "a.gif")
