# make figures   set everything up and reproduce the figures
# make test      set everything up and run the tests
# make lint      style, types, and the direction of imports
# make mutants   small faults put into the package: how many do the tests notice? (see tests/mutants.py -h; an hour)
# make bench     speed and memory against C, optax, torch and numpy (needs a C compiler)
#
# EXTRAS adds the optional dependencies of pyproject.toml, e.g. make test EXTRAS=peers
# MUTANTS are options, e.g. make mutants MUTANTS="--modules learners/adam.py --number 50"

PYTHON ?= python3
EXTRAS ?=
MUTANTS ?=
BIN := .venv/bin

comma := ,
with = .venv/.installed-$(subst $(comma),-,$(strip $(1)$(if $(EXTRAS),$(comma)$(EXTRAS))))

.PHONY: figures test lint mutants bench clean

figures: $(call with,test)
	$(BIN)/regretlab reproduce figure1 theorem1 --out figures

test: $(call with,test)
	$(BIN)/python -m pytest -n auto

lint: $(call with,dev)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

mutants: $(call with,mutants)
	$(BIN)/python tests/mutants.py $(MUTANTS)

bench: $(call with,peers)
	$(BIN)/python benchmarks/run.py --out figures
	$(BIN)/python benchmarks/convex.py --out figures

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.installed-%: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(subst -,$(comma),$*)]'
	touch $@
