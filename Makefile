PYTHON ?= python3
PORT ?= 8000
PORT_AWS ?= 5005
HOST_AWS ?= 127.0.0.1
DATA ?= mock_data.json
AIM ?=
OPTIONS ?=
READ = --data "$(DATA)" $(if $(AIM),--aim "$(AIM)") $(OPTIONS)
ARCHITECTURE ?= x86_64
SPARK ?= 4
SPARK_ENV = .local/spark$(if $(filter-out 4,$(SPARK)),-$(SPARK))
STACK ?= filmes
FUZZ ?= 1000000
REQUESTS ?= 100000
VENV := .venv
BIN := $(VENV)/bin
KEEP := PYTHONPATH=. $(BIN)/python .ci/keep.py
PYTHON313 := .local/runtime/python3.13
SWAGGER_UI := recommender/page/swagger-ui

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run bench evaluate lint ml-100k lenskit sequences openapi pictures test spark bench-spark emr emr-try soak soak-releases fuzz aws-here aws-here-stop build deploy deploy-built build-ApiFunction build-TrainingFunction build-artifact build-ReleaseFunction
export ARCHITECTURE ARTIFACT
export SAM_CLI_TELEMETRY := 0
# uv trusts what the machine trusts, as pip does: a network may have a certificate authority of its own.
export UV_SYSTEM_CERTS := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem /etc/pki/tls/cert.pem),1,0)

help: ## lists these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.done $(SWAGGER_UI)/.done ## installs the environment in .venv, and Swagger UI for /docs

define install
	@echo "installing into $(VENV) what $(2) needs"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .ci/uv.txt
	$(BIN)/uv sync --locked --no-build --inexact $(1) --python $(BIN)/python
endef

$(VENV)/.done: pyproject.toml uv.lock .ci/uv.txt
	$(call install,--group dev,development)
	touch $(VENV)/.run $@

$(VENV)/.run: pyproject.toml uv.lock .ci/uv.txt
	$(call install,--only-group run,running)
	@touch $@

$(SWAGGER_UI)/.done: .ci/swagger.py
	$(PYTHON) .ci/swagger.py $(SWAGGER_UI)

# The last command is run without a shell around it, which would outlive it or be outlived.
run: $(VENV)/.run ## trains on DATA for AIM (gostar or ver) and serves on http://127.0.0.1:PORT; OPTIONS="--scale 1:10"
	@PORT="$(PORT)" $(BIN)/python -m recommender check
	@$(PYTHON) .ci/swagger.py $(SWAGGER_UI) || echo "so /docs has nothing to show; everything else works" >&2
	@echo "reading $(DATA)"
	@exec env PORT="$(PORT)" $(BIN)/python -m training serve $(READ)

evaluate: setup ## prints the accuracy tables of DATA for AIM; PLOT=docs also draws a chart there
	$(BIN)/python -m training evaluate $(READ) $(if $(PLOT),--plot "$(PLOT)")

lenskit: setup ## installs LensKit for the accuracy tables, in a separate environment (500 MB)
	$(BIN)/uv venv --quiet --python 3.11 --clear .local/lenskit
	$(BIN)/uv pip install --quiet --python .local/lenskit/bin/python lenskit==0.14.4 numba==0.58.1 numpy==1.26.4

# By pip, not by uv: PyPI's build of PyTorch takes gigabytes for CUDA, and pip can be told of a smaller one.
sequences: setup ## installs RecTools for the accuracy tables, in a separate environment (1.3 GB; with CUDA more)
	$(BIN)/uv venv --quiet --seed --python 3.11 --clear .local/sequences
	.local/sequences/bin/python -m pip install --quiet torch==2.13.0 'rectools[torch]==0.19.0'

