"""A virtual environment for each framework, made when it is missing, and how much disk it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / ".envs"

REQUIREMENTS: dict[str, list[str]] = {
    "striate": [str(ROOT)],
    "keras": ["tensorflow-cpu; platform_machine == 'x86_64'", "tensorflow; platform_machine != 'x86_64'", "keras>=3.5"],
    "torch": ["torch==2.13.0", "numpy"],
}
_TOOLS = ("pip", "setuptools", "wheel", "_distutils_hack", "pkg_resources", "distutils-precedence.pth")


def python(framework: str, given: dict[str, Path]) -> Path:
    """The interpreter of a framework's environment, which is made first if need be."""
    folder = given.get(framework) or FOLDER / framework
    interpreter = folder / "bin" / "python"
    if framework in given:
        if not interpreter.exists():
            raise SystemExit(f"--env {framework}={folder}: no interpreter at {interpreter}")
        return interpreter
    stamp = folder / "installed.txt"
    wanted = "\n".join(REQUIREMENTS[framework])
    if framework != "striate" and stamp.exists() and stamp.read_text() == wanted:
        return interpreter
    print(f"making the environment of {framework} in {folder} ...", file=sys.stderr, flush=True)
    if not interpreter.exists():
        venv.create(folder, with_pip=True, symlinks=True)
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *REQUIREMENTS[framework]], check=True)
    stamp.write_text(wanted)
    return interpreter


def installed_bytes(interpreter: Path) -> int:
    """Bytes of all that is installed in an environment, beside the tools that install."""
    command = [interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    total = 0
    for top in packages.iterdir():
        if top.name.startswith(_TOOLS) or top.name == "__pycache__":
            continue
        files = [top] if top.is_file() else (Path(at) / file for at, _, names in os.walk(top) for file in names)
        total += sum(file.lstat().st_size for file in files)
    return total


def clean_environment(cores: int) -> dict[str, str]:
    """The workers' variables: one thread count for all, and nothing that slows a library down."""
    misleading = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {key: value for key, value in os.environ.items() if key not in misleading}
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "STRIATE_NUM_THREADS")
    environment |= dict.fromkeys(threads, str(cores))
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    return environment
