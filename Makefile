# `make help` lists what there is. Everything runs in .venv, which is made on first use from pinned requirements.

SHELL := /bin/sh
PORT ?= 8000
DEMO_PORT ?= $(shell expr $(PORT) + 1)
DATA_DIR ?= var
VENV := .venv
PY := $(VENV)/bin/python
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-faults bench lint format icons clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- virtual environment -------------------------------------------------------------------------------------------

$(PY):
	@python=$$(.ci/python) && "$$python" -m venv $(VENV)

# The stamp is newer than the requirements it was installed from, so a second start installs nothing.
$(VENV)/run.stamp: requirements.txt | $(PY)
	@echo "Installing what Chatsite needs (once) ..."
	@$(PY) -m pip install --quiet --quiet --requirement requirements.txt
	@touch $@

$(VENV)/test.stamp: requirements.txt tests/requirements.txt | $(PY)
	@echo "Installing what the tests need (once) ..."
	@$(PY) -m pip install --quiet --quiet --requirement tests/requirements.txt
	@touch $@ $(VENV)/run.stamp

# ---- the product ---------------------------------------------------------------------------------------------------

run: export MODE = demo
run: export PORT := $(PORT)
run: export DEMO_PORT := $(DEMO_PORT)
run: export DATA_DIR := $(DATA_DIR)
run: export SITE_URL ?= http://127.0.0.1:$(PORT)
run: ## start Chatsite with demo data (PORT=8123 DATA_DIR=/somewhere move it); Ctrl-C ends it
	@python=$$(.ci/python) && "$$python" .ci/ports "$(PORT)" "$(DEMO_PORT)"
	@$(MAKE) --silent --no-print-directory $(VENV)/run.stamp
	@mkdir -p "$(DATA_DIR)"
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py demo
	@exec $(PY) -m honcho start

# ---- checks --------------------------------------------------------------------------------------------------------

test: $(VENV)/test.stamp ## run the suite (ARGS="-k word" to choose)
	@$(PY) -m tests.support.browser --install >/dev/null || [ "$${CI:-}" != true ]
	@$(PY) -m pytest -n $(PYTEST_WORKERS) $(ARGS)

test-faults: $(VENV)/test.stamp ## kill and restart real servers under traffic (needs PostgreSQL and Redis installed)
	@$(PY) -m pytest tests/faults -m faults $(ARGS)

bench: $(VENV)/test.stamp ## measure the live core beside its references (needs PostgreSQL and Redis installed)
	@$(PY) -m tests.bench $(ARGS)

node_modules/.stamp: package.json
	@npm install --no-audit --no-fund --no-package-lock --loglevel error
	@touch $@

lint: $(VENV)/test.stamp node_modules/.stamp ## ruff, mypy, import contracts, templates, JavaScript
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m djlint templates --lint --quiet
	find templates -name '*.html' -exec $(VENV)/bin/djade --target-version 5.2 --check {} +
	npx --no-install biome check
	npx --no-install tsc --noEmit

format: $(VENV)/test.stamp node_modules/.stamp ## let the formatters have their way
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	find templates -name '*.html' -exec $(VENV)/bin/djade --target-version 5.2 {} +
	npx --no-install biome check --write

icons: node_modules/.stamp | $(PY) ## copy the icon sprite out of its package into static/
	@$(PY) .ci/icons

clean: ## remove the virtual environment, node_modules and caches (never var/)
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
