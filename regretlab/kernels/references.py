"""What the code of a function refers to, and which modules are libraries that a version identifies."""

from __future__ import annotations

import builtins
import dis
import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["KNOWN", "Reading", "hidden", "imported", "known_by_name", "library", "read", "references", "resolves"]

KNOWN = frozenset({"builtins", "cmath", "math", "numba", "numpy", "operator"})
"""Modules that are known by name: numba brings its own versions of their functions."""

_RELEASED = frozenset({"numba", "numpy", "pandas", "regretlab", "scipy"})
"""Installed packages that nobody edits: the version says enough."""

_HIDDEN = {
    "builtins": frozenset({"compile", "eval", "exec", "input", "open"}),
    "io": frozenset({"open", "open_code"}),
    "numpy": frozenset({"fromfile", "genfromtxt", "load", "loadtxt", "memmap"}),
    "os": frozenset({"environ", "getenv", "listdir", "read", "scandir", "stat", "urandom"}),
    "pandas": frozenset({"read_csv", "read_excel", "read_feather", "read_hdf", "read_parquet", "read_pickle"}),
    "time": frozenset({"gmtime", "localtime", "monotonic", "monotonic_ns", "perf_counter", "time", "time_ns"}),
    "uuid": frozenset({"uuid1", "uuid4"}),
}
"""Functions whose results no text identifies: they read files, clocks or the environment, or run other texts."""

_DOCUMENTED = 0x4000000  # CO_HAS_DOCSTRING, from Python 3.13 on


class Reading(NamedTuple):
    """What the code of a function says, with the functions defined inside it."""

    content: tuple[Any, ...]
    """The bytecode and constants, without line numbers and docstrings."""
    globals: tuple[str, ...]
    """The names of globals and builtins, in the order of the code."""
    attributes: frozenset[str]
    """The names of attributes, and the strings that may be names."""
    strings: frozenset[str]
    imports: tuple[tuple[str, int], ...]
    """(name, level) of each module that the code imports."""
    chains: tuple[tuple[str, ...], ...]
    """Such as ("np", "random", "rand") for np.random.rand."""


@lru_cache(maxsize=4096)
def read(code: types.CodeType) -> Reading:
    """What ``code`` refers to."""
    names: dict[str, None] = {}
    attributes: set[str] = set()
    imports: list[tuple[str, int]] = []
    chains: list[tuple[str, ...]] = []
    chain: tuple[str, ...] = ()
    constants: list[Any] = []
    first = False  # whether the code uses its first constant, which may also be a docstring
    for step in dis.get_instructions(code):
        name = step.argval
        if "GLOBAL" in step.opname or step.opname == "LOAD_NAME":
            names[name] = None
        elif step.opname == "IMPORT_NAME":
            level = constants[-2] if len(constants) > 1 else 0
            imports.append((name, level if isinstance(level, int) else 0))
        elif "ATTR" in step.opname or step.opname in ("LOAD_METHOD", "IMPORT_FROM"):
            attributes.add(name)
        elif step.opname == "LOAD_CONST":
            constants.append(name)
            first |= step.arg == 0
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"):
            chains, chain = [*chains, chain], (name,)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and chain:
            chain = (*chain, name)
        elif step.opname not in ("EXTENDED_ARG", "PUSH_NULL", "CACHE"):
            chains, chain = [*chains, chain], ()
    constants = _without_docstring(code, first)
    strings = set(_strings(tuple(constants)))
    for inner in (read(each) for each in constants if isinstance(each, types.CodeType)):
        names |= dict.fromkeys(inner.globals)
        attributes |= inner.attributes
        strings |= inner.strings
        imports += inner.imports
        chains += inner.chains
    attributes |= {text for text in strings if text.isidentifier()}
    return Reading(
        (
            *(code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
            *(code.co_flags & ~_DOCUMENTED, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
            *(getattr(code, "co_exceptiontable", b""), tuple(constants)),
        ),
        tuple(names),
        frozenset(attributes),
        frozenset(strings),
        tuple(imports),
        tuple({each: None for each in chains if len(each) > 1}),
    )


def _without_docstring(code: types.CodeType, used: bool) -> list[Any]:
    """The constants of ``code``; None in place of a docstring that nothing else uses."""
    constants = list(code.co_consts)
    function = code.co_flags & 3 == 3 and not code.co_name.startswith("<")
    documented = code.co_flags & _DOCUMENTED if sys.version_info >= (3, 13) else function
    if documented and not used and constants and isinstance(constants[0], str):
        constants[0] = None
    return constants


def _strings(constant: Any) -> Iterator[str]:
    """The strings in a constant of code."""
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, tuple | frozenset):
        for each in constant:
            yield from _strings(each)


def references(
    value: types.FunctionType | types.ModuleType, names: frozenset[str] = frozenset()
) -> tuple[frozenset[str], dict[str, Any], dict[str, Any]]:
    """The attributes in the code of a function, and by name the closure variables and globals to which it refers.

    For a module: the given ``names``, which are the attributes in the code that uses the module; no closure variables;
    and what the module has of these names.
    """
    space = vars(value)
    if isinstance(value, types.ModuleType):
        return names, {}, {name: space[name] for name in sorted(names) if name in space}
    reading, space = read(value.__code__), value.__globals__
    return reading.attributes, _closure(value), {name: space[name] for name in reading.globals if name in space}


def _closure(function: types.FunctionType) -> dict[str, Any]:
    """The closure variables of a function by name; a variable without a value yet is left out."""
    cells, found = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True), {}
    for name, cell in cells:
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def imported(name: str, level: int, space: Mapping[str, Any]) -> list[types.ModuleType]:
    """The modules that ``import name`` gives to code with these globals: a.b and a for "a.b"; none if it fails."""
    try:
        full = importlib.util.resolve_name("." * level + name, space.get("__package__") or None) if level else name
        importlib.import_module(full)
    except Exception:  # the code would fail as well
        return []
    parts = full.split(".")
    paths = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return [sys.modules[path] for path in paths if path in sys.modules]


