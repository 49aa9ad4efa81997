"""Importing the package is cheap; its folders are those that the pages, the wheel and the contract of imports name."""

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from conftest import peer

import regretlab as rl

FOLDER = Path(rl.__file__).parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(FOLDER)], "regretlab.")
    if not module.name.startswith("regretlab.experiments")
)


def python(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


LOADED = """
    heavy = {"click", "jax", "matplotlib", "optax", "pandas", "torch", "tqdm"}
    parts = [name.split(".") for name in sys.modules]
    found = {part[0] for part in parts if part[0] in heavy}
    # numba looks which scipy there is, without loading anything of it
    found |= {part[1] for part in parts if part[0] == "scipy" and part[1:] and part[1][0] != "_"} - {"version"}
    print(json.dumps(sorted(found)))
"""


def test_import_loads_nothing_heavy():
    assert python(f"import json, sys, regretlab\n{textwrap.dedent(LOADED)}") == []


def test_playing_loads_nothing_heavy():
    script = """
        import json, sys
        import regretlab as rl
        game = rl.play(rl.learners.Adam(), rl.losses.Mod3(), rl.sets.Box(-1.0, 1.0), 100)
        assert "R_T" in repr(game)
    """
    assert python(textwrap.dedent(script) + textwrap.dedent(LOADED)) == []


def imports(path):
    """All modules that a file imports, in functions and for types too."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def path_of(name):
    stem = FOLDER.parent.joinpath(*name.split("."))
    return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")


def test_numba_is_touched_where_code_is_compiled_and_kept():
    users = [name for name in MODULES if any(n.partition(".")[0] == "numba" for n in imports(path_of(name)))]
    assert users == ["regretlab.kernels.compiled_files", "regretlab.kernels.compiling"]


@pytest.mark.parametrize("name", ["regretlab", *MODULES])
def test_public_names_exist(name):
    if name.endswith("__main__"):
        return
    if name == "regretlab.torch":
        peer("torch", "torch")
    loaded = importlib.import_module(name)
    for public in getattr(loaded, "__all__", ()):
        assert hasattr(loaded, public), f"{name}.{public}"
    assert len(set(getattr(loaded, "__all__", ()))) == len(getattr(loaded, "__all__", ()))


PROJECT = FOLDER.parent
CONFIGURATION = tomllib.loads((PROJECT / "pyproject.toml").read_text())
FLOORS = CONFIGURATION["tool"]["importlinter"]["contracts"][0]["layers"]


def test_completion_shows_public_names_only():
    assert dir(rl) == sorted(rl.__all__)
    for name in dir(rl):
        if isinstance(door := getattr(rl, name), ModuleType):
            assert dir(door) == sorted(door.__all__)


@pytest.mark.parametrize("name", ["plots", "scaling", "testing", "sweeps", "periodic"])
def test_a_door_opens_without_a_second_import(name):
    opened = python(f"import json, regretlab; print(json.dumps(regretlab.{name}.__name__))")
    assert opened.startswith("regretlab.")
    assert opened.endswith(name)


def test_an_unknown_name_is_no_door():
    with pytest.raises(AttributeError, match="has no attribute 'plot'"):
        _ = rl.plot


def test_public_names_at_the_top_of_the_folder():
    found = {path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__"} == {name for floor in FLOORS for name in floor.split(" | ")}
    assert len([name for name in found if not name.startswith("_")]) <= 14


def test_the_wheel_has_every_package():
    inside = {".".join(path.parent.relative_to(PROJECT).parts) for path in FOLDER.rglob("__init__.py")}
    assert set(CONFIGURATION["tool"]["setuptools"]["packages"]) == inside | {"regretlab.experiments"}


def test_the_readme_has_the_floors_in_their_order():
    table = re.findall(r"^\| `(.+?)` \|", (PROJECT / "README.md").read_text(), re.MULTILINE)
    shown = [re.findall(r"[\w]+(?=/|\.py)", row) for row in table if row.endswith(("/", ".py"))]
    assert [sorted(row) for row in shown] == [sorted(floor.split(" | ")) for floor in FLOORS if floor != "__main__"]


def test_version():
    assert [int(part) for part in rl.__version__.split(".")]
