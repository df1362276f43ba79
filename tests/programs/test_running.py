"""`striate run` does what `python` does: arguments, exit codes, tracebacks, input, processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.programs.conftest import Run


def both(path: Path, environment: dict[str, str], *arguments: str, input: str = "") -> list[tuple[int, str, str]]:
    """What Python itself and `striate run` make of a program."""
    return [
        (done.returncode, done.stdout, done.stderr)
        for command in ([sys.executable], [sys.executable, "-m", "striate", "run"])
        for done in [
            subprocess.run(
                [*command, str(path), *arguments], env=environment, cwd=path.parent, input=input, text=True,
                capture_output=True, check=False, timeout=60,
            )
        ]
    ]


PROGRAMS = {
    "arguments": "import sys; print(sys.argv, sys.path[0], __file__, __name__, __spec__, __package__, __doc__)",
    "exit": "import sys; sys.exit(7)",
    "exit with text": "import sys; sys.exit('no')",
    "exit with nothing": "raise SystemExit",
    "error": "def f():\n    return 1 / 0\n\nf()",
    "error in a chain": "try:\n    {}['a']\nexcept KeyError as e:\n    raise RuntimeError('b') from e",
    "error in a library": "import json\njson.loads('{')",
    "error in an import": "import not_there_at_all",
    "error of its own class": "class E(Exception): pass\nraise E('x')",
    "hook": "import sys\nsys.excepthook = lambda kind, error, tb: print(kind, tb.tb_lineno)\n1 / 0",
    "error in a thread": "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nprint(1)",
    "hook that fails": "import sys\ndef hook(*a):\n    raise KeyError('hook')\nsys.excepthook = hook\n1 / 0",
    "no standard output": "import sys\nsys.stdout = None\n1 / 0",
    "error in exec": "exec('1 / 0')",
    "syntax": "x = (\n",
    "indentation": "if True:\nx = 1\n",
    "encoding": "# -*- coding: latin-1 -*-\nprint(ascii('\u00e4'))",
    "input": "print(input()[::-1])",
    "atexit": "import atexit; atexit.register(print, 'end'); print('start')",
    "future": "from __future__ import annotations\ndef f(x: y): ...\nprint(f.__annotations__)",
    "variables": (
        "x: int = 1\nprint(sorted(n for n in globals() if n != '__cached__'), __annotations__, __builtins__.__name__)"
    ),
    "pickle": (
        "import pickle\nclass A: pass\ndef f(): return 3\nprint(pickle.loads(pickle.dumps(f))(),"
        " type(pickle.loads(pickle.dumps(A()))) is A, __import__('__main__').f is f)"
    ),
    "pool": (
        "import multiprocessing as m\ndef f(x): return x * x\n"
        "if __name__ == '__main__':\n    with m.get_context('fork').Pool(2) as pool: print(pool.map(f, range(4)))"
    ),
    "inspect": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_python_does(tmp_path: Path, environment: dict[str, str], name: str) -> None:
    path = tmp_path / "a program.py"
    path.write_text(PROGRAMS[name], encoding="latin-1" if name == "encoding" else "utf-8")
    python, striate = both(path, environment, "--help", "-x", "--", "a b", "", input="abc\n")
    assert striate == python


def test_processes_that_are_spawned(run: Run) -> None:
    done = run(
        "import multiprocessing as m\nimport keras\n\ndef f(x):\n    return keras.__name__, x * x\n\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('spawn').Pool(1) as pool:\n        print(pool.map(f, [3]))\n"
    )
    assert (done.stdout, done.returncode) == ("[('striate.keras', 9)]\n", 0), done.stderr


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("none.py", "none.py: No such file or directory"),
        (".", ".: is a folder"),
        ("book.ipynb", "book.ipynb: is a notebook; open it in Jupyter"),
    ],
)
def test_what_is_no_program(run: Run, program: str, said: str) -> None:
    done = run(Path(program))
    assert done.returncode == 2
    assert done.stderr.startswith(f"striate: {said}")
    assert done.stderr.count("\n") == 1


def test_text_that_is_not_utf8(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_bytes(b'x = "\xff"\n')
    done = run(Path("p.py"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("SyntaxError")
    assert "Traceback" not in done.stderr


def test_zero_bytes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_bytes(b"x = 1\0\n")
    done = run(Path("p.py"))
    assert done.returncode == 1
    assert "p.py" in done.stderr
    assert "null bytes" in done.stderr


def test_names_that_led_to_errors_of_the_program(run: Run) -> None:
    program = "import keras\ntry:\n    keras.layers.LSTM\nexcept AttributeError as e:\n    raise RuntimeError from e"
    done = run(program)
    assert done.returncode == 1
    assert [line.split(",")[1].strip() for line in done.stderr.splitlines() if line.startswith("  File")] == [
        "line 3", "line 5"
    ]  # fmt: skip


def test_errors_about_the_programs_input_end_at_its_line(run: Run) -> None:
    done = run("import keras\n\ndef build():\n    return keras.layers.Dense('a')\n\nbuild()\n")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "^" not in line]
    assert [line.split(",")[1].strip() for line in lines if line.startswith("  File")] == ["line 6", "line 4"]
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "striate.errors.StriateError: dense: got units='a', expected a whole number of at least 1"


THREADS = """
import threading, keras

def run(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

run(lambda: keras.layers.LSTM(3))
run(lambda: keras.layers.Dense("a"))
run(lambda: 1 / 0)
print("goes on")
"""


def test_errors_in_threads(run: Run) -> None:
    done = run(THREADS)
    assert (done.returncode, done.stdout) == (0, "goes on\n")
    assert "striate: program.py, line 9: Striate has no keras.layers.LSTM\n" in done.stderr
    assert "StriateError: dense: got units='a'" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "striate/" not in done.stderr


CALLBACK = """
import keras, numpy as np

class Mine(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("mine")

model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0, callbacks=[Mine()])
"""


def test_errors_of_the_programs_callbacks(run: Run) -> None:
    done = run(CALLBACK)
    assert done.returncode == 1
    assert [line.split()[-1] for line in done.stderr.splitlines() if line.startswith("  File")] == [
        "<module>", "on_epoch_end"
    ]  # fmt: skip
    assert done.stderr.endswith("RuntimeError: mine\n")


def test_faults_of_striate_are_shown_whole(run: Run) -> None:
    done = run("import keras, striate.layers.dense as d\nd.activation_steps = None\nkeras.layers.Dense(1)([[1.0]])\n")
    assert done.returncode == 1
    assert "layers/dense.py" in done.stderr
    assert "runner.py" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_interrupts(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "p.py").write_text("import time\nprint('on', flush=True)\ntime.sleep(30)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "striate", "run", "p.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run in the background
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.endswith("KeyboardInterrupt\n")
    assert "runner.py" not in errors
