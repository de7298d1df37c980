# Every target installs what it needs first (uv, Python packages, Node, PostgreSQL) inside this folder: scripts/bootstrap.py.
PYTHON ?= python3
RUN := $(PYTHON) scripts/bootstrap.py
# Two processes: what the smallest machines of ours have.
TEST_PROCESSES ?= 2

.DEFAULT_GOAL := help
.PHONY: help install demo test test-python test-frontend test-external lint format types imports translations bench resilience \
	seed check messages pictures audit hooks clean

help: ## List these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## Install everything in .tools and .venv
	@$(RUN)

demo: ## Run Vigie on this machine with demonstration data (VIGIE_PORT=8000, VIGIE_DATA=.data)
	@exec $(RUN) vigie demo

test: test-frontend test-python ## Run all tests: TypeScript, Python, browser

test-python: ## Run the Python and browser tests (PYTEST_ARGUMENTS="-k word" to choose)
	@$(RUN) --browser pytest -n $(TEST_PROCESSES) $(PYTEST_ARGUMENTS)

test-frontend: ## Run the TypeScript tests
	@$(RUN) python scripts/frontend.py test

test-external: ## Run the tests that depend on the database on Debian's PostgreSQL
	@$(RUN) python scripts/external_postgres.py pytest -n $(TEST_PROCESSES) -m database $(PYTEST_ARGUMENTS)

lint: ## Look for mistakes and bad habits (ruff), and check that code is formatted
	@$(RUN) ruff check
	@$(RUN) ruff format --check

format: ## Format the code
	@$(RUN) ruff check --fix --silent || true
	@$(RUN) ruff format

types: ## Check the types of Python and TypeScript
	@VIGIE_MODE=test $(RUN) mypy
	@$(RUN) python scripts/frontend.py check

imports: ## Check which part may import which
	@$(RUN) lint-imports --no-cache

translations: ## Check that every text is translated
	@$(RUN) python -m scripts.messages check

bench: ## Measure speed against the targets (results: docs/performance.md)
	@$(RUN) python -m benchmarks

resilience: ## Kill web, worker and database at random while 500 incidents are filed
	@VIGIE_RESILIENCE_INCIDENTS=500 $(RUN) pytest -n 0 -s tests/resilience

seed: ## Load demonstration data (SEED_ARGUMENTS="--incidents 1000000")
	@$(RUN) vigie seed $(SEED_ARGUMENTS)

check: ## Say what is missing before real use
	@$(RUN) vigie check

messages: ## Set French typography in the interface's texts, collect them into locale/en and compile them
	@$(RUN) python -m scripts.typography
	@$(RUN) python -m scripts.messages update

pictures: ## Take the documentation's screenshots again
	@VIGIE_PICTURES=1 $(RUN) --browser pytest -n 0 tests/e2e/test_pictures.py

audit: ## List known vulnerabilities and licences of the dependencies
	@$(RUN) python scripts/audit.py

hooks: ## Check each commit before it is made (pre-commit)
	@$(RUN) pre-commit install

clean: ## Remove what was installed, built and stored here, the demonstration's data included
	@if [ -x .venv/bin/python ]; then .venv/bin/python scripts/clean.py; fi
	rm -rf .venv .tools .data build dist frontend/node_modules vigie/ui/static/dist .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
