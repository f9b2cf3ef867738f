# Two commands do everything: `make demo` and `make test`. The rest are their parts.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8501
DEMO_HOME ?= $(CURDIR)/.demo

# Python compiles a module when it first meets it and keeps that beside the file. Where it is told
# not to keep it, each of the tests' hundreds of processes compiles torch anew: seconds a process.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test check lint tests serve install install-dev system bench clean

demo: install            ## train, rank and serve the embedded demo cells
	PXCORE_HOME="$(DEMO_HOME)" $(BIN)/python -m pxcore demo --host $(HOST) --port $(PORT)

test: check              ## everything CI runs

check: lint tests

lint: install-dev        ## style, types, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: install-dev system
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

serve: install           ## the dashboard on the lab's own store (PXCORE_HOME)
	$(BIN)/python -m pxcore serve --host $(HOST) --port $(PORT)

bench: install-dev       ## every benchmark, with machine, versions and sizes (long)
	for name in first_use engine container; do $(BIN)/python -m benchmarks.$$name || exit 1; done

install: $(VENV)/.installed  ## a service that may write to its store alone cannot keep what it compiled
	@$(BIN)/python -m compileall -q $(wildcard app.py pages pxcore)

install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.11 ..."; exit 1; }
	@echo "Installing into $(VENV): about 2 GB (more with CUDA), some minutes, without a word meanwhile"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# What the tests need of the distribution (Debian and its kin): a browser, a database server,
# a proxy, network namespaces. A package that is there already is left as it is; none is asked for twice.
system:                  ## chromium, postgresql, nginx, iproute2 for the tests
	@missing=; \
	  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="$$missing chromium"; \
	  command -v nginx >/dev/null || test -x /usr/sbin/nginx || missing="$$missing nginx-light"; \
	  command -v openssl >/dev/null || missing="$$missing openssl"; \
	  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql"; \
	  command -v ip >/dev/null || test -x /sbin/ip || missing="$$missing iproute2"; \
	  test -z "$$missing" || { \
	    echo "installing for the tests:$$missing"; \
	    SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	    $$SUDO apt-get update -qq \
	    && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq $$missing >/dev/null; }

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .hypothesis .import_linter_cache
