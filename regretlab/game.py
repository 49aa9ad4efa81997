"""Games: one learner, one loss sequence, one feasible set, one seed, and the record of having played."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab import regret as _regret
from regretlab._typing import Array, ArrayLike, Rounds
from regretlab.driver import advance
from regretlab.learners.base import Learner, State
from regretlab.losses.base import Losses
from regretlab.record import Checkpoints, Record
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from regretlab.certificates import Certificate
    from regretlab.diagnostics import Diagnosis

__all__ = ["Game", "play", "rounds_to_play"]


class Game:
    """A learner, a sequence, a set and a seed, played for ``horizon`` rounds.

    Parameters
    ----------
    learner : Learner
    losses : Losses
    feasible_set : FeasibleSet
        F; takes the dimension of the losses if it has none of its own.
    seed : int
        Decides the draws of a random sequence, together with the round.
    start : array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    checkpoints : iterable of int, optional
        The rounds to record besides the first and the last; by default about 32
        per decade.
    ledger : bool
        Keep the ledger that certificates are made from (:mod:`regretlab.ledger`).
        Without it, :meth:`certify` plays the game again.

    Attributes
    ----------
    state : State
        The learner's state; ``state.t`` rounds are played.
    record : Record
        What is known at the checkpoints.
    loss, gradient : arrays (2, d)
        sum_t f_t(x_t) by coordinate and sum_t g_t, each with its rounding error.

    Raises
    ------
    TypeError, ValueError
        When the parts do not fit together: before round 1.
    """

    def __init__(
        self,
        learner: Learner,
        losses: Losses,
        feasible_set: FeasibleSet,
        *,
        seed: int = 0,
        start: ArrayLike | None = None,
        checkpoints: Iterable[int] | Checkpoints | None = None,
        ledger: bool = False,
    ) -> None:
        for name, value, kind in (
            ("learner", learner, Learner),
            ("losses", losses, Losses),
            ("feasible_set", feasible_set, FeasibleSet),
        ):
            if not isinstance(value, kind):
                hint = "; make an instance of it" if isinstance(value, type) else ""
                raise TypeError(f"{name}={value!r} is not a {kind.__name__}{hint}")
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"seed={seed!r} must be an integer of at least 0")
        d = losses.dimension
        self.learner = learner
        self.losses = losses
        self.feasible_set = feasible_set.with_dimension(d)
        self.seed = int(seed)
        self.checkpoints = Checkpoints.of(checkpoints)
        if start is not None:
            shape = np.shape(start)
            start = np.full(d, start, dtype=np.float64) if shape == () else np.asarray(start, dtype=np.float64)
            if start.shape != (d,):
                raise ValueError(f"start has shape {shape}, the losses have dimension {d}")
        learner.check(losses)
        first = learner.start(self.feasible_set, start)
        self.state = learner.with_ledger(first) if ledger else first
        self.loss: Array = np.zeros((2, d))
        self.gradient: Array = np.zeros((2, d))
        self.record = Record.empty(d, len(self.state.ledger))
        self._again: Game | None = None

    # -- playing ----------------------------------------------------------------------

    @property
    def horizon(self) -> int:
        """T, the number of rounds played."""
        return self.state.t

    def extend(self, horizon: int, **how: Any) -> Game:
        """Play on until ``horizon`` rounds are played, and return this game.

        The result has the same bits as a game played to ``horizon`` at once.
        ``how``: the keywords of :func:`regretlab.driver.advance`.
        """
        T = rounds_to_play(horizon)
        if T < self.horizon:
            raise ValueError(f"horizon={horizon!r}: {self.horizon} rounds are played already")
        advance([self], T, **how)
        return self

    def append(self, state: State, loss: Array, gradient: Array, parts: Sequence[Record]) -> None:
        """Take over what the driver has played (called by the driver)."""
        if state.t == self.horizon:
            return
        kept = (
            slice(None) if self.horizon in self.checkpoints else slice(-1)
        )  # or else the row of the former last round
        self.record = Record.join([self.record.rows(kept), *parts])
        self.state, self.loss, self.gradient = state, loss, gradient

    # -- reading ----------------------------------------------------------------------

    @property
    def point(self) -> Array:
        """x_{T+1}: (d,), what the learner would play next."""
        return self.state.point

    @property
    def points(self) -> pd.DataFrame:
        """x_t at the checkpoints: columns x_1..x_d, by round t."""
        import pandas as pd

        columns = [f"x_{i + 1}" for i in range(self.point.size)]
        return pd.DataFrame(self.record.point, index=pd.Index(self.record.t, name="t"), columns=columns)

    @property
    def regret(self) -> pd.DataFrame:
        """R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u) at the checkpoints.

        Columns loss, comparator_loss, regret, average_regret, by round t.  The
        comparator is the best point for the prefix.  Where it is found
        numerically there is a column gap: the regret lies in [regret, regret + gap].
        """
        return _regret.regret_frame(_regret.best_in_hindsight(self))

    def regret_at(self, rounds: ArrayLike) -> pd.DataFrame:
        """R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u) at these checkpoints t, in increasing order.

        Columns as in :attr:`regret`, which gives all checkpoints of linear losses and
        some of others; here a comparator is looked for at these rounds only.

        Raises
        ------
        TypeError
            For anything but integers.
        ValueError
            Naming the rounds that are not recorded.
        """
        return _regret.regret_frame(_regret.best_in_hindsight_at(self, rounds))

    def regret_against(self, u: ArrayLike) -> pd.DataFrame:
        """R_t(u) = sum_{s<=t} f_s(x_s) - f_s(u) for a fixed point u of F, at the checkpoints."""
        return _regret.regret_frame(_regret.against(self, u))

    def regret_against_best(self) -> pd.DataFrame:
        """R_t(u) for the best point of the whole horizon, u = argmin_{v in F} sum_{s<=T} f_s(v), at the checkpoints."""
        return _regret.regret_frame(_regret.best_at_the_end(self))

    def dynamic_regret(self, path: ArrayLike | Callable[[Rounds], ArrayLike]) -> pd.DataFrame:
        """sum_{s<=t} f_s(x_s) - f_s(u_s) against a path u_1, u_2, ... in F, at the checkpoints.

        ``path`` is an array (T, d), or a function of an array of rounds (n,) that
        gives (n, d).  The column path_length is sum_{2<=s<=t} ||u_s - u_{s-1}||_2.
        """
        return _regret.regret_frame(_regret.against_path(self, path))

    def interval_regret(self, lengths: ArrayLike | None = None, stride: int | None = None) -> pd.DataFrame:
        """max over windows [r, r + w) of sum_{s in [r, r + w)} f_s(x_s) - min_{u in F} of the same sum of f_s(u).

        By length w: the worst window, its first and last round, and the columns of
        :attr:`regret`.  The windows start at the rounds 1, 1 + stride, 1 + 2 stride, ...

        Parameters
        ----------
        lengths : array of int, optional
            By default T, T/2, T/4, ...: down to 1 for linear losses, to T/64 for others.
        stride : int, optional
            By default w/64 for linear losses, w/2 for others.  With stride = 1 these
            are all windows; w/stride sums are kept in memory for each length.
        """
        return _regret.over_windows(self, lengths, stride)

    def certify(self, theorem: str | None = None) -> Certificate:
        """An upper bound on the regret with each hypothesis checked: see :func:`regretlab.certificates.certify`."""
        from regretlab.certificates import certify

        return certify(self, theorem)

    def diagnose(self) -> Diagnosis:
        """Gamma_t, effective stepsizes, gradients, distance travelled: see :func:`regretlab.diagnostics.diagnose`."""
        from regretlab.diagnostics import diagnose

        return diagnose(self)

    def with_ledger(self) -> Game:
        """This game, if it keeps a ledger; else the same game, played again with one (and remembered).

        Raises
        ------
        TypeError
            When the learner is of a class that keeps no ledger.
        """
        if self.state.ledger:
            return self
        if not self.learner.entries():
            raise TypeError(f"{self.learner!r} keeps no ledger, which a certificate is made from")
        if self._again is None or self._again.horizon != self.horizon:
            start = self.record.point[0] if self.horizon else self.point
            how: Any = {"seed": self.seed, "checkpoints": self.checkpoints, "start": start}
            again = self._again or Game(self.learner, self.losses, self.feasible_set, ledger=True, **how)
            self._again = again.extend(self.horizon)
        return self._again

    def plot(self) -> Figure:
        """Average regret; regret beside a sqrt(T) guide on log-log axes; x_t."""
        from regretlab.plots import plot_game

        return plot_game(self)

    def _summary(self) -> dict[str, str]:
        rows = {
            "learner": repr(self.learner),
            "losses": repr(self.losses),
            "feasible set": repr(self.feasible_set),
            "seed": str(self.seed),
            "x_{T+1}": np.array2string(self.point, precision=6, threshold=8),
        }
        if self.horizon and self.losses.linear and self.feasible_set.bounded:  # a comparator in closed form
            last = self._last_regret()
            rows |= {"R_T": f"{last:.6g}", "R_T/T": f"{last / self.horizon:.6g}"}
        elif self.horizon:
            rows["loss"] = f"{self.loss.sum():.6g}"
        return rows

    def _last_regret(self) -> float:
        record = self.record.rows(slice(-1, None))
        comparators = _regret.linear_comparators(record, self.feasible_set)
        return float(_regret.total(record.loss)[0] - comparators.loss[0])

    def __repr__(self) -> str:
        lines = [f"  {name:<12}  {text}" for name, text in self._summary().items()]
        return "\n".join([f"Game of {self.horizon:,} rounds", *lines])

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in self._summary().items())
        return f"<table><caption>Game of {self.horizon:,} rounds</caption>{rows}</table>"

    # -- keeping ----------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the game to one file, whole or not at all; :meth:`load` and :meth:`extend` go on with it.

        Raises
        ------
        TypeError
            When a part cannot be named in a file, e.g. a schedule that is a function.
        """
        from regretlab.saving import save_game

        save_game(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Game:
        """The game that :meth:`save` wrote to ``path``.

        Raises
        ------
        ValueError
            When the file is damaged, of another format, or needs a class that is not there.
        """
        from regretlab.saving import load_game

        return load_game(path)


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
    **how: Any,
) -> Game:
    """Play ``horizon`` rounds: x_t in F is played, f_t(x_t) is paid, g_t in the subdifferential is seen.

    Parameters are those of :class:`Game`; ``how``: the keywords of
    :func:`regretlab.driver.advance`.

    Raises
    ------
    TypeError, ValueError
        Before round 1, when the parts do not fit together.
    GameError, GameInterrupted
        When a round fails, or on Ctrl-C; ``.game`` of the exception is the game so far.
    """
    T = rounds_to_play(horizon)
    game = Game(learner, losses, feasible_set, seed=seed, start=start, checkpoints=checkpoints, ledger=ledger)
    return game.extend(T, **how)


def rounds_to_play(horizon: object) -> int:
    """``horizon`` as an integer; ``ValueError`` unless it is a number of rounds, at least 1."""
    whole = isinstance(horizon, int | np.integer) or (isinstance(horizon, float) and horizon.is_integer())
    if isinstance(horizon, bool) or not whole or horizon < 1:  # type: ignore[operator]
        raise ValueError(f"horizon={horizon!r} must be a number of rounds: an integer of at least 1")
    return int(horizon)  # type: ignore[call-overload,no-any-return]
