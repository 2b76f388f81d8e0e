# Each target works as the first command in a fresh checkout: it installs what is missing.

BIN := .venv/bin

.PHONY: help setup demo test lint bench clean

help:
	@echo "make demo    run examples/imp1.py and examples/imp2.py on a throwaway kernel"
	@echo "make test    run the tests: unit, property, diagnostics, sim, live, guest"
	@echo "make lint    check formatting, style and types"
	@echo "make bench   measure, and print ratios"
	@echo "make setup   install what is missing, and nothing else"
	@echo "make clean   remove what was built here; the cache of kernels stays"

setup:
	@scripts/setup.sh

demo: setup
	@echo '$$ landbridge run examples/imp1.py'
	@$(BIN)/landbridge run examples/imp1.py
	@echo '$$ landbridge run examples/imp2.py'
	@$(BIN)/landbridge run examples/imp2.py

test: setup
	@$(BIN)/python -m pytest

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup
	@$(BIN)/python -m bench

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests examples bench -name __pycache__ -type d -prune -exec rm -rf {} +
