"""Games: adversaries that remember, values that cannot be written to, arguments that are slips."""

import copy
import pickle
from dataclasses import dataclass, field

import numpy as np

import regretlab as rl

from . import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, BALL, UP = F.Box(-1.0, 1.0), F.L2Ball(1.0), S.Periodic([1.0])
TWO = (L.OGD(alpha=0.5), L.AMSGrad(alpha=0.5))
ALONE = 500**0.5


def last(frame, column="regret"):
    """The values of the last round, in the order of the learners and seeds."""
    return frame[frame.t == frame.t.max()][column].tolist()


# -- adversaries with a memory ------------------------------------------------------------------------------


class Orthogonal(S.AdaptiveLosses):
    """g_t is orthogonal to x_t and to the sum of what was: every learner has regret sqrt(T) on the ball."""

    dimension = 3

    def answer(self, t, x):
        if t == 1:
            self.forget()
        g = np.linalg.svd(np.array([x, self.known()]))[2][-1]
        self.add(g)
        return g


@dataclass(frozen=True)
class InList(Orthogonal):
    G: list = field(default_factory=lambda: [np.zeros(3)], compare=False)

    def forget(self):
        self.G[:] = [np.zeros(3)]

    def known(self):
        return self.G[0]

    def add(self, g):
        self.G[0] = self.G[0] + g


@dataclass(frozen=True)
class InDict(Orthogonal):
    G: dict = field(default_factory=dict, compare=False)

    def forget(self):
        self.G["sum"] = np.zeros(3)

    def known(self):
        return self.G["sum"]

    def add(self, g):
        self.G["sum"] = self.G["sum"] + g


@dataclass(frozen=True)
class InArray(Orthogonal):
    G: np.ndarray = field(default_factory=lambda: np.zeros(3), compare=False)

    def forget(self):
        self.G[:] = 0.0

    def known(self):
        return self.G

    def add(self, g):
        self.G[:] += g


class Memory:
    """An ordinary object."""

    def __init__(self):
        self.sum = np.zeros(3)


@dataclass(frozen=True)
class InObject(Orthogonal):
    G: Memory = field(default_factory=Memory, compare=False)

    def forget(self):
        self.G.sum = np.zeros(3)

    def known(self):
        return self.G.sum

    def add(self, g):
        self.G.sum = self.G.sum + g


@dataclass(frozen=True)
class InTuple(InList):
    G: tuple = field(default_factory=lambda: ([np.zeros(3)],), compare=False)

    def forget(self):
        self.G[0][:] = [np.zeros(3)]

    def known(self):
        return self.G[0][0]

    def add(self, g):
        self.G[0][0] = self.G[0][0] + g


class Hidden(InList):
    """Made without a decorator, with an attribute that is no field."""

    def __init__(self):
        object.__setattr__(self, "G", [np.zeros(3)])


REMEMBER = (InList, InDict, InArray, InObject, InTuple, Hidden)


@program(right=[ALONE] * 12)
def compare_on_adversaries_that_remember():
    return [regret for kind in REMEMBER for regret in last(rl.compare(TWO, kind(), BALL, 500))]


@program(right=[ALONE] * 4)
def play_all_on_an_adversary_that_remembers():
    games = rl.play_all(TWO, InList(), BALL, 500, seeds=[0, 1])
    return [game.regret.regret.iloc[-1] for game in games]


@program(right=[ALONE] * 2)
def three_copies_of_one_learner():
    return last(rl.compare({"a": TWO[0], "b": TWO[0]}, InList(), BALL, 500))


@program(right=[ALONE] * 6)
def extend_after_another_game():
    found = []
    for kind in REMEMBER:
        losses = kind()
        game = rl.play(TWO[0], losses, BALL, 200)
        rl.play(TWO[1], losses, BALL, 77)
        found.append(game.extend(500).regret.regret.iloc[-1])
    return found


@program(right=[ALONE, ALONE])
def extend_two_games_in_turn():
    losses = InList()
    one, other = rl.play(TWO[0], losses, BALL, 100), rl.play(TWO[1], losses, BALL, 150)
    for T in (200, 300, 500):
        one.extend(T)
        other.extend(T)
    return [one.regret.regret.iloc[-1], other.regret.regret.iloc[-1]]


