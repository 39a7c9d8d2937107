# One virtual environment, two levels of it: what the demo needs, and what the tests need on top.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c .ci/constraints.txt

.PHONY: demo test hunt check bench bench-peers clean

demo: $(VENV)/.installed
	$(BIN)/hinterland demo -o out/demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

# Property tests on examples never tried before; what it finds becomes an @example of that test.
hunt: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=hunt

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

# The same beside all peers, which live in an environment of their own.
bench-peers: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks $(BENCH_ARGS)

clean:
	rm -rf $(VENV) $(PEERS) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hinterland needs Python >= 3.11; $$($(PYTHON) --version) was found. Say which one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml .ci/constraints.txt
	$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@

$(PEERS)/.installed: benchmarks/peers.txt pyproject.toml | $(VENV)/bin/python
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --disable-pip-version-check --quiet -r benchmarks/peers.txt -e .
	@touch $@
