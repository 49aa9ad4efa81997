"""Shortcuts: methods that answer without calling another method, and what becomes of them when that one is overridden.

For instance ``PeriodicLosses.block`` reads a table and never calls ``gradients``.  A subclass with ``gradients`` of its
own gets the ``block`` that calls them.  A closed form such as ``best_in_hindsight`` has no slower version: a subclass
that changes what f_t is loses it, and a solver takes its place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from regretlab._utils.messages import user_function

__all__ = ["CLOSED_FORMS", "ask", "drop_shortcuts", "is_shortcut", "named", "shortcut", "take_seed"]

F = TypeVar("F", bound=Callable[..., Any])

CLOSED_FORMS = ("best_in_hindsight", "prefix_sum")
"""What a sequence may say about sums of its losses."""

_DEFINE = ("reveal", "value", "gradient", "draw", "data", "block", "gradients", "rows", "sample", "centres", "link")
"""What may say what f_t is.  A closed form that no :func:`shortcut` marks holds for the class that defines it only."""


def shortcut(*names: str, slow: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """A decorator for a method that calls none of ``names``; a class that overrides one of them has ``slow``."""

    def mark(function: F) -> F:
        function.__shortcut__ = names, slow  # type: ignore[attr-defined]
        return function

    return mark


def is_shortcut(cls: type, name: str) -> bool:
    """Whether the method ``name`` of ``cls`` is a shortcut, so that no class has overridden what it does not call."""
    return hasattr(getattr(cls, name, None), "__shortcut__")


def drop_shortcuts(cls: type) -> None:
    """Replace each shortcut of ``cls`` whose ``names`` a class between its own and ``cls`` overrides."""
    last: dict[str, int] = {}
    for i, base in reversed(list(enumerate(cls.__mro__))):
        last |= dict.fromkeys([*vars(base), *vars(base).get("__annotations__", ())], i)
    for name, i in last.items():
        method = vars(cls.__mro__[i]).get(name)
        names, slow = getattr(method, "__shortcut__", (_DEFINE if name in CLOSED_FORMS and method else (), None))
        if any(last.get(other, i) < i for other in names):
            setattr(cls, name, slow)


def named(method: F) -> F:
    """A decorator for a property that asks methods of a user: it says which of them an error comes from."""

    @wraps(method)
    def call(losses: Any) -> Any:
        try:
            return method(losses)
        except Exception as error:
            function = user_function(error)
            if not function or (isinstance(error, TypeError | ValueError) and type(losses).__name__ in str(error)):
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{type(losses).__name__}: {error!r} in {function}") from error

    return call  # type: ignore[return-value]


def take_seed(cls: type, *names: str) -> bool:
    """Whether one of these methods has a parameter ``seed``."""
    return any(inspect.isfunction(method) and _takes_seed(method) for method in (getattr(cls, name) for name in names))


def ask(method: Callable[..., Any], *arguments: Any, seed: int) -> Any:
    """What ``method`` answers; it is told the seed if it has a parameter of that name."""
    return method(*arguments, seed=seed) if _takes_seed(getattr(method, "__func__", method)) else method(*arguments)


@lru_cache(maxsize=1024)
def _takes_seed(function: Callable[..., Any]) -> bool:
    return "seed" in inspect.signature(function).parameters
