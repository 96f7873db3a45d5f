# Needs Python 3.11 or later with venv and pip; everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check

# The environment is stale when it belongs to another folder or another Python, or no longer runs.
WANTED := $(CURDIR) $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0])')
FOUND := $(shell $(BIN)/python -c 'import pip' 2>/dev/null && cat $(VENV)/.made 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test soak soak-targets lint bench docs wheel-check clean

help:
	@echo 'make demo         install and run the demonstration'
	@echo 'make test         run the tests'
	@echo 'make soak         millions of hostile rule texts (COUNT=2000000 SEED=1)'
	@echo 'make soak-targets millions of hostile rows, all targets (COUNT=10000000 SEED=1 HOURS=0)'
	@echo 'make lint         style, types, layers and the grammar tables'
	@echo 'make bench        run the benchmarks and write benches/RESULTS.md'
	@echo 'make docs         renew the generated reference pages'
	@echo 'make wheel-check  build the wheel and run the demonstration from it'
	@echo 'make clean        remove what make has made'

demo: $(VENV)/.installed
	$(BIN)/segrules demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

COUNT ?= 2000000
SEED ?= 1

soak: $(VENV)/.installed-test
	$(BIN)/python tests/fuzz/soak.py --count $(COUNT) --seed $(SEED) $(ARGS)

HOURS ?= 0

soak-targets: COUNT = 10000000
soak-targets: $(VENV)/.installed-test
	$(BIN)/python tests/agree/campaign.py --count $(COUNT) --seed $(SEED) --hours $(HOURS) $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m segrules.lang.tables --check

bench: $(VENV)/.installed-dev
	@mkdir -p .benchmarks
	@rm -f .benchmarks/*.json
	@set -e; for each in benches/test_*.py; do \
	  $(BIN)/python -m pytest $$each --benchmark-only --benchmark-json=.benchmarks/$$(basename $$each .py).json $(ARGS); \
	done
	$(BIN)/python benches/results.py benches/RESULTS.md .benchmarks/*.json

docs: $(VENV)/.installed
	$(BIN)/python -m segrules.cli.reference

# The wheel is built from the source archive, so this also shows that the archive is complete.
wheel-check: $(VENV)/.installed-dev
	@set -eu; unset PYTHONPATH; \
	scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(BIN)/python -m build --outdir "$$scratch/dist" . > "$$scratch/build.log" 2>&1 \
	    || { cat "$$scratch/build.log" >&2; exit 1; }; \
	$(PYTHON) -m venv "$$scratch/venv"; \
	"$$scratch/venv/bin/python" -m pip install -q --disable-pip-version-check "$$scratch"/dist/*.whl; \
	mkdir "$$scratch/elsewhere"; cd "$$scratch/elsewhere"; \
	"$$scratch/venv/bin/segrules" demo; \
	echo "wheel-check: $$(basename "$$scratch"/dist/*.whl) runs outside the checkout"

clean:
	rm -rf $(VENV) .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

ifneq ($(strip $(FOUND)),$(strip $(WANTED)))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "segrules needs Python 3.11 or later; say make PYTHON=... to choose one")'
	$(PYTHON) -m venv --clear $(VENV)
	@echo '$(WANTED)' > $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made pyproject.toml
	$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.installed-test $(VENV)/.installed
