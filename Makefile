# One virtual environment, made once: .venv/.run holds the package, .venv/.dev also the tools of the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CAPTURE := tests/captures/10.2/pc-minimal.mig
EXAMPLE := build/pc-minimal.mig

.PHONY: run test check soak bench docs format clean

run: $(EXAMPLE)
	$(BIN)/wireformat decode $(EXAMPLE)
	$(BIN)/wireformat stats $(EXAMPLE)

test: $(VENV)/.dev
	$(BIN)/pytest -n auto -m "not soak and not interop"
	$(BIN)/pytest -m "interop and not soak"

check: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest -q -n auto -m "not slow and not interop and not soak"

soak: $(VENV)/.dev
	WIREFORMAT_SOAK=1 $(BIN)/pytest -n auto -m soak
	$(BIN)/python -m tests.bench.run --gate

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench.run

docs: $(VENV)/.dev
	$(BIN)/wireformat docs build spec/reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

format: $(VENV)/.dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf build dist site spec/reference

$(EXAMPLE): $(CAPTURE).xz $(VENV)/.run
	mkdir -p $(@D)
	$(BIN)/python -c "import lzma, sys; sys.stdout.buffer.write(lzma.open('$<').read())" > $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,docs,fuzz]'
	touch $(VENV)/.run $@
