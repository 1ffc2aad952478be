# Two commands matter: `make lab` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
CHROMIUM_PATH ?= /usr/bin/chromium
ARGS ?=
# Stamps of what is done, so that a second `make` starts in seconds.
DONE := .make
FRONTEND := $(shell find src style schema -type f -not -path '*/__tests__/*' 2>/dev/null)

export PATH := $(abspath $(BIN)):$(PATH)
export CHROMIUM_PATH

.PHONY: help lab install test lint pytest jest galata bench stress fix codegen guide clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

lab: install ## Install what is missing and open JupyterLab with the panel (ARGS="--no-browser --port 8899")
	@if [ "$$(id -u)" = 0 ]; then echo "Running as root: adding --allow-root. The token stays on."; fi
	jupyter lab $$([ "$$(id -u)" = 0 ] && echo --allow-root) $(ARGS)

install: $(DONE)/frontend ## Make the environment, install and build

$(DONE)/venv: constraints.txt
	@mkdir -p $(DONE)
	[ -x $(BIN)/python ] || python3 -m venv $(VENV)
	@# First and by itself: another package's wish for torch would bring the CUDA build.
	$(PIP) torch==2.13.0
	@touch $@

$(DONE)/python: $(DONE)/venv pyproject.toml package.json yarn.lock
	$(PIP) --editable ".[local,test]"
	jupyter-builder develop --overwrite .
	@touch $@

$(DONE)/frontend: $(DONE)/python $(FRONTEND) tsconfig.json
	jlpm install --immutable
	jlpm build
	@touch $@

$(DONE)/chromium:
	@if [ ! -x "$(CHROMIUM_PATH)" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk fonts-noto-color-emoji >/dev/null; \
	  else \
	    echo "The browser tests need Chromium: sudo apt-get install chromium fonts-noto-cjk"; \
	    echo "(elsewhere: CHROMIUM_PATH=/path/to/chromium make test)"; exit 1; \
	  fi; \
	fi
	@touch $@

$(DONE)/ui-tests: ui-tests/package.json ui-tests/yarn.lock
	cd ui-tests && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 jlpm install --immutable
	@touch $@

test: lint pytest jest galata ## Run every check: linters, types, pytest, jest, Galata in Chromium

lint: install ## Linters and types
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	jlpm eslint
	jlpm prettier
	jlpm tsc --noEmit -p tsconfig.test.json

pytest: install ## The server's tests
	pytest $(ARGS)

jest: install ## The front end's unit tests
	jlpm test $(ARGS)

galata: install $(DONE)/chromium $(DONE)/ui-tests ## The tests in a real JupyterLab in a real Chromium
	cd ui-tests && jlpm playwright test $(ARGS)

bench: install $(DONE)/chromium $(DONE)/ui-tests ## Measure, each figure beside its floor (docs/benchmarks.md)
	python -m tests.bench $(ARGS)

stress: install ## The long runs
	pytest -m stress $(ARGS)

fix: install ## Format, and mend what the linters can
	ruff check --fix .
	ruff format .
	jlpm eslint:fix
	jlpm prettier:fix

codegen: install ## Make the TypeScript types from protocol.py
	python -m jupyter_stream_chat.protocol_codegen

guide: install ## Train the built-in guide anew (up to 30 minutes) and print its figures
	python -m jupyter_stream_chat.guide.train

clean: ## Remove builds and environments
	rm -rf $(DONE) $(VENV) node_modules ui-tests/node_modules lib jupyter_stream_chat/labextension tsconfig.tsbuildinfo