@program(right=[ALONE, 500.0])
def read_between_two_extensions():
    game = rl.play(TWO[0], InList(), BALL, 200)
    game.certify()
    game.diagnose()
    game.interval_regret([10])
    return [game.extend(500).regret.regret.iloc[-1], float(game.certify().curve.index[-1])]


@program(right=[ALONE, ALONE])
def copies_of_a_game_go_on_alone():
    game = rl.play(TWO[0], InList(), BALL, 200)
    other = copy.deepcopy(game)
    return [game.extend(500).regret.regret.iloc[-1], other.extend(500).regret.regret.iloc[-1]]


@dataclass(frozen=True)
class Never(S.AdaptiveLosses):
    """Counts for ever."""

    seen: list = field(default_factory=list, compare=False)

    def answer(self, t, x):
        self.seen.append(t)
        return np.array([(-1.0) ** (len(self.seen) // 3)])


@program(refused="played again")
def extend_against_one_that_counts_for_ever():
    losses = Never()
    game = rl.play(L.OGD(0.5), losses, B, 20)
    rl.play(L.OGD(0.1), losses, B, 7)
    return game.extend(50).loss.sum()


@program(right=0.0)
def extend_alone_against_one_that_counts_for_ever():
    at_once = rl.play(L.OGD(0.5), Never(), B, 50)
    return rl.play(L.OGD(0.5), Never(), B, 20).extend(50).loss.sum() - at_once.loss.sum()


@program(right=[0.0, 0.0])
def side_by_side_on_one_that_counts_for_ever():
    games = rl.play_all(TWO, Never(), B, 50)
    return [game.loss.sum() - rl.play(game.learner, Never(), B, 50).loss.sum() for game in games]


@dataclass(frozen=True)
class Noisy(S.AdaptiveLosses):
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), compare=False)

    def answer(self, t, x):
        return self.rng.standard_normal(1)


@dataclass(frozen=True)
class NoisyRows(S.LinearLosses):
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), compare=False)
    dimension = 1

    def gradients(self, t):
        return self.rng.standard_normal((len(t), 1))


@program(right=[0.0, 0.0, 0.0, 0.0])
def compare_on_generators():
    found = []
    for kind in (Noisy, NoisyRows):
        games = rl.play_all(TWO, kind(), B, 50)
        found += [game.loss.sum() - rl.play(game.learner, kind(), B, 50).loss.sum() for game in games]
    return found


@program(refused="played again")
def extend_against_a_generator_that_went_on():
    losses = Noisy()
    game = rl.play(L.OGD(0.5), losses, B, 20)
    rl.play(L.OGD(0.1), losses, B, 7)
    return game.extend(50).loss.sum()


@program(refused="played again")
def interval_regret_against_a_generator():
    return rl.play(L.OGD(0.5), Noisy(), B, 20).interval_regret([5]).regret.iloc[0]


@dataclass(frozen=True)
class Stubborn(L.Learner):
    """Steps of 1/(number of its updates)."""

    count: list = field(default_factory=lambda: [0], compare=False)

    def start(self, feasible_set, point=None):
        return L.OGD().start(feasible_set, point)

    def update(self, state, gradient):
        self.count[0] = 1 if state.t == 0 else self.count[0] + 1
        x = state.feasible_set.project(state.point - np.asarray(gradient, float) / self.count[0])
        return L.State(state.t + 1, x, {}, state.feasible_set)


@program(right=[0.0] * 3)
def a_learner_that_remembers_on_three_seeds():
    games = rl.play_all([Stubborn()], S.Rademacher(), B, 40, seeds=range(3))
    return [game.loss.sum() - rl.play(Stubborn(), S.Rademacher(), B, 40, seed=game.seed).loss.sum() for game in games]


@program(right=0.0)
def a_learner_that_remembers_is_extended():
    learner = Stubborn()
    game = rl.play(learner, S.Mod3(), B, 30)
    rl.play(learner, S.Mod3(), B, 11)
    return game.extend(60).loss.sum() - rl.play(Stubborn(), S.Mod3(), B, 60).loss.sum()


class Lock:
    """Cannot be copied."""

    def __reduce__(self):
        raise RuntimeError("this lock cannot be copied")


@dataclass(frozen=True)
class Locked(S.AdaptiveLosses):
    lock: Lock = field(default_factory=Lock, compare=False)

    def answer(self, t, x):
        return np.ones(1)


