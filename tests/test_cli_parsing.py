import dataclasses
import inspect

import numpy as np
import pytest

from regretlab import learners, losses, schedules, sets
from regretlab._utils.validation import nearest
from regretlab.cli.parsing import KINDS, LEARNERS, LOSSES, POINTWISE_LOSSES, SCHEDULES, SETS, point_from, values_from

MINE = """
from dataclasses import dataclass
import regretlab as rl

@dataclass(frozen=True)
class Sawtooth(rl.losses.LinearLosses):
    '''f_t(x) = c_t x with c_t = (t mod p) - q.'''
    p: int = 5
    q: float = 1.5
    def gradients(self, t):
        return ((t % self.p) - self.q)[:, None]

@dataclass(frozen=True)
class Halving(rl.schedules.Schedule):
    def shape(self, t):
        return 1.0 / t

def halving(t):
    raise SystemExit("a function was called")

def saw(p):
    return Sawtooth(p)

two = Sawtooth(2)
broken = 3
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The module ``my_own`` in a folder of its own."""
    (tmp_path / "my_own.py").write_text(MINE)
    (tmp_path / "my_broken.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "my_own", raising=False)


# -- listing ----------------------------------------------------------------------------


def test_every_concrete_class_is_listed():
    """What can be instantiated in the public names of a module is there to be typed, and nothing else."""
    assert set(LEARNERS.classes()) >= {"ogd", "adagrad", "rmsprop", "adam", "amsgrad", "adamnc"}
    assert set(LOSSES.classes()) >= {
        "mod3",
        "periodic",
        "reddionline",
        "reddistochastic",
        "signadversary",
        "rademacher",
    }
    assert "box" in SETS.classes()
    assert set(POINTWISE_LOSSES.classes()) >= {"squared", "huber", "logistic"}
    assert set(SCHEDULES.classes()) >= {"constant", "geometric", "inverse", "inversesqrt", "oneminusinverse"}
    for kind in KINDS:
        for cls in kind.classes().values():
            assert issubclass(cls, kind.base)
            assert not inspect.isabstract(cls)
    assert not {"algorithm1", "learner", "state"} & set(LEARNERS.classes())
    assert not {"linearlosses", "periodiclosses", "convexlosses"} & set(LOSSES.classes())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.noun)
def test_every_class_says_what_it_is(kind):
    for text, opening in kind.listing().items():
        assert opening
        assert "\n" not in text + opening
        assert not opening.startswith(text.partition(":")[0] + "(")  # not the docstring that dataclasses make up


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.noun)
def test_what_is_listed_can_be_typed(kind):
    """The listed text gives the class with its defaults."""
    for text, cls in zip(kind.listing(), kind.classes().values(), strict=True):
        if cls is schedules.Values:  # its function cannot be typed
            assert kind.read("values") == cls()
        elif "=..." in text:
            with pytest.raises(ValueError, match="missing a required argument"):
                kind.read(cls.__name__)
        else:
            assert kind.read(text) == cls()


# -- reading -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "learner"),
    [
        ("adam", learners.Adam()),
        ("Adam:", learners.Adam()),
        ("ADAM()", learners.Adam()),
        (" adam : alpha = 0.5 ", learners.Adam(0.5)),
        ("adam:alpha=0.5,beta1=0,beta2=0.1", learners.Adam(0.5, 0, 0.1)),
        ("adam:0.5,0,beta2=1/10", learners.Adam(0.5, 0, 0.1)),
        ("adam(0.5, 0, beta2=1 - 0.9**2)", learners.Adam(0.5, 0, 1 - 0.9**2)),
        ("amsgrad:alpha=constant(0.001)", learners.AMSGrad(schedules.Constant(0.001))),
        ("amsgrad:beta1=geometric(0.9,ratio=0.99)", learners.AMSGrad(beta1=schedules.Geometric(0.9, 0.99))),
        ("amsgrad:beta2=OneMinusInverse()", learners.AMSGrad(beta2=schedules.OneMinusInverse())),
        ("amsgrad:beta2=oneminusinverse", learners.AMSGrad(beta2=schedules.OneMinusInverse())),
        ("ogd:1e-3", learners.OGD(0.001)),
    ],
)
def test_learners(text, learner):
    assert LEARNERS.read(text) == learner


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("mod3:C=4", [[4], [-1], [-1]]),
        ("periodic:[3,-1,-1]", [[3], [-1], [-1]]),
        ("periodic:values=[[3, 0], [-1, 1]]", [[3, 0], [-1, 1]]),
        ("periodic:[5]+[-1]*3", [[5], [-1], [-1], [-1]]),
        ("periodic:(3,-1)", [[3], [-1]]),
    ],
)
def test_losses(text, pattern):
    assert LOSSES.read(text).pattern.tolist() == pattern


