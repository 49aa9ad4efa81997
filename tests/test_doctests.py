"""The examples in docstrings run and show what they say."""

import doctest
import importlib
import inspect

import pytest
from conftest import peer
from test_import import MODULES

import regretlab as rl


@pytest.mark.parametrize("name", ["regretlab", *(name for name in MODULES if not name.endswith("__main__"))])
def test_examples(name):
    if name == "regretlab.torch":
        peer("torch", "torch")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize("name", ["Game", "play", "play_all", "compare", "sweep", "certify"])
def test_what_users_call_first_has_an_example_and_says_what_it_raises(name):
    text = inspect.getdoc(getattr(rl, name))
    for part in ("Parameters", "Raises", "Examples", ">>> "):
        assert part in text
    assert "keywords of" not in text
    parameters = inspect.signature(getattr(rl, name)).parameters.values()
    assert not [each for each in parameters if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL)]
    for each in parameters:
        assert each.name in text
