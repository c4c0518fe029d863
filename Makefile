# Everything runs in .venv, which is made once and brought up to date when pyproject.toml changes.
# Another Python: make PYTHON=python3.13 validate. More options: make validate ARGS="--steps 500".

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MPLBACKEND := Agg

.PHONY: validate test test-slow quick lint figures docs docs-numbers bench clean
.DELETE_ON_ERROR:

validate: .venv/.installed
	@command -v g++ >/dev/null || echo "note: without g++ Brian2 runs uncompiled, several times slower (apt install g++ python3-dev)"
	$(BIN)/htm-brian validate $(ARGS)

test: .venv/.installed-dev
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

test-slow: .venv/.installed-dev
	$(BIN)/pytest -m slow $(ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Runs the quick form of every protocol that has one, two side by side: its verdicts in less than a
# minute each. Fails where a check fails that holds in the stored run.
quick: .venv/.installed-figures
	@names=$$($(BIN)/python -c \
	    'from htm_brian.experiment.protocol import list_quick_protocols; print(*list_quick_protocols())') || exit; \
	rm -rf results/quick; \
	printf '%s\n' $$names | xargs -P 2 -I NAME sh -c \
	    '$(BIN)/htm-brian run NAME --quick --quiet -o results/quick/NAME; echo "NAME: status $$?"'; \
	$(BIN)/python -m docs.regressions $$(printf 'results/quick/%s ' $$names)

# Runs every protocol and puts its figures beside the module that draws them.
figures: .venv/.installed-figures
	@status=0; names=$$($(BIN)/python -c \
	    'from htm_brian.experiment.protocol import list_protocols; print(*list_protocols())') || exit; \
	for name in $$names; do \
	    echo "== $$name"; \
	    $(BIN)/htm-brian run $$name || status=$$?; \
	    for png in results/$$name/figures/*.png; do \
	        if test -e $$png; then cp $$png figures/$$name-$$(basename $$png); fi; \
	    done; \
	done; exit $$status

# Makes the documentation, with the gallery run: build/docs/index.html. A warning is an error.
docs: .venv/.installed-docs
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs

# Writes the figures of docs/results/ into the documents; ARGS="--from results/NAME" stores a run first.
docs-numbers: .venv/.installed
	$(BIN)/python -m docs.insert_results $(ARGS)

bench: .venv/.installed
	@set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script $(ARGS); done

# Keeps .venv and results/.
clean:
	rm -rf build dist docs/examples docs/generated docs/sg_execution_times.rst *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(wildcard htm_brian models protocols figures tests benchmarks) -name __pycache__ -prune -exec rm -rf {} +

.venv/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "error: $(PYTHON) is not a Python 3.11 or newer; install one, or name it: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) lacks the module venv; install it (on Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.created pyproject.toml
	$(BIN)/pip install -qq --upgrade pip
	$(BIN)/pip install -qq -e .
	@touch $@

# What some protocols need beyond the program itself.
.venv/.installed-figures: .venv/.installed
	$(BIN)/pip install -qq -e '.[ephys,learn]'
	@touch $@

.venv/.installed-docs: .venv/.installed
	$(BIN)/pip install -qq -e '.[docs]'
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/pip install -qq -e '.[dev]'
	@touch $@
