# `make serve` and `make test` are all that a user needs; each installs what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-test
PAGE := api/page/explorer/index.html
PAGE_SOURCES := $(shell find frontend -name node_modules -prune -o -type f -print)

.PHONY: help serve install test test-team torture check bench schema docs clean
.DEFAULT_GOAL := help

help:
	@echo "make serve    install and serve at http://127.0.0.1:8080 (INTERLOCK_PORT, INTERLOCK_DATA)"
	@echo "make test     install what the tests need and run them all"
	@echo "make test-team  of these only a team's services and all that fails of them (INTERLOCK_TORTURE=50: longer)"
	@echo "make check    lint, types, import rules, generated files"
	@echo "make bench    run the benchmarks and print their ratios"
	@echo "make torture  the same tests, longer"
	@echo "make schema   write schema/schema.graphql; make docs: write the generated pages"
	@echo "make install  the first half of serve"

serve: install
	@exec $(BIN)/interlock serve

install: $(STAMP) $(PAGE)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing; install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old; Python 3.11 or newer is needed (make PYTHON=python3.11 ...)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/python pyproject.toml constraints.txt
	@echo "installing Interlock into $(VENV)"
	@$(PIP) -e '.[team,semantic,databases,librarian]'
	@touch $@

$(PAGE): $(PAGE_SOURCES) | $(STAMP)
	@echo "building the page for browsers"
	@$(BIN)/python frontend/build.py

$(TEST_STAMP): $(STAMP)
	@echo "installing what the tests need into $(VENV)"
	@$(PIP) -e '.[team,semantic,databases,librarian,test]'
	@touch $@

test: $(TEST_STAMP) $(PAGE)
	@echo "running the tests"
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-team: $(TEST_STAMP) $(PAGE)
	@echo "running a team's services and all that can fail of them"
	@$(BIN)/python -m pytest tests/team

torture: $(TEST_STAMP) $(PAGE)
	@echo "running the tests for longer"
	@INTERLOCK_TORTURE=50 $(BIN)/python -m pytest

check: $(TEST_STAMP)
	@echo "lint"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@echo "types"
	@$(BIN)/mypy
	@$(BIN)/python frontend/build.py --check
	@echo "import rules"
	@$(BIN)/lint-imports
	@echo "generated files"
	@$(BIN)/python -m docs.generate --check

schema: $(TEST_STAMP)
	@$(BIN)/python -m docs.generate schema

docs: $(TEST_STAMP)
	@$(BIN)/python -m docs.generate

bench: $(TEST_STAMP)
	@$(BIN)/python -m benchmarks

clean:
	@rm -rf $(VENV) build dist *.egg-info api/page frontend/node_modules
