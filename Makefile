PYTHON ?= python3
PORT ?= 8000
DATA ?= mock_data.json
ARCHITECTURE ?= x86_64
STACK ?= filmes
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
PYTHON313 := .local/runtime/python3.13
SWAGGER_UI := recommender/page/swagger-ui

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run bench evaluate lint ml-100k lenskit openapi test build deploy deploy-built build-ApiFunction build-TrainingFunction
export ARCHITECTURE ARTIFACT
export SAM_CLI_TELEMETRY := 0

help: ## these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.done $(SWAGGER_UI)/.done ## the environment, in .venv, and Swagger UI for /docs

$(VENV)/.done: pyproject.toml uv.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv sync --locked --inexact --group dev --python $(BIN)/python
	touch $@

$(SWAGGER_UI)/.done: .ci/swagger.py
	$(PYTHON) .ci/swagger.py $(SWAGGER_UI)

run: setup ## trains on DATA and serves on http://127.0.0.1:PORT
	$(BIN)/python -m training build --data "$(DATA)" --out .local/artifact
	ARTIFACT_DIR=.local/artifact ACCESS=local RATINGS_FILE=.local/avaliacoes.sqlite3 \
		$(BIN)/python -m uvicorn recommender.api:app --port $(PORT)

evaluate: setup ## prints the accuracy tables of DATA; PLOT=docs draws too
	$(BIN)/python -m training evaluate --data "$(DATA)" $(if $(PLOT),--plot "$(PLOT)")

lenskit: setup ## LensKit for the table of baselines, in an environment of its own (500 MB)
	$(BIN)/uv venv --quiet --python 3.11 --clear .local/lenskit
	$(BIN)/uv pip install --quiet --python .local/lenskit/bin/python lenskit==0.14.4 numba==0.58.1 numpy==1.26.4

lint: setup ## style, types and the template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy handler.py recommender training tests benchmarks .ci/release.py
	$(BIN)/sam validate --lint

ml-100k: setup ## MovieLens 100K, in .local/data/ml-100k
	$(BIN)/python benchmarks/ml_100k.py

bench: build ## the benchmarks, into benchmarks/results and docs (needs Docker)
	.ci/engine
	$(BIN)/python benchmarks/cold.py
	$(BIN)/python benchmarks/warm.py
	$(BIN)/python benchmarks/tricks.py
	$(BIN)/python benchmarks/price.py
	$(BIN)/python benchmarks/chart.py
	$(BIN)/uv sync --locked --inexact --group dev --group bench --python $(BIN)/python
	$(BIN)/python benchmarks/index.py
	$(BIN)/python benchmarks/neighbours.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/compact.py
	$(BIN)/python benchmarks/fitting.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/growth_page.py
	$(BIN)/python benchmarks/floors.py

openapi: setup ## the API's OpenAPI document, into docs/openapi.json
	$(BIN)/python -m recommender.api.openapi > docs/openapi.json

test: setup ## the whole test suite
	$(BIN)/python -m pytest

build: setup $(PYTHON313) ## the deployable functions, with a model trained on DATA or the folder ARTIFACT
	$(if $(ARTIFACT),,$(BIN)/python -m training build --data "$(DATA)" --out artifact)
	ARTIFACT_DIR="$(or $(ARTIFACT),artifact)" $(BIN)/python -c 'import recommender.model.artifact as a, recommender.settings as s; a.load(s.read_settings().artifact)'
	$(BIN)/sam build --parameter-overrides Architecture=$(ARCHITECTURE)

deploy: build ## builds and deploys the stack; PARAMETERS="Access=jwt ApiMemory=3008" changes these
	$(MAKE) deploy-built

# By itself for who would rather not build with an account's credentials at hand.
deploy-built: setup
	$(BIN)/python .ci/release.py "$(STACK)" Architecture=$(ARCHITECTURE) $(PARAMETERS) > .aws-sam/parameters.yaml
	$(BIN)/sam deploy --stack-name "$(STACK)" --parameter-overrides file://.aws-sam/parameters.yaml \
		--no-fail-on-empty-changeset $(SAM_OPTIONS)

$(PYTHON313): .ci/runtime uv.lock | setup
	.ci/runtime

# What `sam build` calls, with ARTIFACTS_DIR. Bytecode comes with the API function, for a cold start is its users'
# to wait for and /var/task is read-only; the training function's would only add to its size.
build-ApiFunction: setup $(PYTHON313)
	cp -R handler.py recommender "$(ARTIFACTS_DIR)"
	cp -R "$(or $(ARTIFACT),artifact)" "$(ARTIFACTS_DIR)/artifact"
	.ci/package api "$(ARTIFACTS_DIR)"
	$(PYTHON313) -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)"

build-TrainingFunction: setup
	cp -R recommender training "$(ARTIFACTS_DIR)"
	rm -r "$(ARTIFACTS_DIR)/training/evaluation"
	.ci/package training "$(ARTIFACTS_DIR)"
