"""Games: one learner, one loss sequence, one feasible set, one seed; played, read, certified, plotted and saved.

:class:`Game` is a :class:`~regretlab.engine.trajectory.Trajectory` with methods; each of them calls one function of the
layers below.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Self

from regretlab._utils.types import ArrayLike, Rounds
from regretlab._utils.validation import known_arguments, listed
from regretlab.analysis.diagnostics import Diagnosis, diagnose
from regretlab.analysis.plots import plot_game
from regretlab.analysis.summary import as_html, as_text
from regretlab.analysis.tables import labelled, to_frame
from regretlab.certificates import Certificate, certify
from regretlab.engine.checkpoints import Checkpoints
from regretlab.engine.driver import play_on, play_side_by_side
from regretlab.engine.replay import with_ledger
from regretlab.engine.saved_games import load_game, save_game
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.regret import measures
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Game", "compare", "play", "play_all", "to_frame"]


class Game(Trajectory):
    """A learner, a loss sequence, a feasible set and a seed, and the rounds that they have played.

    In round t = 1, ..., T the learner plays x_t in F, pays f_t(x_t) and sees g_t, a subgradient of f_t at x_t.
    A new game has no rounds yet; :func:`play` makes one and plays it.

    Parameters
    ----------
    learner : Learner
        Such as ``rl.learners.AMSGrad(alpha=0.5)``.
    losses : Losses
        The loss sequence, such as ``rl.losses.Mod3(C=3.0)``; it decides the dimension d.
    feasible_set : FeasibleSet
        F, such as ``rl.sets.Box(-1.0, 1.0)``; it takes the dimension of the losses if it has none of its own.
    seed : int
        At least 0; with the round t it decides the draws of a random sequence.
    start : float or array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    checkpoints : iterable of int, optional
        Rounds to record besides the first and the last one; by default about 32 per decade.
    ledger : bool
        Whether to keep the running sums that certificates need.  Without them :meth:`certify` plays the game a
        second time.

    Attributes
    ----------
    learner, losses, feasible_set, seed, checkpoints
        As given; ``feasible_set`` has the dimension of the losses.
    horizon : int
        T, the number of rounds played so far.
    state : State
        The learner's state: x_{T+1} and its moments.
    loss, gradient : arrays (2, d)
        Row 0: sum_t f_t(x_t) by coordinate, or sum_t g_t.  Row 1: its rounding error.
    record : Record
        Points and sums at the checkpoints.

    Raises
    ------
    TypeError
        When a part is of the wrong kind.
    ValueError
        When a value is out of range, or the parts do not fit together, e.g. a start outside F.

    Examples
    --------
    >>> import regretlab as rl
    >>> game = rl.Game(rl.learners.OGD(alpha=0.5), rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0))
    >>> game.extend(300).horizon
    300
    """

    # -- playing ----------------------------------------------------------------------

    def extend(
        self,
        horizon: int,
        *,
        block: int | None = None,
        compiled: bool | None = None,
        progress: bool | None = None,
    ) -> Self:
        """Play on until ``horizon`` rounds are played, and return this game.

        The result has the same bits as a game that plays all rounds at once.

        Parameters
        ----------
        horizon : int
            At least the number of rounds played already.
        block, compiled, progress : optional
            As for :func:`play`.

        Raises
        ------
        TypeError
            When ``horizon`` is not a number, or ``block`` not an integer.
        ValueError
            When ``horizon`` or ``block`` is not a number of rounds, or more rounds are played already.
        GameError, GameInterrupted
            When a round fails, or on Ctrl-C; this game keeps the rounds before it.
        """
        play_on(self, horizon, block=block, compiled=compiled, progress=progress)
        return self

    def with_ledger(self) -> Self:
        """This game if it has a ledger; else the same game with one, for which every round is played once more.

        A second call does not play these rounds again.

        Raises
        ------
        TypeError
            When the learner is of a class that keeps no ledger.
        """
        return with_ledger(self)

    # -- reading ----------------------------------------------------------------------

    @property
    def regret(self) -> pd.DataFrame:
        """R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u) at the checkpoints.

        Columns loss, comparator_loss, regret, average_regret, by round t.  The comparator is the best point for the
        rounds up to t.  Linear losses have a row for each checkpoint, other losses for about eight checkpoints per
        decade.  Where a solver finds the comparator, there is a column gap: R_t lies in [regret, regret + gap].

        Raises
        ------
        TypeError
            When the losses are adaptive and not linear.
        ValueError
            When F is unbounded, unless the comparator has a closed form.
        """
        return measures.regret_frame(measures.best_in_hindsight(self))

    def regret_at(self, rounds: ArrayLike) -> pd.DataFrame:
        """R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u) at these checkpoints t, in increasing order.

        Columns as in :attr:`regret`, with a row for each of these checkpoints whatever the losses are.

        Raises
        ------
        TypeError
            When the rounds are not integers, and as for :attr:`regret`.
        ValueError
            When a round is not recorded (the message names it), and as for :attr:`regret`.
        """
        return measures.regret_frame(measures.best_in_hindsight_at(self, rounds))

    def regret_against(self, u: ArrayLike) -> pd.DataFrame:
        """R_t(u) = sum_{s<=t} [f_s(x_s) - f_s(u)] for a fixed point u of F, at the checkpoints.

        ``u`` is an array (d,), or a number for d = 1; the columns are those of :attr:`regret`.

        Raises
        ------
        TypeError
            When the losses are adaptive and not linear.
        ValueError
            When u is not a point of F.
        """
        return measures.regret_frame(measures.against(self, u))

    def regret_against_best(self) -> pd.DataFrame:
        """R_t(u) for the best point of the whole horizon, u = argmin_{v in F} sum_{s<=T} f_s(v), at the checkpoints.

        Columns and errors are those of :attr:`regret`.
        """
        return measures.regret_frame(measures.best_at_the_end(self))

    def dynamic_regret(self, path: ArrayLike | Callable[[Rounds], ArrayLike]) -> pd.DataFrame:
        """sum_{s<=t} [f_s(x_s) - f_s(u_s)] against a path u_1, u_2, ... in F, at the checkpoints.

        ``path`` is an array (T, d), or a function of an array of rounds (n,) that returns (n, d).  The columns are
        those of :attr:`regret`, and path_length: sum_{2<=s<=t} ||u_s - u_{s-1}||_2.

        Raises
        ------
        TypeError
            When the losses are adaptive and not linear.
        ValueError
            When ``path`` has a wrong shape, or leaves F.
        """
        return measures.regret_frame(measures.against_path(self, path))

    def interval_regret(self, lengths: ArrayLike | None = None, stride: int | None = None) -> pd.DataFrame:
        """For each length w, the largest regret on a window of w rounds,

            max_r { sum_{r<=s<r+w} f_s(x_s) - min_{u in F} sum_{r<=s<r+w} f_s(u) },

        over the windows that start at r = 1, 1 + stride, 1 + 2 stride, ...

        A table by length, with the first and the last round of the worst window and the columns of :attr:`regret`.

        Parameters
        ----------
        lengths : array of int, optional
            By default T, T/2, T/4, ...: down to 1 for linear losses, to T/64 for others.
        stride : int, optional
            By default w/64 for linear losses, w/2 for others.  With stride = 1 these are all windows.  Memory holds
            w/stride sums for each length.

        Raises
        ------
        TypeError
            When ``lengths`` or ``stride`` are not integers; when the losses are adaptive and not linear.
        ValueError
            When one is below 1, or a length is above T; when F is unbounded.
        """
        return measures.interval_regret(self, lengths, stride)

    def certify(self, theorem: str | None = None) -> Certificate:
        """An upper bound on the regret, each hypothesis checked on the game: :func:`regretlab.certify`."""
        return certify(self, theorem)

    def diagnose(self) -> Diagnosis:
        """Gamma_t, effective stepsizes, gradients seen and distance travelled, at the checkpoints."""
        return diagnose(self)

    def plot(self) -> Figure:
        """A figure of three panels: average regret; regret with a sqrt(t) guide on log-log axes; x_t.

        Raises
        ------
        TypeError, ValueError
            As for :attr:`regret`; also when no round has been played.
        """
        return plot_game(self)

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    # -- keeping ----------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the game to one file, whole or not at all; :meth:`load` reads it.

        Raises
        ------
        TypeError
            When a part cannot be written as text, e.g. a schedule that is a function, or its code uses a value that no
            text identifies, such as a generator.
        OSError
            When the file cannot be written.
        """
        save_game(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, trust: Iterable[str] = ()) -> Self:
        """The game that :meth:`save` wrote to ``path``; :meth:`extend` plays on.

        Parameters
        ----------
        path : path
        trust : iterable of str, optional
            Modules that the file may import, such as ``["mine"]``.  Without it, only classes of regretlab and of
            modules that are imported already are made: to import a module is to run its code.

        Raises
        ------
        ValueError
            When the file is damaged or of another format; when a class that it names does not exist, is in a module
            that is not trusted, or has other code than when the game was saved; when the numbers in it are not those
            of a game of its learner, losses and set.
        OSError
            When the file cannot be opened.

        Warns
        -----
        UserWarning
            When the file was written by another version of regretlab or Python, and the code cannot be compared.
        """
        return load_game(path, cls, trust)


