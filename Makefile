# `make demo` and `make test` are all the set-up there is; `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@# Without its dependencies: it asks for opencv-python, which would overwrite the headless cv2/.
	$(BIN)/python -m pip install --quiet --no-deps 'insightface>=2.1,<3'
	@touch $@

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: install
install: $(INSTALLED) ## Create .venv and install everything into it

.PHONY: demo
demo: $(INSTALLED) ## Verify real faces against rendered specimen cards, show why, and serve them over HTTP
	$(BIN)/fvs demo
	@# Where nobody can press Ctrl-C, the service is called once and ended.
	@if [ -t 1 ]; then $(BIN)/fvs server run --demo; else $(BIN)/fvs server run --demo --once; fi

.PHONY: test
test: $(INSTALLED) ## Run the tests (slow ones excepted)
	$(BIN)/python -m pytest -n auto

.PHONY: test-slow
test-slow: $(INSTALLED) ## Run the slow tests: fuzzing and whole protocols
	$(BIN)/python -m pytest -n auto -m slow

.PHONY: lint
lint: $(INSTALLED) ## Check style, types and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
