# What a new user needs is `make demo` and `make test`; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SANITIZERS := address,undefined thread
PYTEST_WORKERS ?= 2

.PHONY: help venv install demo test test-slow test-native peers lint types bench bench-kernels clean

help:
	@echo "make demo           train a network on Fashion-MNIST and write runs/demo/report.html"
	@echo "make test           the test suite"
	@echo "make test-slow      the test suite with the slow checks"
	@echo "make test-native    the engine's own tests, plain and under the sanitizers"
	@echo "make lint types     ruff and mypy"
	@echo "make peers          PyTorch and Keras, against which the tests compare"
	@echo "make bench          the benchmarks against Keras on TensorFlow and PyTorch"
	@echo "make bench-kernels  GFLOP/s of each kernel beside the machine's peak, and where Winograd's method wins"

# The environment is made anew when what it depends on has changed; the engine is compiled with it.
SOURCES := pyproject.toml CMakeLists.txt $(shell find native src -name '*.cpp' -o -name '*.h' -o -name '*.py' -o -name '*.css')

$(BIN)/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10))" || { echo "Striate needs Python 3.10 or newer; use make PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(BIN)/python $(SOURCES)
	@echo "installing Striate into $(VENV) (the engine is compiled: about a minute)"
	$(BIN)/python -m pip install --quiet .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet "pytest>=7.4" "pytest-xdist>=3.3" "hypothesis>=6.80" "ipython>=8" "scipy>=1.8" "pandas>=1.5" \
	  "optuna>=4.0" "matplotlib>=3.7" "tensorboard>=2.12"
	@touch $@

venv: $(BIN)/python

install: $(VENV)/.installed

demo: install
	$(BIN)/striate demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS)

test-slow: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --slow

# PyTorch's CPU build where the index has it under this version; the tests that need a peer say so when it is missing.
peers: install
	$(BIN)/python -m pip install --quiet "torch==2.13.0" "keras>=3.5"

$(VENV)/.installed-lint: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet "ruff>=0.5" "mypy>=1.10" "cmake>=3.18" "ninja>=1.10"
	@touch $@

lint: $(VENV)/.installed-lint
	$(BIN)/python -m ruff check src tests benchmarks tools examples

types: $(VENV)/.installed-lint
	$(BIN)/python -m mypy

# One build without sanitizers, one for each group of them.
test-native: $(VENV)/.installed-lint
	$(BIN)/cmake -S . -B build/native -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DSTRIATE_TESTS=ON >/dev/null
	$(BIN)/cmake --build build/native
	build/native/striate_native_tests
	set -e; for sanitizers in $(SANITIZERS); do \
	  $(BIN)/cmake -S . -B build/native-$$sanitizers -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja \
	    -DSTRIATE_TESTS=ON -DSTRIATE_SANITIZE=$$sanitizers >/dev/null; \
	  $(BIN)/cmake --build build/native-$$sanitizers --target striate_native_tests; \
	  echo "native tests under $$sanitizers"; build/native-$$sanitizers/striate_native_tests; \
	done

bench: install
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/deep.py

bench-kernels: $(VENV)/.installed-lint
	$(BIN)/cmake -S . -B build/native -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DSTRIATE_TESTS=ON >/dev/null
	$(BIN)/cmake --build build/native --target striate_kernel_benchmark striate_winograd_benchmark
	build/native/striate_kernel_benchmark
	build/native/striate_winograd_benchmark

clean:
	rm -rf build $(VENV)
