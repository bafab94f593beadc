# Two verbs need nothing but Python >= 3.11, make and pip:
#   make study   train the built-in study and write its report
#   make test    run the tests
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NEEDS := import sys; sys.exit("needs Python 3.11 or newer, e.g.: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)

help:       ## list these verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
study: $(VENV)/package  ## train the built-in study, write its report.html, say where
	$(BIN)/paribus run notebook
	$(BIN)/paribus report studies/notebook
test: $(VENV)/tools  ## every test under five seconds, on every core
	$(BIN)/pytest --numprocesses auto --dist loadfile
test-slow: $(VENV)/tools  ## the others, but for those of which a smaller one is among these
	$(BIN)/pytest -m slow --jaxtyping-packages= --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 40  # `test` checks types; in order, the longest files come first; says what each part of the campaign took
test-all: test test-slow  ## all there are
	$(BIN)/pytest -m long --numprocesses auto --dist loadfile
format: $(VENV)/tools  ## rewrite files to the house style
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
lint: $(VENV)/tools  ## style and layers
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports
types: $(VENV)/tools  ## static types
	$(BIN)/pyright
audit: $(VENV)/tools  ## known holes in our source, and in what is installed
	@$(BIN)/python -m pip install --quiet --group audit
	@$(BIN)/python .ci/audit.py
fuzz: $(VENV)/tools  ## half a minute on each reader with coverage-guided inputs
	@$(BIN)/python -m pip install --quiet --group fuzz
	for target in study npy npz idx table parquet curves store; do $(BIN)/python tests/fuzz/targets.py $$target -max_total_time=$(or $(SECONDS_EACH),30) || exit 1; done
mutation: $(VENV)/tools  ## change the store and the planner: do tests notice? (hours)
	@$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/python .ci/mutation.py --share $(or $(SHARE),1)
bench: $(VENV)/tools  ## measure every claim in benchmarks/ (an hour)
	$(BIN)/python -m pip install --quiet --group bench
	for script in $$(grep -l '^def main' benchmarks/*.py); do $(BIN)/python $$script || exit 1; done
campaign: $(VENV)/tools  ## inject faults for hours, write docs/reliability.md
	PYTHONPATH=tests $(BIN)/python -m campaign --size release --page
docs: $(VENV)/tools  ## build the documentation into build/site; strict
	@$(BIN)/python -m pip install --quiet --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
ci:         ## everything that must pass before a change lands
	bash .ci/run
clean:      ## remove what was installed; studies/ stays
	rm -rf $(VENV)

# Set-up. A stamp is made last and remade when pyproject.toml changes. pip is put in
# from outside because some Pythons come without ensurepip.
$(VENV)/package: pyproject.toml
	@$(PYTHON) -c '$(NEEDS)'
	@echo "installing into $(VENV) (a minute or two the first time)"
	@$(PYTHON) -m venv --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@
$(VENV)/tools: $(VENV)/package
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

.PHONY: help study test test-slow test-all format lint types audit fuzz mutation bench campaign docs ci clean