def test_losses_of_linear_predictions():
    examples = LOSSES.read("examples:[[1,2],[3,4]],[1,-1],link=huber(2),batch=2")
    assert examples.link == losses.Huber(2)
    assert examples.batch == 2
    assert LOSSES.read("examples:[[1,2]],[1],link=logistic").link == losses.Logistic()


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("box:-1,1", sets.Box(-1, 1)),
        ("box:[-1,-2],[1,2]", sets.Box([-1, -2], [1, 2])),
        ("box:hi=+3", sets.Box(-1, 3)),
        ("box:-pi,pi", sets.Box(-np.pi, np.pi)),
    ],
)
def test_sets(text, box):
    assert SETS.read(text) == box


@pytest.mark.parametrize(("text", "point"), [("0.5", 0.5), ("-1", -1), ("0.5,-1", [0.5, -1]), ("[1/4]", [0.25])])
def test_points(text, point):
    assert np.array_equal(point_from(text), point)


# -- one's own -----------------------------------------------------------------------------


def test_a_dotted_name_is_imported(mine):
    sawtooth = LOSSES.read("my_own.Sawtooth:p=7,q=2")
    assert dataclasses.astuple(sawtooth) == (7, 2)
    assert LOSSES.read("my_own.Sawtooth") == type(sawtooth)()
    assert LOSSES.read("my_own.two").p == 2
    assert LEARNERS.read("ogd:alpha=my_own.Halving").schedules["alpha"](4) == 0.25
    assert LEARNERS.read("ogd:alpha=my_own.Halving(3)").schedules["alpha"](4) == 0.75
    assert LOSSES.read("regretlab.losses.Mod3:4") == losses.Mod3(4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("my_own.Sawtoth", r"there is no 'Sawtoth' in .*my_own\.py; did you mean Sawtooth"),
        ("my_own.Sawtooth:r=1", r"my_own\.Sawtooth: there is no field 'r'; there are: p, q"),
        ("my_own.two:p=1", r"my_own\.two takes no values: it is of type Sawtooth"),
        ("my_own.broken", r"my_own\.broken is not a loss sequence but of type int"),
        ("my_own.halving:4", r"my_own\.halving is not a loss sequence but of type function; only classes"),
        ("my_own.saw:3", r"my_own\.saw is not a loss sequence but of type function"),
        ("my_own.Halving", r"my_own\.Halving is not a loss sequence but another class"),
        ("my_own.dataclass", r"my_own\.dataclass is not a loss sequence but of type function"),
        ("my_own:Sawtooth", r"did you mean my_own\.Sawtooth"),
        ("my_own:Sawtooth:p=3", r"did you mean my_own\.Sawtooth"),
        ("my_own:Sawtooth(p=3)", r"did you mean my_own\.Sawtooth"),
        ("mod3:my_own.halving", r"my_own\.halving is not a schedule or pointwise loss but of type function"),
        ("builtins.print:'ran'", r"builtins\.print is not a loss sequence: builtins is a module of Python itself"),
        ("mod3:os.system('true')", "os is a module of Python itself"),
        ("regretlab.losses.mnist:'folder'", "is not a loss sequence but of type function"),
        ("regretlab.losses", "is not a loss sequence but of type module"),
        ("my_broken.Sawtooth", r"importing my_broken failed: ZeroDivisionError"),
        ("my_missing.Sawtooth", r"importing my_missing failed: .*No module named 'my_missing'"),
        (".Sawtooth", r"'.Sawtooth' is not a name: write module.Class"),
    ],
)
def test_what_is_wrong_with_ones_own(mine, text, message):
    with pytest.raises(ValueError, match=message):
        LOSSES.read(text)