@known_arguments
def play(
    learner: Learner,
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seed: int = 0,
    start: ArrayLike | None = None,
    checkpoints: Iterable[int] | Checkpoints | None = None,
    ledger: bool = False,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> Game:
    """Play a game: in round t the learner plays x_t in F, pays f_t(x_t) and sees a subgradient g_t of f_t at x_t.

    Parameters
    ----------
    learner : Learner
        Such as ``rl.learners.AMSGrad(alpha=0.5)``.
    losses : Losses
        The loss sequence; it decides the dimension d.
    feasible_set : FeasibleSet
        F; it takes the dimension of the losses if it has none of its own.
    horizon : int
        T, the number of rounds, at least 1.
    seed : int
        At least 0; with the round t it decides the draws of a random sequence.
    start : float or array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    checkpoints : iterable of int, optional
        Rounds to record besides the first and the last one; by default about 32 per decade.
    ledger : bool
        Whether to keep the running sums that certificates need.  Without them :meth:`Game.certify` plays the game a
        second time.
    block : int, optional
        Rounds that are played at a time; Ctrl-C waits for the end of a compiled block. Changes no bit of the result.
    compiled : bool, optional
        Whether to compile the loop over rounds; by default where that is faster. Changes no bit of the result.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    Game
        With T rounds played.

    Raises
    ------
    TypeError, ValueError
        Before round 1, when a part is of the wrong kind, a value is out of range or the parts do not fit together.
    GameError, GameInterrupted
        When a round fails, or on Ctrl-C; ``.game`` of the exception holds the rounds before it.

    Examples
    --------
    >>> import regretlab as rl
    >>> game = rl.play(rl.learners.AMSGrad(alpha=0.5), rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 3000)
    >>> game.point  # near -1, the best fixed point
    array([-1.])
    >>> print(f"R_T / T = {game.regret['average_regret'].iloc[-1]:.4f}")
    R_T / T = 0.0010
    """
    game = Game(learner, losses, feasible_set, seed=seed, start=start, checkpoints=checkpoints, ledger=ledger)
    return game.extend(horizon, block=block, compiled=compiled, progress=progress)


@known_arguments
def play_all(
    learners: Iterable[Learner],
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seeds: Iterable[int] = (0,),
    start: ArrayLike | None = None,
    checkpoints: Iterable[int] | Checkpoints | None = None,
    ledger: bool = False,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> list[Game]:
    """Play each learner at each seed, all games side by side; for a seed all learners meet the same losses.

    Parameters
    ----------
    learners : iterable of Learner
    seeds : iterable of int
        Each at least 0.
    losses, feasible_set, horizon, start, checkpoints, ledger, block, compiled, progress
        As for :func:`play`, for all games.

    Returns
    -------
    list of Game
        The games of the first learner in the order of the seeds, then those of the second, and so on.

    Raises
    ------
    TypeError, ValueError
        Before round 1, as for :func:`play`.
    GameError, GameInterrupted
        When a round of a game fails, or on Ctrl-C; ``.games`` of the exception holds the games up to then.

    Examples
    --------
    >>> import regretlab as rl
    >>> learners = [rl.learners.AMSGrad(alpha=0.5), rl.learners.OGD(alpha=0.5)]
    >>> games = rl.play_all(learners, rl.losses.Rademacher(), rl.sets.Box(-1.0, 1.0), 100, seeds=range(3))
    >>> [(type(game.learner).__name__, game.seed) for game in games[2:4]]
    [('AMSGrad', 2), ('OGD', 0)]
    """
    return play_side_by_side(
        Game, learners, losses, feasible_set, horizon, seeds=seeds, start=start, checkpoints=checkpoints,
        ledger=ledger, block=block, compiled=compiled, progress=progress,
    )  # fmt: skip


@known_arguments
def compare(
    learners: Mapping[str, Learner] | Iterable[Learner],
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seeds: Iterable[int] = (0,),
    start: ArrayLike | None = None,
    checkpoints: Iterable[int] | Checkpoints | None = None,
    ledger: bool = False,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Play every learner at every seed and put the games in one table.

    Parameters
    ----------
    learners : mapping or iterable of Learner
        A mapping gives the labels of the column ``learner``; otherwise a label is the class name, or the learner's
        repr where a class occurs twice.
    losses, feasible_set, horizon, seeds, start, checkpoints, ledger, block, compiled, progress
        As for :func:`play_all`.

    Returns
    -------
    DataFrame
        Columns learner, seed, t, loss, comparator_loss, regret, average_regret, x_1..x_d: a row for every checkpoint of
        every game, or for losses that are not linear, for about eight checkpoints per decade.  Where a solver finds the
        comparators, there is a column gap too.

    Raises
    ------
    TypeError, ValueError
        Before round 1, as for :func:`play`; also when there is no learner or no seed.
    GameError, GameInterrupted
        As for :func:`play_all`.

    Examples
    --------
    >>> import regretlab as rl
    >>> learners = [rl.learners.Adam(alpha=0.5, beta1=0.0, beta2=0.1), rl.learners.AMSGrad(alpha=0.5)]
    >>> frame = rl.compare(learners, rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 3000)
    >>> frame.groupby("learner")["average_regret"].last().round(2).to_dict()
    {'AMSGrad': 0.0, 'Adam': 0.67}
    """
    named = learners if isinstance(learners, Mapping) else labelled(listed("learners", learners))
    games = play_all(
        named.values(), losses, feasible_set, horizon, seeds=seeds, start=start, checkpoints=checkpoints,
        ledger=ledger, block=block, compiled=compiled, progress=progress,
    )  # fmt: skip
    per_learner = len(games) // max(1, len(named))
    return to_frame(games, [label for label in named for _ in range(per_learner)])