@program(refused="play them one by one")
def what_cannot_be_copied_side_by_side():
    return last(rl.compare(TWO, Locked(), B, 10))


@program(right=-0.5)
def what_cannot_be_copied_alone():
    return rl.play(L.OGD(W.Constant(0.1)), Locked(), B, 3).extend(5).point[0]


# -- values that cannot be written to -----------------------------------------------------------------------


def refusals(*writes):
    """The number of these functions that raise ValueError."""
    count = 0
    for write in writes:
        try:
            write()
        except (ValueError, TypeError):
            count += 1
    return count


def fill(array):
    def write():
        array[...] = 0

    return write


def arrays(game):
    return [
        game.loss, game.gradient, game.point, game.next_point, game.state.point, *game.state.moments.values(),
        *game.state.ledger.values(), *game.record.columns(), *game.record.rows(slice(0, 2)).columns(),
        game.checkpoints.between(0, 100), game.points.index.to_numpy(), game.regret.index.to_numpy(),
    ]  # fmt: skip


@program(right=0)
def arrays_of_a_game():
    game = rl.play(L.AMSGrad(), S.Mod3(), B, 30, ledger=True)
    found = arrays(game)
    return len(found) - refusals(*map(fill, found))


@program(right=0)
def arrays_of_games_side_by_side():
    found = [array for game in rl.play_all(TWO, S.Mod3(), B, 30, seeds=[0, 1]) for array in arrays(game)]
    return len(found) - refusals(*map(fill, found))


@program(right=0)
def arrays_of_a_game_of_a_vector_learner():
    found = arrays(rl.play(L.DualAveraging(), S.Mod3(), BALL, 30, ledger=True))
    return len(found) - refusals(*map(fill, found))


@program(right=0)
def arrays_of_a_game_before_the_first_round():
    game = rl.Game(L.AMSGrad(), S.Mod3(), B)
    found = [game.loss, game.gradient, game.point, *game.state.moments.values()]
    return len(found) - refusals(*map(fill, found))


@program(right=0)
def arrays_of_copied_games():
    game = rl.play(L.AMSGrad(), S.Mod3(), B, 30)
    copies = copy.copy(game), copy.deepcopy(game), pickle.loads(pickle.dumps(game))
    found = [array for one in copies for array in (one.loss, one.gradient, *one.record.columns())]
    return len(found) - refusals(*map(fill, found))


@program(right=0.0)
def tables_of_a_game_are_copies():
    game = rl.play(L.AMSGrad(), S.Rademacher(2), F.Box([-1.0, -1.0], [1.0, 1.0]), 30)
    before = game.points.copy(), game.regret.copy()
    for table in (game.points, game.regret, game.regret_against([0.5, 0.5]), game.regret_against_best()):
        table.iloc[:, :] = 9.0
        table["x_1"] = 3.0
    shared = np.shares_memory(game.points.to_numpy(), game.record.point)
    return float(shared or not (game.points.equals(before[0]) and game.regret.equals(before[1])))


@program(right=[0.613013667368967, 0.613013667368967])
def a_sum_that_somebody_wanted_to_write_to():
    game = rl.play(L.OGD(), S.Mod3(), B, 3)
    refusals(fill(game.loss), fill(game.gradient), fill(game.record.loss))
    return [game.extend(6).regret.loss.iloc[-1], rl.play(L.OGD(), S.Mod3(), B, 6).regret.loss.iloc[-1]]


@program(right=0.5)
def a_start_that_is_written_to_later():
    start = np.array([0.5])
    game = rl.Game(L.OGD(), S.Mod3(), B, start=start)
    start[0] = 0.9
    return game.extend(3).points.x_1.iloc[0]


@program(right=[1, 2, 5, 10])
def checkpoints_that_are_written_to_later():
    rounds = np.array([2, 5])
    game = rl.Game(L.OGD(), S.Mod3(), B, checkpoints=rounds)
    rounds[:] = 7
    return game.extend(10).points.index.tolist()


# -- arguments that are slips --------------------------------------------------------------------------------


@program(refused="did you mean horizon?")
def the_horizon_by_its_letter():
    return rl.play(L.OGD(), S.Mod3(), B, T=10)


@program(refused="did you mean feasible_set?")
def the_set_by_its_letter():
    return rl.play(L.OGD(), S.Mod3(), F=B, horizon=10)


