# The lab's commands. `make` alone prints them; `make test TESTS=tests/unit` runs a part of the tests.
# What sets things up is hub/setup, which needs nothing but Python; each target asks it first, which takes a blink when all is there.

.DEFAULT_GOAL := help
.PHONY: help setup demo up down logs test check bench mutants lock clean python
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

# The system's own Python where it is new enough: the images are made from the same packages.
ifndef PYTHON
PYTHON := $(shell for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; done; echo /usr/bin/python3)
endif
export PYTHON
SETUP = $(PYTHON) -m hub.setup
DATALAB = .venv/bin/datalab
# Two processes run the tests (“make test LANES=1”: one); tests/lanes.py says which of them stay together.
LANES = 2
IN_LANES = $(if $(filter-out 1,$(LANES)),--numprocesses=$(LANES) --dist=loadscope --no-loadscope-reorder)

help:  ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A bare container may have no Python at all.
python:
	@$(PYTHON) -c '' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends python3-venv >/dev/null; } \
		|| { echo 'The lab needs Python 3.11 or newer. To mend it: sudo apt-get install python3-venv' >&2; exit 1; }

setup: python  ## set up all that the lab needs: engine, Node.js, environments, images
	@$(SETUP) lab

demo: setup  ## set up, start the lab, and run the whole story on real data
	@$(DATALAB) demo

up: setup  ## set up and start the lab that lab.toml describes
	@$(DATALAB) admin up

down:  ## stop the lab: no process, container, mount or socket is left
	@if [ -x $(DATALAB) ] && [ -e lab.toml ]; then $(DATALAB) admin down; else echo 'There is no lab here to stop.'; fi

logs:  ## show the ends of the lab's logs
	@if [ -x $(DATALAB) ]; then $(DATALAB) admin logs; else echo 'There is no lab here yet: make demo, or make up.'; fi

test: python  ## set up what tests need, check, and run all tests
	@$(SETUP) tests
	@mkdir -p test-results
	@code=0; $(MAKE) check || code=1; \
		.venv/bin/python -m pytest $(IN_LANES) --junitxml=test-results/pytest.xml $(TESTS) || code=1; exit $$code

check: python  ## format, lint, types, import rules
	@$(SETUP) checks
	@code=0; for tool in 'ruff format --check .' 'ruff check .' mypy lint-imports; do .venv/bin/$$tool || code=1; done; exit $$code

bench: python  ## measure the lab beside what one would pick instead, and print the ratios
	@$(SETUP) bench
	@.venv/bin/python -m hub.bench --fifty

mutants: python  ## change the gate and the policy bit by bit: does a test notice? MODULES="hub/policy/* verdict" ALL=1 RECORD=1
	@$(SETUP) checks
	@nice .venv/bin/python -m hub.mutants $(foreach module,$(MODULES),'$(module)') $(if $(ALL),--all) $(if $(RECORD),--record)

lock: python  ## make the locks of all environments again, with the newest versions
	@$(SETUP) lock

clean: down  ## stop the lab and remove environments, caches and the lab's images
	@$(SETUP) clean
