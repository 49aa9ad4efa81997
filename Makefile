# make figures   set everything up and reproduce the figures
# make test      set everything up and run the tests
# make lint      style, types, and the direction of imports
# make bench     speed and memory against C, optax, torch and numpy (needs a C compiler)
#
# EXTRAS adds the optional dependencies of pyproject.toml, e.g. make test EXTRAS=peers

PYTHON ?= python3
EXTRAS ?=
BIN := .venv/bin

comma := ,
with = .venv/.installed-$(subst $(comma),-,$(strip $(1)$(if $(EXTRAS),$(comma)$(EXTRAS))))

.PHONY: figures test lint bench clean

figures: $(call with,test)
	$(BIN)/regretlab reproduce figure1 theorem1 --out figures

test: $(call with,test)
	$(BIN)/python -m pytest -n auto

lint: $(call with,dev)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(call with,peers)
	$(BIN)/python benchmarks/run.py --out figures
	$(BIN)/python benchmarks/convex.py --out figures

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.installed-%: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(subst -,$(comma),$*)]'
	touch $@