@program(refused="did you mean seeds?")
def one_seed_for_compare():
    return rl.compare(TWO, S.Mod3(), B, 10, seed=0)


@program(refused="did you mean checkpoints?")
def checkpoints_misspelt():
    return rl.play_all(TWO, S.Mod3(), B, 10, checkpoint=[5])


@program(refused="did you mean seed?")
def seeds_for_one_game():
    return rl.play(L.OGD(), S.Mod3(), B, 10, seeds=3)


@program(refused="make an instance of it")
def a_class_in_the_place_of_a_learner():
    return rl.play(L.OGD, S.Mod3(), B, 10)


@program(refused="make an instance of it")
def a_class_in_the_place_of_losses():
    return rl.compare([L.OGD()], S.Mod3, B, 10)


@program(refused="make an instance of it")
def a_class_in_the_place_of_a_set():
    return rl.play_all([L.OGD()], S.Mod3(), F.Box, 10)


@program(refused="is not a Losses")
def a_function_in_the_place_of_losses():
    return rl.play(L.OGD(), lambda t: 1.0, B, 10)


@program(refused="must be an iterable")
def one_learner_for_compare():
    return rl.compare(L.OGD(), S.Mod3(), B, 10)


@program(refused="must be an iterable")
def a_name_for_compare():
    return rl.compare("ogd", S.Mod3(), B, 10)


@program(refused="must be an iterable")
def one_seed_for_play_all():
    return rl.play_all([L.OGD()], S.Mod3(), B, 10, seeds=3)


@program(refused="is not a Learner")
def a_name_in_a_mapping():
    return rl.compare({"a": "ogd"}, S.Mod3(), B, 10)


@program(refused="stands twice")
def a_seed_that_stands_twice():
    return rl.compare(TWO, S.Rademacher(), B, 10, seeds=[0, 1, 0])


@program(refused="ledger='no'")
def a_ledger_that_is_a_text():
    return rl.play(L.OGD(), S.Mod3(), B, 10, ledger="no")


@program(refused="compiled='false'")
def compiled_that_is_a_text():
    return rl.play(L.OGD(), S.Mod3(), B, 10, compiled="false")


@program(refused="progress=1")
def progress_that_is_a_number():
    return rl.play(L.OGD(), S.Mod3(), B, 10, progress=1)


@program(refused="is not a Game")
def a_table_of_a_table():
    return rl.to_frame([rl.play(L.OGD(), S.Mod3(), B, 10).regret])


@program(refused="must be an iterable")
def a_table_of_one_game():
    return rl.to_frame(rl.play(L.OGD(), S.Mod3(), B, 10))


@program(refused="one label for each")
def too_few_labels():
    return rl.to_frame([rl.play(L.OGD(), S.Mod3(), B, 10)], [])


@program(right=[2, 2])
def learners_that_look_alike_keep_their_rows():
    @dataclass(frozen=True)
    class Quiet(L.OGD):
        secret: float = field(default=1.0, repr=False)

        def update(self, state, gradient):
            return L.OGD.update(self, state, self.secret * np.asarray(gradient, float))

    frame = rl.compare([Quiet(0.5, 1.0), Quiet(0.5, 0.1)], S.Mod3(), B, 10)
    return [frame.learner.nunique(), frame[frame.t == 10].x_1.nunique()]


# -- errors --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Breaks(S.LinearLosses):
    at: int = 7

    def gradients(self, t):
        return np.where(t == self.at, np.nan, 1.0)[:, None]


@program(refused="no round was played")
def a_failure_in_the_first_round():
    return rl.play(L.OGD(), Breaks(1), B, 10)


@program(refused="the 6 rounds before it are kept")
def a_failure_in_a_later_round():
    return rl.play(L.OGD(), Breaks(7), B, 10)


@program(right=[1.0, 4.0])
def the_game_of_an_error_is_the_one_that_failed():
    @dataclass(frozen=True)
    class Huge(L.Algorithm1):
        size: float = 1.0

        @staticmethod
        def rule(g, s, size):
            return (s + size * g,), g, 1.0

    learners = [Huge(0.1, size) for size in (2.0, 1.0, 4e307, 3.0)]
    try:
        rl.play_all(learners, S.Periodic([1.0, 4.0]), B, 20, compiled=False)
    except rl.GameError as error:
        return [float(error.game.learner is learners[2]), float(len(error.games))]
