"""What the tests of check_learner, check_losses and check_set share."""

import dataclasses

import pytest

from regretlab import CheckFailed


def type_name(value):
    """The name of a class, or of the class of an object."""
    return value.__name__ if isinstance(value, type) else type(value).__name__


def failure(check, *arguments, **keywords):
    """The message of the check, which must fail."""
    with pytest.raises(CheckFailed) as caught:
        check(*arguments, **keywords)
    return str(caught.value)


def concrete(module, kind):
    """The public classes of a package that can be instantiated and are of this kind."""
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, kind)]
    return {cls for cls in found if dataclasses.is_dataclass(cls) and not cls.__abstractmethods__}
