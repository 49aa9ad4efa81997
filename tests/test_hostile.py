"""Every program of :mod:`tests.hostile` gives the right numbers, or is refused with the reason."""

import importlib
import pkgutil
import warnings

import hostile
import pytest
from hostile import PROGRAMS, REFUSALS, SHORTEST, Program

for module in pkgutil.iter_modules(hostile.__path__, "hostile."):
    importlib.import_module(module.name)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_the_result_is_right_or_refused(program: Program) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = program.run()
        except REFUSALS as error:
            refusal = error
        else:
            assert program.right is not ..., f"{result!r} instead of a refusal that says {program.refused!r}"
            assert result == pytest.approx(program.right), "neither right nor refused"
            return
    assert program.refused is not None, f"refused, although it has a right result: {refusal!r}"
    assert program.refused in str(refusal)
    assert len(str(refusal)) >= SHORTEST, f"{refusal!r} does not name the cause"


def test_the_names_of_programs_are_unique() -> None:
    names = [str(program) for program in PROGRAMS]
    assert len(names) == len(set(names))
