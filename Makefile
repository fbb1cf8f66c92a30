# The two that matter: `make demo` and `make test`; each sets up what it needs first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types bench soak exchange-proof clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(STAMP) ## one environment in .venv, with the tested versions

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,dask]'
	$(BIN)/python -m pip check
	touch $@

demo: $(STAMP) ## the whole story on bundled real data, in a temporary workspace
	$(BIN)/springboard demo

# Compiled once, and not by each of the hundred processes that the tests start, whatever the environment says.
test: $(STAMP) ## all tests
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

lint: $(STAMP) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

check: lint types test ## what CI runs

bench: $(STAMP) ## speed and memory, as ratios within one run; writes benchmarks/results/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.run

soak: $(STAMP) ## an hour of `springboard serve`, fed and killed; writes benchmarks/soak/result.json
	$(BIN)/python -m benchmarks.soak

exchange-proof: $(STAMP) ## ESMs to and from hf-dataset-selector, which runs in an environment of its own
	$(BIN)/python -m benchmarks.run exchange

clean: ## remove the environment and caches; workspaces stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache *.egg-info
