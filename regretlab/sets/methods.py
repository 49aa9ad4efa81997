"""Checks, when a class of sets is made, that its methods can be called as the ones they override."""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import Any

__all__ = ["check_methods"]

_CALLS = {
    "project": ("y", "y, weights"),
    "_project": ("y, weights",),
    "projection": ("x, w, p",),
    "parameters": ("",),
    "contains": ("x", "x, tolerance"),
    "diameter": ("", "norm"),
    "minimize_linear": ("c",),
    "with_dimension": ("d",),
    "nearest_to_origin": ("",),
}
"""How the package calls the methods of a set."""

_VALUES = ("dimension", "bounded")
"""The members of a set that are read, not called."""


def check_methods(cls: type, root: type) -> None:
    """``TypeError`` unless each member of a set that ``cls`` defines can be used as that of ``root``, and is used."""
    body = vars(cls)
    for name, calls in _CALLS.items():
        if name in body and not (name == "projection" and (body[name] is None or isinstance(body[name], property))):
            for call in calls:
                _check_call(cls, name, body[name], call)
        elif name in body.get("__annotations__", {}) and "ClassVar" not in str(body["__annotations__"][name]):
            raise TypeError(f"{cls.__name__}.{name} is a field; it must be a method, {name}(self, {calls[-1]})")
    for name in _VALUES:
        if inspect.isfunction(body.get(name)):
            raise TypeError(f"{cls.__name__}.{name} is a method; write @property above it: it is read, not called")
    _check_used(cls, root)


def _check_call(cls: type, name: str, value: Any, call: str) -> None:
    """``TypeError`` unless a member of ``cls`` is a method that can be called with the arguments of ``call``."""
    bound = isinstance(value, staticmethod)
    function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
    if isinstance(value, property | cached_property) or not (callable(function) or hasattr(function, "__get__")):
        raise TypeError(f"{cls.__name__}.{name}={value!r} must be a method, {name}(self, {_CALLS[name][-1]})")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it is not written in Python
        return
    arguments = [*([] if bound else ["self"]), *filter(None, call.split(", "))]
    if name == "projection" and not bound:
        raise TypeError(f"{cls.__name__}.projection must be a static method: write @staticmethod above it")
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise TypeError(f"{cls.__name__}.{name}{signature} must allow the call {name}({call}): {error}") from None


def _check_used(cls: type, root: type) -> None:
    """``TypeError`` if ``cls`` defines a projection that the ``project`` of a base, which decides, does not ask."""
    base = next(base for base in cls.__mro__ if "project" in vars(base))
    own = [name for name in ("_project", "projection") if name in vars(cls)]
    if not own or base in (root, cls) or not inspect.isfunction(project := vars(base)["project"]):
        return
    if not {"_project", "projection", "project", "super"} & {*project.__code__.co_names, *project.__code__.co_freevars}:
        raise TypeError(
            f"{cls.__name__} defines {own[0]}, which nothing would call: {base.__name__} decides by its project; "
            "override project"
        )