# -- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no learner ''"),
        ("adamm", r"there is no learner 'adamm'; did you mean Adam or SAdam\?"),
        ("xyzzy", r"there is no learner 'xyzzy'; there are: ACProp, AdaBelief, "),
        ("adam-nc", r"did you mean AdamNC"),
        ("mod3", "mod3 is a loss sequence, not a learner"),
        ("constant:1", "constant is a schedule, not a learner"),
        ("adam:bta1=0", r"adam: there is no field 'bta1'; did you mean beta1 or beta2\?"),
        ("adam:1,2,3,4", "adam: too many positional arguments; the fields are: alpha, beta1, beta2"),
        ("adam:1,alpha=2", "adam: multiple values for argument 'alpha'"),
        ("adam:alpha=1,alpha=2", "adam: 'alpha=2' is out of place or given twice"),
        ("adam:**beta1", "adam: .* is out of place"),
        ("adam:*[1]", "a value is a number, a list or a call"),
        ("adam:alpha=-1", "adam: alpha=-1 must be positive"),
        ("adam:beta2=0", r"adam: beta2=0 must be in \(0, 1\)"),
        ("adam:alpha='x'", "adam: alpha='x': a hyperparameter is a number"),
        ("adam:alpha=x", "there is no number, schedule or pointwise loss 'x'"),
        (
            "adam:beta1=geometri(0.9)",
            r"there is no number, schedule or pointwise loss 'geometri'; did you mean Geometric\?",
        ),
        ("adam:beta1=geometric(0.9,ratio=2)", "geometric: ratio=2: a geometric schedule needs 0 <= ratio < 1"),
        ("adam:alpha=1/0", "cannot compute 1 / 0: division by zero"),
        ("adam:alpha=-[1]", r"cannot compute -\[1\]"),
        ("adam:alpha=1.0**'x'", "cannot compute"),
        ("adam:alpha=...", "a value is a number, a list or a call"),
        ("adam:alpha=1j", "a value is a number, a list or a call"),
        ("adam:alpha=nan", "alpha=nan must be positive"),
        ("adam:alpha=inf", "alpha=inf must be positive"),
        ("adam:(", r"cannot read 'adam:\('"),
        ("adam(", r"cannot read 'adam\('"),
        ("adam:1)(2", r"cannot read 'adam:1\)\(2'"),
        ("adam:1)+(2", r"cannot read"),
        ("adam:alpha=1 2", "cannot read"),
    ],
)
def test_bad_learners(text, message):
    with pytest.raises(ValueError, match=message):
        LEARNERS.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "[x for x in [1]]",
        "{'a': 1}",
        "a[0]",
        "f'{1}'",
        "1 if 1 else 2",
    ],
)
def test_texts_are_not_evaluated(text):
    with pytest.raises(ValueError, match=r"cannot read|there is no|a module of Python itself|is not a name"):
        LEARNERS.read(f"adam:alpha={text}")


@pytest.mark.parametrize(
    "text", ["abc", "adam", "'a'", "'1'", "[1,[2]]", "[1", "", "[]", "True", "[True]", "None", "10**400", "[[1]]"]
)
def test_bad_points(text):
    with pytest.raises(ValueError, match="cannot read the point"):
        point_from(text)


