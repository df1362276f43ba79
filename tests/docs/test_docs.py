"""The documents tell the truth: their programs run, their links, commands and tests exist."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / name
    for name in (
        "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/start.md", "docs/design.md",
        "docs/performance.md", "docs/augmentation.md", "docs/data.md", "docs/engines.md", "docs/ensembles.md",
        "docs/programs.md", "docs/search.md",
        "examples/README.md",
    )
]  # fmt: skip
WITH_PROGRAMS = ["README.md", "docs/start.md", "docs/data.md"]

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="needs a checkout, with its documents")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def indented(text: str) -> list[str]:
    """Lines of indented blocks outside fences: commands, mostly."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line[4:] for line in outside.splitlines() if line.startswith("    ")]


def spans(text: str) -> list[str]:
    """What stands between single backticks, line breaks taken out."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", outside)]


def commands(text: str) -> list[str]:
    """Indented lines and code spans without the comments behind them."""
    return [line.split("  #")[0].strip() for line in [*indented(text), *spans(text)]]


def anchors(text: str) -> set[str]:
    """The names that headings get on code forges."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", WITH_PROGRAMS)
def test_programs_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.datasets import fashion_mnist
    from striate.datasets.subset import load_subset

    (x, y), (x_test, y_test) = load_subset()
    few = (x[:600], y[:600]), (x_test[:100], y_test[:100])
    monkeypatch.setattr(fashion_mnist, "load_data", lambda subset=False: few)
    monkeypatch.chdir(tmp_path)
    programs = blocks((ROOT / name).read_text(encoding="utf-8"), "python")
    assert programs
    space: dict[str, Any] = {"__name__": "document"}
    for program in programs:
        if any(isinstance(node, ast.Import) and node.names[0].name == "keras" for node in ast.parse(program).body):
            try:
                import keras  # noqa: F401
            except ImportError:
                continue  # an exchange with Keras, which is not here; nothing later depends on it
        exec(compile(program, name, "exec"), space)
    assert "fashion.keras" not in "".join(programs) or (tmp_path / "fashion.keras").stat().st_size > 10_000
    assert max(space["model"].history.history["accuracy"]) > 0.3  # it did learn something


def test_the_augmentation_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.datasets import fashion_mnist
    from striate.datasets.subset import load_subset

    (x, y), (x_test, y_test) = load_subset()
    few = (x[:1500], y[:1500]), (x_test[:300], y_test[:300])
    monkeypatch.setattr(fashion_mnist, "load_data", lambda subset=False: few)
    space: dict[str, Any] = {"__name__": "document"}
    for program in blocks((ROOT / "docs/augmentation.md").read_text(encoding="utf-8"), "python"):
        exec(compile(program, "docs/augmentation.md", "exec"), space)
    assert space["accuracy"] > 0.5
    assert (space["turned"] != x[:8, ..., None]).any()


def test_the_ensemble_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.datasets import fashion_mnist
    from striate.datasets.subset import load_subset

    (x, y), (x_test, y_test) = load_subset()
    few = (x[:1000], y[:1000]), (x_test[:300], y_test[:300])
    monkeypatch.setattr(fashion_mnist, "load_data", lambda subset=False: few)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"__name__": "document"}
    for program in blocks((ROOT / "docs/ensembles.md").read_text(encoding="utf-8"), "python"):
        exec(compile(program, "docs/ensembles.md", "exec"), space)
    assert space["result"]["accuracy"] > 0.5
    assert (space["again"].predict(x_test[:9], verbose=0) == space["seven"].predict(x_test[:9], verbose=0)).all()


def test_the_search_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.datasets import fashion_mnist
    from striate.datasets.subset import load_subset

    for module in ("optuna", "matplotlib"):
        pytest.importorskip(module, reason='needs the extra: pip install "striate[search]"')
    (x, y), (x_test, y_test) = load_subset()
    few = (x[:600], y[:600]), (x_test[:100], y_test[:100])
    monkeypatch.setattr(fashion_mnist, "load_data", lambda subset=False: few)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"__name__": "document"}
    for program in blocks((ROOT / "docs/search.md").read_text(encoding="utf-8"), "python"):
        exec(compile(program, "docs/search.md", "exec"), space)
    assert len(space["found"].trials) == 3
    assert (tmp_path / "search.png").is_file()


@every_document
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    broken = []
    for link in links:
        if re.match(r"https?://", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        found = target.exists() and ROOT in [target, *target.parents]
        if found and anchor:
            found = anchor in anchors(target.read_text(encoding="utf-8"))
        if not found:
            broken.append(link)
    assert not broken


@every_document
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = [
        word
        for command in commands(path.read_text(encoding="utf-8"))
        if command.startswith("make ")
        for word in command.split()[1:]
        if "=" not in word
    ]
    assert [word for word in named if word not in targets] == []


@every_document
def test_commands_parse(path: Path) -> None:
    from typer.main import get_command

    from striate.cli.application import app

    group: Any = get_command(app)
    for command in commands(path.read_text(encoding="utf-8")):
        words = shlex.split(command) if re.match(r"(\.venv/bin/)?striate ", command) else []
        if len(words) < 2 or any(word.isupper() for word in words) or words[1] == "--version":
            continue
        assert words[1] in group.commands, command
        if len(words) > 2:
            group.commands[words[1]].make_context(words[1], words[2:])  # raises for what it does not know


@every_document
def test_scripts_and_tests_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:^|[\s`(\[])((?:benchmarks|native|src|tests|tools|docs)/[\w./-]*\w/?)", text)
    made_later = re.compile(r"/\.")  # hidden folders, which commands make
    missing = [name for name in named if not made_later.search(name) and not _exists(name, path)]
    assert not missing


def _exists(name: str, document: Path) -> bool:
    return any((base / name).exists() for base in (ROOT, document.parent))


def test_the_readme_has_the_places_that_make_bench_fills() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 0 < text.find("<!-- benchmark:begin -->") < text.find("<!-- benchmark:end -->")


def test_every_environment_variable_is_documented() -> None:
    documented = set(re.findall(r"STRIATE_\w+", (ROOT / "docs/start.md").read_text(encoding="utf-8")))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src" / "striate").rglob("*.py")]
    read = {name for source in sources for name in re.findall(r'environ\S*\("(STRIATE_\w+)"', source)}
    assert read
    assert read <= documented
