"""Importing the package is cheap, and its modules import one another downwards only."""

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
import textwrap
from pathlib import Path

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


def test_playing_loads_nothing_heavy_but_the_progress_bar():
    script = """
        import json, sys
        import regretlab as rl
        game = rl.play(rl.learners.Adam(), rl.losses.Mod3(), rl.sets.Box(-1.0, 1.0), 100)
        assert "R_T" in repr(game)
    """
    assert python(textwrap.dedent(script) + textwrap.dedent(LOADED)) == ["tqdm"]


def imports(path):
    """Modules that a file imports when it is imported, and all that it ever imports."""
    first, ever = set(), set()

    def names(node):
        if isinstance(node, ast.Import):
            return {alias.name for alias in node.names}
        return {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}

    def visit(node, later):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                ever.update(names(child))
                if not later:
                    first.update(names(child))
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            visit(child, later or inside or typing)

    visit(ast.parse(path.read_text()), False)
    return first, ever


def path_of(name):
    stem = FOLDER.parent.joinpath(*name.split("."))
    return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")


def test_imports_point_downwards():
    """The graph of imports at load time has no circle, leaving a package's own __init__ aside."""
    graph = {}
    for name in MODULES:
        found = imports(path_of(name))[0] & set(MODULES)
        graph[name] = {other for other in found if not f"{name}.".startswith(other + ".")}
    done, path = set(), []

    def visit(name):
        if name in done:
            return
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        path.append(name)
        for other in sorted(graph[name]):
            visit(other)
        done.add(path.pop())

    for name in MODULES:
        visit(name)


def test_the_mathematics_knows_nothing_of_games():
    above = {"game", "driver", "batches", "regret", "plots", "cli", "testing", "sweeps", "search"}
    for name in MODULES:
        layer = name.split(".")[1]
        if layer in {"learners", "losses", "sets", "schedules", "kernels", "compiling"}:
            found = {other.split(".")[1] for other in imports(path_of(name))[0] if other.startswith("regretlab.")}
            assert not found & above, f"{name} imports {found & above}"


def test_numba_is_touched_in_one_place():
    users = [name for name in MODULES if any(n.partition(".")[0] == "numba" for n in imports(path_of(name))[1])]
    assert users == ["regretlab.kernels.compiling"]


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


def test_version():
    assert [int(part) for part in rl.__version__.split(".")]
