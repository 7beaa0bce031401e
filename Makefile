PYTHON ?= python3
PORT ?= 8000
DATA ?= mock_data.json
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup run evaluate ml-100k test

help: ## these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.done ## the environment, in .venv

$(VENV)/.done: pyproject.toml uv.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv sync --locked --inexact --group dev --python $(BIN)/python
	touch $@

run: setup ## trains on DATA and serves on http://127.0.0.1:PORT
	$(BIN)/python -m training build --data "$(DATA)" --out .local/artifact
	ARTIFACT_DIR=.local/artifact $(BIN)/python -m uvicorn recommender.api:app --port $(PORT)

evaluate: setup ## prints the accuracy table of DATA
	$(BIN)/python -m training evaluate --data "$(DATA)"

ml-100k: setup ## MovieLens 100K, in .local/data/ml-100k
	$(BIN)/python benchmarks/ml_100k.py

test: setup ## the whole test suite
	$(BIN)/python -m pytest
