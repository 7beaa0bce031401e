PYTHON ?= python3
PORT ?= 8000
DATA ?= mock_data.json
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup run evaluate lenskit test

help: ## these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.done ## the environment, in .venv

$(VENV)/.done: pyproject.toml uv.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv sync --locked --inexact --group dev --python $(BIN)/python
	touch $@

run: setup ## trains on DATA and serves on http://127.0.0.1:PORT
	$(BIN)/python -m training build --data "$(DATA)" --out .local/artifact
	ARTIFACT_DIR=.local/artifact $(BIN)/python -m uvicorn recommender.api:app --port $(PORT)

evaluate: setup ## prints the accuracy tables of DATA; PLOT=docs draws too
	$(BIN)/python -m training evaluate --data "$(DATA)" $(if $(PLOT),--plot "$(PLOT)")

lenskit: setup ## LensKit for the table of baselines, in an environment of its own (500 MB)
	$(BIN)/uv venv --quiet --python 3.11 --clear .local/lenskit
	$(BIN)/uv pip install --quiet --python .local/lenskit/bin/python lenskit==0.14.4 numba==0.58.1 numpy==1.26.4

test: setup ## the whole test suite
	$(BIN)/python -m pytest
