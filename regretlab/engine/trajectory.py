"""A game as data: who plays, the rounds played so far, and the points and sums at the checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import flag, real_array, whole
from regretlab.engine.checkpoints import Checkpoints, Record
from regretlab.engine.membership import check_start
from regretlab.learners.base import Learner, State
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
from regretlab.sets.answers import check_answers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Trajectory", "check_played"]


def check_played(game: object) -> None:
    """Raise ``TypeError`` unless this is a game, and ``ValueError`` unless a round has been played."""
    if not isinstance(game, Trajectory):
        hint = "; make an instance of it" if isinstance(game, type) else ""
        raise TypeError(f"game={game!r} is not a Game{hint}")
    if game.horizon == 0:
        raise ValueError("the game has no rounds yet: horizon=0; play it with extend first")


class Trajectory:
    """The rounds that a learner has played against a sequence on a set.

    All layers read it, and only the driver appends to it.  :class:`regretlab.Game` is
    a trajectory with methods that play on, find comparators, certify, plot and save.

    Parameters
    ----------
    learner : Learner
    losses : Losses
    feasible_set : FeasibleSet
        F; takes the dimension of the losses if it has none of its own.
    seed : int
        At least 0; the seed and the round decide the draws of a random sequence.
    start : float or array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    checkpoints : iterable of int, optional
        The rounds to record besides the first and the last; by default about 32 per decade.
    ledger : bool
        Whether to keep the running sums that certificates need (:mod:`regretlab.learners.ledger`).

    Attributes
    ----------
    state : State
        The learner's state; ``state.t`` rounds are played.
    record : Record
        Points and sums at the checkpoints.
    loss, gradient : arrays (2, d)
        Row 0: sum_t f_t(x_t) by coordinate, or sum_t g_t.  Row 1: its rounding error.

    Raises
    ------
    TypeError, ValueError
        Before round 1, when the parts do not fit together.
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
        whole(0, seed=seed)
        flag(ledger=ledger)
        d = losses.dimension
        self.learner = learner
        self.losses = losses
        self.feasible_set = feasible_set.with_dimension(d)
        check_answers(self.feasible_set, d)
        self.seed = int(seed)
        self.checkpoints = Checkpoints.of(checkpoints)
        if start is not None:
            given = real_array("start", start, "(d,)", 0, 1)
            start = np.full(d, given) if given.ndim == 0 else given
            if start.shape != (d,):
                raise ValueError(f"start has shape {given.shape}, the losses have dimension {d}")
        learner.check(losses)
        first = learner.start(self.feasible_set, start)
        check_start(learner, first, self.feasible_set, start)
        self.state = learner.with_ledger(first) if ledger else first
        self.loss: Array = np.zeros((2, d))
        self.gradient: Array = np.zeros((2, d))
        self.record = Record.empty(d, len(self.state.ledger))
        self.close()

    def append(self, state: State, loss: Array, gradient: Array, parts: Sequence[Record]) -> None:
        """Add the rounds that the driver has played: the state and sums after them, and their checkpoints."""
        if state.t == self.horizon:
            return
        # the row of the former last round stays only if that round is a checkpoint
        earlier = slice(None) if self.horizon in self.checkpoints else slice(-1)
        self.record = Record.join([self.record.rows(earlier), *parts]).read_only()
        self.state, self.loss, self.gradient = state, loss, gradient
        self.close()

    def close(self) -> None:
        """Make the sums read-only; state and record are."""
        for sums in (self.loss, self.gradient):
            sums.setflags(write=False)

    def __setstate__(self, attributes: dict[str, Any]) -> None:  # copies and pickles of arrays can be written to
        self.__dict__.update(attributes)
        self.close()

    @property
    def horizon(self) -> int:
        """T, the number of rounds played."""
        return self.state.t

    @property
    def point(self) -> Array:
        """x_{T+1}: (d,), what the learner would play next."""
        return self.state.point

    @property
    def next_point(self) -> Array:
        """x_{T+1}: the same as :attr:`point`, by a name that cannot be taken for :attr:`points`, the x_t."""
        return self.state.point

    @property
    def points(self) -> pd.DataFrame:
        """x_t at the checkpoints: columns x_1..x_d, by round t."""
        import pandas as pd

        columns = [f"x_{i + 1}" for i in range(self.point.size)]
        return pd.DataFrame(self.record.point.copy(), index=pd.Index(self.record.t, name="t"), columns=columns)
