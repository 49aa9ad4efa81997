"""Fields of frozen dataclasses that hold a table: whoever reads one gets a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["copied"]

Class = TypeVar("Class", bound=type)


def copied(*names: str) -> Callable[[Class], Class]:
    """A decorator of a dataclass: these fields are copied whenever they are read, so that writing changes nothing."""

    def decorate(cls: Class) -> Class:
        for name in names:
            setattr(cls, name, _Copied(f"_{name}"))
        return cls

    return decorate


class _Copied:
    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return self if instance is None else getattr(instance, self.name).copy()

    def __set__(self, instance: object, value: Any) -> None:
        object.__setattr__(instance, self.name, value)
