# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    := out
MINUTES ?= 10
# Processes that run the tests side by side: one for each processor, two to four.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
  [ "$$n" -gt 1 ] || n=2; [ "$$n" -lt 5 ] || n=4; echo "$$n")
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal
TESTS  := $(PYTEST) -m 'not long'

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench fuzz behaviour chromium clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sentiment needs Python 3.11 or later; $(PYTHON) is older. Try: make demo PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The plain install: no torch, no scikit-learn.
$(VENV)/.plain: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,torch,test,ray]'
	@touch $@ $(VENV)/.plain

$(VENV)/.check: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[check]'
	@touch $@

$(VENV)/.fuzz: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	@touch $@

$(VENV)/.bench: $(VENV)/.plain
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench,torch]'
	@touch $@

demo: $(VENV)/.plain  ## set up, score a sample export and write its report
	@mkdir -p $(OUT)
	$(BIN)/sentiment score data/sample_reviews.csv -o $(OUT)/scored.csv --overwrite
	$(BIN)/sentiment report $(OUT)/scored.csv -o $(OUT)/report.html --overwrite
	@echo
	@echo "Scored rows: $(OUT)/scored.csv   Report: $(OUT)/report.html (open it in a browser)"
	@echo "Your own export: $(BIN)/sentiment YOUR_FILE.csv"

test: $(VENV)/.test chromium  ## set up and run the tests
	$(TESTS)

check: $(VENV)/.check chromium  ## format, lint, types and tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(TESTS)

format: $(VENV)/.check  ## put the code in its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.bench  ## measure speed, memory and size, beside other tools
	$(BIN)/python scripts/bench.py

fuzz: $(VENV)/.fuzz  ## the long tests, then look for input that breaks it (make fuzz MINUTES=60)
	$(PYTEST) -m long
	$(BIN)/python scripts/fuzz.py --minutes $(MINUTES) --corpus $(OUT)/fuzz

behaviour: $(VENV)/.test  ## pass rate of every group of the behaviour suite
	$(BIN)/python scripts/behaviour.py

# The report is tested in a real browser. Where there is none and it can be installed, it is.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    echo "Installing Chromium for the browser tests" && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; } || \
	  echo "No Chromium here: the browser tests will be skipped (Debian: sudo apt-get install chromium fonts-noto-cjk)"

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(OUT) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