def test_missing_fields_are_named():
    with pytest.raises(ValueError, match="periodic: missing a required argument: 'values'; the fields are: values"):
        LOSSES.read("periodic")


def test_nearest():
    assert nearest("c", ["C", "slope"]) == "; did you mean C?"
    assert nearest("zzz", ["C", "slope"]) == "; there are: C, slope"
    assert nearest("zzz", []) == "; there are: none"


def test_lists_of_values():
    assert values_from("0.1,1/2, 3") == [0.1, 0.5, 3]
    assert values_from("constant(0.1),0.1") == [schedules.Constant(0.1), 0.1]
    assert values_from("") == []
    for text in ("a b", "1),(2", "1]+[2"):
        with pytest.raises(
            ValueError, match=r"cannot read .* write a list such as 0.1,0.5, or a range low:high:number"
        ):
            values_from(text)


def test_ranges():
    assert values_from("0:1:3") == [0.0, 0.5, 1.0]
    for text, integers in (("0:3:4", [0, 1, 2, 3]), ("6:2:3", [6, 4, 2]), ("5:5:2", [5, 5]), ("7:9:1", [7])):
        values = values_from(text)
        assert values == integers
        assert all(type(value) is int for value in values)
    assert all(type(value) is float for text in ("0.0:3:4", "0:3:3") for value in values_from(text))
    for text in ("1:2", "0.1:0.9", "0:1:2:3", "0:1:-1", "0:1:0", "0:1:2.5", "0:1:1e3", "0:1:10**9", "a:b:c", "::"):
        with pytest.raises(ValueError, match=r"a range is low:high:number|there is no number"):
            values_from(text)
    for text in ("0:inf:3", "nan:1:3", "-1e308:1e308:3", "-10**308:10**308:3"):
        with pytest.raises(ValueError, match="low and high are finite"):
            values_from(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9**9**9**9", "larger than the largest float"),
        ("10**10**10", "larger than the largest float"),
        ("10**400", "larger than the largest float"),
        ("1e400", "larger than the largest float"),
        ("1e200*1e200", "larger than the largest float"),
        ("9" * 400, "larger than the largest float"),
        ("9" * 5000, "cannot read"),
        ("(-8)**(1/3)", "not a real number"),
        ("inf-inf", "not a real number"),
        ("True+1", "are for numbers"),
        ("'a'*3", "are for numbers"),
        ("[1]*10**9", "up to 100,000 entries"),
        ("[[[1]*1000]*1000]*1000", "has more than 100,000 entries"),
        ("[1]+(2,)", "lists are joined"),
        ("[1]*[1]", "lists are joined"),
        ("[1]*2.0", "lists are joined"),
        ("[1]*True", "lists are joined"),
        ("[" * 60 + "]" * 60, "nested more than 50 deep"),
        ("(" * 300 + "1" + ")" * 300, "cannot read"),
        ("-" * 10_000 + "1", "cannot read"),
        ("1+" * 9_000 + "1", "cannot read"),
        ("1," * 20_000 + "1", "at most 20,000 characters"),
    ],
    ids=lambda text: text[:30],
)
def test_what_would_compute_for_ever_is_refused_at_once(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        LEARNERS.read(f"adam:alpha={text}")
    assert len(str(caught.value)) < 700


def test_sums_and_powers_within_the_bounds():
    assert values_from("2**1023,1**10**9,0**10**9,10**-400,-inf,[1]*3,[[1,2]]*2") == [
        2**1023, 1, 0, 0.0, -np.inf, [1, 1, 1], [[1, 2], [1, 2]],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["simplex:10**9", "rademacher:d=10**9", "circlingquadratics:period=10**9", "examples:[[1]],[1],batch=10**9"]
)
def test_games_that_no_memory_holds(text):
    with pytest.raises(ValueError, match="=1000000000 is too large for the command line: at most 1"):
        (SETS if "simplex" in text else LOSSES).read(text)
