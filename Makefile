# Two commands to know: `make demo` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
SCHOOLS ?=
DO ?= help
VENV := .venv/bin
LAUNCH := $(VENV)/python -m config.launcher
OFFLINE := $(LAUNCH) offline
# Given on as they are, whatever quotes they hold.
export DO SCHOOLS

.PHONY: help demo demo-reset manage setup setup-tests check test bench chaos year requirements

help:
	@echo "make demo            the product with made-up data on this machine: http://localhost:$(PORT)"
	@echo "                     PORT=8001 on another port; SCHOOLS=edubasealldata.csv in the schools of a real GIAS file"
	@echo "make demo-reset      the same, with its data made afresh"
	@echo "make manage DO='import_schools FILE'   a management command against the demo's data"
	@echo "make test            every test, browser journeys too"
	@echo "make check           style, types, floors, migrations, deployment settings"
	@echo "make bench           the measurements in benchmarks/results.md"
	@echo "make chaos           messages while everything breaks: benchmarks/chaos.md, in about five minutes"
	@echo "make year            an authority of 600 children lived day by day for a year: docs/year.md"

demo: setup
	@exec $(LAUNCH) demo --with-parent --port $(PORT) --schools "$$SCHOOLS"

demo-reset: setup
	@$(LAUNCH) reset
	@exec $(LAUNCH) demo --with-parent --port $(PORT) --schools "$$SCHOOLS"

manage: setup
	@$(LAUNCH) manage --port $(PORT) -- "$$DO"

setup:
	@$(PYTHON) -P config/machine.py demo

setup-tests:
	@$(PYTHON) -P config/machine.py test

check: setup-tests
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(OFFLINE) $(VENV)/mypy .
	$(VENV)/lint-imports
	$(OFFLINE) $(VENV)/python manage.py makemigrations --check --dry-run
	$(OFFLINE) $(VENV)/python manage.py check --deploy --fail-level WARNING

test: setup-tests
	$(VENV)/pytest --numprocesses logical --maxprocesses 4

bench: setup-tests
	$(VENV)/python -m benchmarks

chaos: setup-tests
	$(VENV)/python -m benchmarks.chaos

year: setup-tests
	$(VENV)/python -m benchmarks.year

# Pin anew after changing requirements/*.in.
requirements: setup
	@for name in base demo assets dev uv; do \
	  $(VENV)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; done
