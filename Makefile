# Commands of the project; `make help` lists them. Needs make and Python 3.11 or newer, nothing else.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app run
TEST_WORKERS ?= 2
# Searched in this order; PYTHON=/path/to/python picks another.
PYTHONS := python3.13 python3.12 python3.11 python3 python
CATALOGUES := $(wildcard app/translations/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check lint full mutants migration bench screenshots translations clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 14

run: $(VENV)/run.stamp translations ## start the office on http://127.0.0.1:8080 (PORT=8081; EMPTY=1: no demo data)
	@$(FLASK) setup
	@if [ -z "$(EMPTY)" ]; then $(FLASK) demo; else $(FLASK) user first; fi
	@exec $(BIN)/python run.py

test: $(VENV)/dev.stamp translations ## all tests, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

check: lint test ## what CI runs: style, types, translations, tests

lint: $(VENV)/dev.stamp translations ## style, types and translations, without the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python tools/check_translations.py

full: $(VENV)/dev.stamp translations ## the large figures, logged to bench/results
	$(BIN)/python tools/full.py $(ARGS)

mutants: $(VENV)/dev.stamp translations ## take scope calls away one by one: a test must fail each time
	$(BIN)/python -m tests.mutants $(ARGS)

migration: $(VENV)/dev.stamp ## write a revision from what the models say now (NAME=what_it_does)
	@$(FLASK) setup
	$(BIN)/python -m tools.migration "$(NAME)"
	@$(BIN)/ruff check --quiet --fix migrations; $(BIN)/ruff format --quiet migrations

bench: $(VENV)/dev.stamp translations ## measured workloads, beside a floor of the same run
	$(BIN)/python -m bench $(ARGS)

screenshots: $(VENV)/dev.stamp translations ## pictures of the main pages into docs/pictures (needs Chromium)
	$(BIN)/python tools/screenshots.py $(ARGS)

clean: ## remove the environment and what tools left behind; data in instance/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis $(CATALOGUES:.po=.mo)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

translations: $(CATALOGUES:.po=.mo)

%.mo: %.po $(VENV)/run.stamp
	@$(BIN)/pybabel -q compile -i $< -o $@

$(VENV)/run.stamp: requirements.txt
	@$(find_python); \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		rm -rf $(VENV); \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { $(say_no_venv); exit 1; }; \
		echo "Making $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv $(VENV) || exit 1; \
	fi
	@echo "Installing requirements.txt"
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@echo "Installing requirements-dev.txt"
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The first Python of the list that is new enough, in $python.
define find_python
python=; for name in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
done; \
if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed and was not found; PYTHON=/path/to/python names one" >&2; exit 1; fi
endef

define say_no_venv
echo "$$python has no venv module; on Debian or Ubuntu: apt-get install python$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv" >&2
endef
