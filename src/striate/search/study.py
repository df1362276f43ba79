"""The file in which a search keeps its trials: an SQLite database of Optuna's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from striate.errors import StriateError

NAME = "striate"  # of the study in its database
_UNPRUNED = 5  # trials trained to the end before any is given up
_IDENTITY = "striate"  # the attribute that says what the study is about


def optuna() -> Any:
    """The package Optuna, quiet, or the error that says how to get it."""
    try:
        import optuna as found
    except ImportError:
        raise StriateError('search needs Optuna, which is not installed: pip install "striate[search]"') from None
    found.logging.set_verbosity(found.logging.WARNING)
    return found


def check_installed() -> None:
    """Raise StriateError unless all that a search needs is there."""
    from importlib.util import find_spec

    for module, title in (("optuna", "Optuna"), ("matplotlib", "Matplotlib")):
        if find_spec(module) is None:
            raise StriateError(f'search needs {title}, which is not installed: pip install "striate[search]"')


@contextmanager
def opened(path: str | os.PathLike[str] | None, identity: Mapping[str, Any]) -> Iterator[Any]:
    """The Optuna study of a file, made if it is missing, for this process alone; without a file one in memory.

    Args:
        path: the file.
        identity: what the trials are about, and what must be the same whenever the search goes on.

    Raises:
        StriateError: the file is no study of this search, is in use, or cannot be written.
    """
    package = optuna()
    options = {"study_name": NAME, "direction": "maximize", "pruner": package.pruners.MedianPruner(_UNPRUNED)}
    if path is None:
        yield package.create_study(**options)
        return
    file = Path(path)
    _check_file(file)
    with _alone(file), _database_errors(file):
        storage = _storage(file)
        try:
            study = package.create_study(storage=storage, load_if_exists=True, **options)
            _check_identity(study, identity, file)
            _give_up_what_was_killed(study)
            yield study
        finally:
            storage.remove_session()
            storage.engine.dispose()


def _check_file(file: Path) -> None:
    """Refuse what is no database of Optuna's before Optuna makes its tables in it."""
    if not file.exists():
        if not file.parent.is_dir():
            raise StriateError(f"{file}: there is no folder {file.parent}; make it first, or choose another")
    elif not file.is_file() or (file.stat().st_size and not _is_study(file)):
        raise StriateError(f"{file}: is no study of `striate search`; choose another name")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise StriateError(f"{file}: cannot be written; choose another name")


def _is_study(file: Path) -> bool:
    import sqlite3
    from urllib.parse import quote

    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return False
    return not tables or {"studies", "trials", "version_info"} <= tables


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep other searches away from a file: two would each train what the other one's trials decide about."""
    import fcntl

    with open(file.with_name(f".{file.name}.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StriateError(f"{file}: another search is at work on it; wait for it or choose another name") from None
        yield


@contextmanager
def _database_errors(file: Path) -> Iterator[None]:
    """What the database complains about, a full disk for one, as errors of ours."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, optuna().exceptions.StorageInternalError) as error:
        reason = getattr(error.__cause__ or error, "orig", None) or error
        raise StriateError(f"{file}: cannot be used as a study: {reason}") from error


def _storage(file: Path) -> Any:
    try:
        return optuna().storages.RDBStorage(f"sqlite:///{file.resolve()}")
    except RuntimeError as error:  # tables of another version of Optuna
        raise StriateError(f"{file}: cannot be used as a study: {error}") from error


def _check_identity(study: Any, identity: Mapping[str, Any], file: Path) -> None:
    """Note what a new study is about; refuse to go on with one about something else."""
    known = study.user_attrs.get(_IDENTITY)
    if known is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(_IDENTITY, dict(identity))
        return
    if not isinstance(known, dict):
        raise StriateError(f"{file}: holds a study that is none of `striate search`; choose another name")
    for key, value in identity.items():
        if known.get(key) != value:
            raise StriateError(
                f"{file}: was begun with {key}={known.get(key)!r}, now it is {value!r}; go on as it was begun, or "
                "choose another name"
            )


def _give_up_what_was_killed(study: Any) -> None:
    """Trials that no process is at work on any more; the sampler would take them into account."""
    states = optuna().trial.TrialState
    for trial in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(trial.number, state=states.FAIL)