# -- libraries -----------------------------------------------------------------------------


def known_by_name(value: types.FunctionType | types.ModuleType) -> bool:
    """Whether numba brings its own version of a function or a module: one of math, numpy, ..."""
    # not function.__module__, which functools.wraps copies from another function
    name = value.__name__ if isinstance(value, types.ModuleType) else value.__globals__.get("__name__")
    return (name or "").partition(".")[0] in KNOWN


def library(name: Any, space: Mapping[str, Any] | None = None) -> str:
    """The name and version of the library that has the module ``name``; "" for a module of the user's own.

    ``space`` are the globals of code that says it is in this module; code that only says so is the user's.
    """
    module = sys.modules.get(name) if isinstance(name, str) else None
    if module is None or (space is not None and vars(module) is not space):
        return ""
    file, top = getattr(module, "__file__", None), str(name).partition(".")[0]
    bare = file is None and getattr(module, "__spec__", None) is not None  # built in, or frozen
    version = _version(top, file.rpartition(os.sep)[0] if isinstance(file, str) else "", bare)
    return version and f"{name} of {version}"


@cache
def _version(top: str, folder: str, bare: bool) -> str:
    if top == "regretlab":
        return top
    inside = {"site-packages", "dist-packages"} & set(Path(folder).parts)
    if top in sys.stdlib_module_names and not inside:
        roots = [sysconfig.get_path(key) for key in ("stdlib", "platstdlib")]
        if bare or (folder and any(Path(folder).is_relative_to(root) for root in roots)):
            return f"Python {sys.version_info.major}.{sys.version_info.minor}"
    if not inside:
        return ""
    version = getattr(sys.modules.get(top), "__version__", None)
    if top in _RELEASED:
        return f"{top} {version}"
    from importlib import metadata

    try:  # what was installed, file by file
        record = metadata.distribution(top).read_text("RECORD") or ""
    except metadata.PackageNotFoundError:
        record = ""
    digest = hashlib.sha256(record.encode()).hexdigest()
    return f"{top} {version} {digest}" if record or isinstance(version, str) else ""


def resolves(value: Any) -> str:
    """The version of the library in which ``value`` is found under its own module and name; "" if it is not."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", getattr(value, "__name__", None))
    if not (isinstance(module, str) and isinstance(name, str) and (found := library(module))):
        return ""
    place: Any = sys.modules[module]
    for part in name.split("."):
        place = getattr(place, part, None)
    return found if place is value else ""


def hidden(value: Any) -> bool:
    """Whether ``value`` is a function of a library that reads a file, a clock or the environment, or runs a text."""
    module = {"_io": "io", "posix": "os", "nt": "os"}.get(top := _top(value), top)
    name = getattr(value, "__name__", "environ" if type(value).__name__ == "_Environ" else "")
    return name in _HIDDEN.get(module, ()) and (module != "builtins" or getattr(builtins, name, None) is value)


def _top(value: Any) -> str:
    module = getattr(value, "__module__", None)
    return module.partition(".")[0] if isinstance(module, str) else ""
