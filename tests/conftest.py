"""What all tests share: hypothesis without luck, and libraries to compare with."""

import importlib
import os
import re
import warnings
from types import ModuleType
from typing import NoReturn

import pytest
from hypothesis import settings

# the same examples on every run and on every machine, however busy it is
settings.register_profile("regretlab", derandomize=True, deadline=None, database=None)
settings.load_profile("regretlab")


def peer(name: str, extra: str = "peers") -> ModuleType:
    """The library ``name`` of an extra, an oracle: without it the test is skipped, or fails where CI is set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what others warn of while they load is not ours to fail on
        try:
            return importlib.import_module(name)
        except ImportError as error:
            missing(f"{name} is not installed: pip install 'regretlab[{extra}]' ({error})")


def missing(what: str) -> NoReturn:
    """Skip a test for what is not installed, or fail where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(f"CI is set and {what}")
    pytest.skip(what)


def label(value: object) -> str:
    """A name of a parameter that is the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