lint: setup ## checks style, types, the templates and the workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy handler.py recommender training tests benchmarks .ci/*.py
	$(BIN)/sam validate --lint
	$(BIN)/cfn-lint .ci/roles.yaml .ci/front/*.yaml
	$(BIN)/uv run --quiet --locked --python $(BIN)/python --script .ci/templates.py
	$(BIN)/zizmor --offline --no-progress .
	$(BIN)/python .ci/actionlint.py

ml-100k: setup ## fetches MovieLens 100K into .local/data/ml-100k
	$(BIN)/python benchmarks/ml_100k.py

bench: build ## runs the benchmarks; writes benchmarks/results and docs (needs Docker)
	.ci/engine
	$(BIN)/python benchmarks/cold.py
	$(BIN)/python benchmarks/warm.py
	$(BIN)/python benchmarks/tricks.py
	$(BIN)/python benchmarks/price.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/chart.py
	$(BIN)/uv sync --locked --inexact --group dev --group bench --python $(BIN)/python
	$(BIN)/python benchmarks/index.py
	$(BIN)/python benchmarks/neighbours.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/worst.py
	$(BIN)/python benchmarks/compact.py
	$(BIN)/python benchmarks/fitting.py
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/profiles.py
	$(BIN)/python benchmarks/growth_page.py
	$(BIN)/python benchmarks/floors.py

pictures: setup ## takes screenshots of the page's states into .local/pictures, and those of README to docs
	$(BIN)/python -m pytest tests/recommender/test_page.py
	cp .local/pictures/page-light.png .local/pictures/page-dark.png docs

openapi: setup ## writes the OpenAPI document of the API to docs/openapi.json
	$(BIN)/python -m recommender.api.openapi > docs/openapi.json

aws-here: build ## starts moto's server as AWS on PORT_AWS, with the built functions in it
	$(BIN)/python -m tests.aws start --port $(PORT_AWS) --host $(HOST_AWS)

aws-here-stop: setup ## ends it
	$(BIN)/python -m tests.aws stop --port $(PORT_AWS)

test: setup ## runs the whole test suite
	$(BIN)/python -m pytest

# A separate environment: pyarrow, which Spark needs, changes how pandas keeps texts.
spark: $(SPARK_ENV) ## tests training on Spark (SPARK=3.5: that version), with Java 17 from Debian if it is missing
	$(SPARK_ENV)/bin/python -m pytest tests/engines

.PHONY: .local/spark .local/spark-3.5
.local/spark .local/spark-3.5: ml-100k
	.ci/java
	UV_PROJECT_ENVIRONMENT=$@ $(BIN)/uv sync --quiet --locked --group dev --group $(subst .,-,$(notdir $@)) --python $(BIN)/python

emr: setup ## packs what a job on EMR Serverless needs into .local/emr, see docs/emr.md
	.ci/emr/pack .local/emr/filmes.tar.gz
	cp .ci/emr/job.py .local/emr

emr-try: emr .local/spark-3.5 ## runs such a job by spark-submit, on a cluster of processes of this machine
	.ci/emr/try .local/emr/filmes.tar.gz

bench-spark: .local/spark ## measures training on Spark, hours; SIZES="1 10:2": million ratings, cores; writes docs/spark.md
	.local/spark/bin/python benchmarks/spark.py $(SIZES)

soak: setup ## sends REQUESTS (100,000) mixed requests to the function, and measures what is left of them (minutes)
	REQUESTS=$(REQUESTS) $(BIN)/python -m pytest --capture=no tests/recommender/test_soak.py

soak-releases: setup ## kills releases before each of their calls, and races 200 of them (minutes)
	SOAK=1 $(BIN)/python -m pytest tests/release/test_kills.py

fuzz: setup ## tries FUZZ (1,000,000) odd inputs on all that reads any, and shows how far it is (hours)
	FUZZ=$(FUZZ) $(BIN)/python -m pytest --capture=no -m fuzz

build: setup $(PYTHON313) ## builds both functions, with a model trained on DATA or from the folder ARTIFACT
	$(if $(ARTIFACT),,$(BIN)/python -m training build $(READ) --out artifact)
	ARTIFACT_DIR="$(or $(ARTIFACT),artifact)" $(BIN)/python -c 'import recommender.model.artifact as a, recommender.settings as s; a.load(s.read_settings().artifact)'
	$(BIN)/sam build --parameter-overrides Architecture=$(ARCHITECTURE)

deploy: build ## builds and deploys STACK; PARAMETERS="Access=jwt ApiMemory=3008" sets parameters, CANARY=1 moves requests step by step
	$(MAKE) deploy-built

# A separate target, so that the build can run without the credentials of an account. The packages have a folder of the
# stack's, because the role that CI deploys with, and that CloudFormation keeps, may read no other. With CANARY=1, requests
# move step by step, as they do to a new model, to a version that is published only then. CloudFormation takes back what
# fails, and the alias to the version that it knows, which may be older than the one that was live.
deploy-built: setup
	$(if $(filter-out 1,$(CANARY)),$(error CANARY is $(CANARY), allowed is 1))
	$(KEEP) before "$(STACK)" > .aws-sam/model
	PYTHONPATH=. $(BIN)/python .ci/release.py $(if $(CANARY),--hold) "$(STACK)" "$$(cat .aws-sam/model)" \
		Architecture=$(ARCHITECTURE) $(PARAMETERS) > .aws-sam/parameters.yaml
	$(BIN)/sam deploy --stack-name "$(STACK)" --s3-prefix "$(STACK)" \
		--parameter-overrides file://.aws-sam/parameters.yaml \
		--no-fail-on-empty-changeset $(SAM_OPTIONS) || { $(KEEP) undo "$(STACK)"; false; }
	$(if $(CANARY),$(KEEP) canary "$(STACK)")
	$(KEEP) after "$(STACK)"

.PHONY: deploy-back dist
deploy-back: setup
	$(KEEP) back "$(STACK)"

dist: setup ## packs what was built, and lists what it ships of others, in .local/dist
	$(BIN)/python .ci/sbom.py .aws-sam/build .local/dist
	tar -czf .local/dist/filmes.tar.gz .aws-sam/build

$(PYTHON313): .ci/runtime uv.lock | setup
	.ci/runtime

# `sam build` calls these with ARTIFACTS_DIR. The API function ships bytecode: users wait for its cold starts, and
# Python cannot write bytecode to /var/task. In the training function, bytecode would only add to the size.
build-ApiFunction: setup $(PYTHON313) build-artifact
	cp -R handler.py recommender "$(ARTIFACTS_DIR)"
	.ci/package api "$(ARTIFACTS_DIR)"
	$(PYTHON313) -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)"
	chmod -R go+rX "$(ARTIFACTS_DIR)"

# The training function bundles the same model: until the first release it is the one that candidates replace.
build-TrainingFunction: setup build-artifact
	cp -R recommender training "$(ARTIFACTS_DIR)"
	rm -r "$(ARTIFACTS_DIR)/training/evaluation" "$(ARTIFACTS_DIR)/training/engines"
	.ci/package training "$(ARTIFACTS_DIR)"

# Parts of profiles are what a table is imported from: no function reads them.
build-artifact:
	mkdir "$(ARTIFACTS_DIR)/artifact"
	find "$(or $(ARTIFACT),artifact)/" -maxdepth 1 -type f -exec cp {} "$(ARTIFACTS_DIR)/artifact" \;

build-ReleaseFunction: setup
	mkdir "$(ARTIFACTS_DIR)/training"
	cp -R training/__init__.py training/release_handler.py training/release "$(ARTIFACTS_DIR)/training"
	.ci/package release "$(ARTIFACTS_DIR)"
