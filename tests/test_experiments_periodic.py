"""The figures of the periodic theory: parts of their data are computed again, and games agree with predictions."""

import numpy as np
import pytest
from stored_figures import data

from regretlab import experiments
from regretlab.analysis.periodic import (
    adam_drift,
    beta2_star,
    drift,
    smallest_failing_period,
    stochastic_drift,
    travel_time,
)
from regretlab.learners import Adam
from regretlab.losses import ReddiOnline

divergence_region, c_min = experiments.divergence_region, experiments.c_min
random_losses, speed = experiments.stochastic_drift, experiments.speed_of_learners


# -- the divergence region ---------------------------------------------------------


def test_the_drift_changes_sign_on_the_boundaries_and_nowhere_else():
    rows = data("divergence_region").query("quantity == 'boundary' and period <= 301")
    for P, beta2, rest in rows[["period", "beta2", "value"]].to_numpy()[::9]:
        pattern = ReddiOnline(10.0 * P, 10.0, int(P)).pattern[:, 0]
        others = np.geomspace(1.0, 1e-6, 50)
        away = np.abs(np.log(others / rest)) > 1e-5
        fails = adam_drift(pattern, 1.0 - others, beta2) < 0.0
        assert (fails == (others > rest))[away].all(), (P, beta2)


def test_regions_grow_with_the_period():
    numbers = divergence_region.fingerprint(data("divergence_region"))
    shares, stars = (
        [numbers[f"P = {P}: {what}"] for P in divergence_region.PERIODS]
        for what in ("share of the square", "beta2* for beta1 = 0")
    )
    assert shares == sorted(shares)
    assert shares[-1] > 0.999
    assert stars == sorted(stars)
    assert stars[0] == pytest.approx(float(beta2_star(3.0)), abs=1e-11)


def test_games_end_where_the_region_says():
    games = data("divergence_region").query("quantity == 'game'")
    arrived = games[games["value"].abs() > 0.9]
    assert len(arrived) >= 0.85 * len(games)
    for beta1, beta2, x in arrived[["beta1", "beta2", "value"]].to_numpy():
        (h,) = drift(Adam(1.0, beta1, beta2), ReddiOnline())
        assert np.sign(x) == -np.sign(h), (beta1, beta2)


# -- the shortest failing period ---------------------------------------------------


def test_c_min_comes_out_the_same():
    frame = data("c_min")
    for beta1, beta2, C in frame.sample(60, random_state=1)[["beta1", "beta2", "value"]].to_numpy():
        assert smallest_failing_period(beta1, beta2) == C
    usual = frame[frame["quantity"] == "usual"].set_index(["beta1", "beta2"])["value"]
    assert usual[0.9, 0.99] == 30
    assert usual[0.9, 0.999] == 74


# -- random losses -----------------------------------------------------------------


def test_quadrature_comes_out_the_same_and_games_agree():
    frame = data("stochastic_drift")
    exact = frame[frame["quantity"] == "exact"]
    for problem, beta1, beta2, value in exact[["problem", "beta1", "beta2", "value"]].to_numpy()[::7]:
        assert stochastic_drift(random_losses.PROBLEMS[problem], beta1, beta2) == pytest.approx(
            value, rel=1e-8, abs=1e-11
        )
    numbers = random_losses.fingerprint(frame)
    for problem in random_losses.PROBLEMS:
        assert numbers[f"{problem}: largest distance in standard errors"] < 5.0
    assert numbers["1010 or -10, beta1 = 0: beta2*, boundary"] == pytest.approx(0.9996, abs=1e-8)
    assert numbers["100 or -10, beta1 = 0.9: beta2*, boundary"] == pytest.approx(0.97305540, abs=1e-8)


# -- speed -------------------------------------------------------------------------


def test_speeds_come_out_the_same():
    frame = data("speed_of_learners")
    again = speed.compute(longest=10_000).dropna()
    both = again.merge(frame, on=["regime", "learner"], suffixes=("", "_stored"))
    both = both[np.isclose(both["alpha"], both["alpha_stored"])]
    assert len(both) == len(again) > 10
    for column in ("predicted", "measured", "end"):
        np.testing.assert_allclose(both[column], both[f"{column}_stored"], rtol=1e-9)


def test_learners_arrive_when_predicted():
    frame = data("speed_of_learners").dropna()
    slow = frame[(frame["regime"] == "constant") & (frame["alpha"] <= 1.1e-3)]
    assert len(slow) > 20
    assert (slow["measured"] / slow["predicted"]).between(0.97, 1.04).all()
    small = frame[(frame["regime"] != "constant") & (frame["alpha"] < 0.011)]
    assert (small["measured"] / small["predicted"]).between(0.9, 1.15).all()
    for name, family in speed.FAMILIES.items():
        row = frame[frame["learner"] == name].iloc[0]
        (T,) = travel_time(family(speed.Constant(row["alpha"])), speed.LOSSES, speed.DISTANCE)
        assert pytest.approx(T, rel=1e-9) == row["predicted"]
    wrong = set(frame.loc[frame["end"] > 0.0, "learner"])
    assert wrong == {"Adam", "DelayedAdam", "AdaBelief"}
