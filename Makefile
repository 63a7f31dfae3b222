# The verbs of this project. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
# 3.11 first: it is what a Raspberry Pi in a kiosk runs. `make test PYTHON=python3.13 VENV=.venv-3.13` tests another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

PACKAGES := $(wildcard kiosk figures store ingest office api edge_agent firmware_sim dashboards kayasol)
CHECKED := $(PACKAGES) $(wildcard tools bench)

# Bytes of real devices, where they lie beside the checkout; tests that replay them skip without.
export RECORDINGS ?= $(wildcard $(abspath ../shared/recordings))

PYTEST := $(BIN)/python -m pytest $(ARGS)
# One process by default: many tests start servers and measure time, and two cores are soon full. JOBS=4 on a larger
# machine runs all but the tests marked `serial` side by side, then those alone.
JOBS ?= 1

# $(call timed,what,command): the command, then how long it took
timed = SECONDS=0; $(2); echo "$(1): $$SECONDS s"

.PHONY: help venv demo test check check-style check-layout check-types check-imports check-house check-ledger format bench pins release servers clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

venv: $(VENV)/.dev ## .venv with all that development needs, from pinned requirements

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer not found; name one: make venv PYTHON=/path/to/python3" >&2; exit 1; }
	@$(call timed,$(VENV) with $(PYTHON),$(PYTHON) -m venv $(VENV))

# Installing from hashes needs a file of its own for the build tool, and the project without its dependencies.
$(VENV)/.demo $(VENV)/.dev: $(VENV)/.%: requirements/%.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@$(call timed,requirements for $*,$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: -r requirements/build.txt -r $<)
	@$(call timed,kayasol itself,$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .)
	@touch $@

# Where development is set up already, the demo has what it needs.
DEMO_READY := $(if $(wildcard $(VENV)/.dev),$(VENV)/.dev,$(VENV)/.demo)

demo: $(DEMO_READY) ## a simulated village on this machine: make demo [STORE=sqlite|influxdb] [FOLDER=build/demo] [PORT=8000]
	@influxd=$(if $(filter influxdb,$(STORE)),$$($(BIN)/python tools/get_servers.py --path influxdb)); \
	$(BIN)/kayasol demo $(if $(FOLDER),--folder $(FOLDER)) $(if $(PORT),--port $(PORT)) $(if $(STORE),--store $(STORE)) \
		$${influxd:+--influxd "$$influxd"} $(ARGS)

servers: ## find or install the real servers that tests use; writes build/servers.json
	@$(call timed,servers,$(or $(wildcard $(BIN)/python),$(PYTHON)) tools/get_servers.py)

test: venv servers ## all tests: make test [ARGS='-k outbox'] [JOBS=4]
ifeq ($(JOBS),1)
	@$(PYTEST)
else
	@$(PYTEST) --numprocesses $(JOBS) -m 'not serial'
	@$(PYTEST) -m serial
endif

check: check-style check-layout check-types check-imports check-house check-ledger ## style, types, imports, house rules (-k: all of them)

check-style: venv
	@$(call timed,ruff check,$(BIN)/ruff check .)

check-layout: venv
	@$(call timed,ruff format,$(BIN)/ruff format --check .)

check-types: venv
	@$(call timed,mypy,$(BIN)/mypy $(CHECKED))

check-imports: venv
	@$(call timed,import-linter,$(BIN)/lint-imports --no-cache --no-logo --config .importlinter)

check-house: venv
	@$(call timed,house rules,$(PYTEST) --quiet tests/house)

# Money is the one place where every branch must have been walked.
check-ledger: venv
	@$(call timed,ledger branches,$(PYTEST) --quiet tests/kiosk/ledger --cov=kiosk.ledger --cov-branch \
		--cov-report=term:skip-covered --cov-fail-under=100)

format: venv ## lay the code out as `make check` wants it
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: venv servers ## measure: rates, sizes, flash, memory
	@$(BIN)/python -m bench $(ARGS)

pins: venv ## requirements/*.txt from pyproject.toml: make pins [UPGRADE=--upgrade]
	@tools/compile_requirements.sh $(UPGRADE)

release: venv ## dist/: wheel, source, lists of parts and SHA256SUMS of what is committed, built twice and compared
	@$(BIN)/python tools/release.py $(ARGS)

clean: ## remove what make and the tools made here, with the demo's folder build/demo
	@rm -rf .venv* build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
