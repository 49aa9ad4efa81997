"""BLAS has one thread while games are played and comparators are found, so that all machines add in the same order."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import threadpoolctl

import regretlab as rl
from regretlab._utils import blas

ABLE: set[str] = set()
"""The BLAS libraries that can have two threads; another package's own may be made for one."""


def threads():
    libraries = threadpoolctl.threadpool_info()
    return {each["num_threads"] for each in libraries if each["user_api"] == "blas" and each["filepath"] in ABLE}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpoolctl.threadpool_limits(2, "blas"):
        ABLE.clear()
        ABLE.update(each["filepath"] for each in threadpoolctl.threadpool_info() if each["num_threads"] == 2)
        if threads() != {2}:
            pytest.skip("this BLAS has one thread only")
        yield
        assert threads() == {2}


def test_one_thread_until_the_last_leaves_its_block():
    inside, leave = threading.Barrier(2), threading.Event()

    def stay():
        with blas.one_blas_thread():
            inside.wait()
            leave.wait()

    other = threading.Thread(target=stay)
    with blas.one_blas_thread():
        other.start()
        inside.wait()
        assert threads() == {1}
    assert threads() == {1}  # the other one is still inside
    leave.set()
    other.join()
    assert threads() == {2}


def test_an_error_restores_the_threads():
    with pytest.raises(ZeroDivisionError), blas.one_blas_thread():
        raise ZeroDivisionError
    assert threads() == {2}


class Watching(rl.losses.ConvexLosses):
    """f_t(x) = (x - 1/2)^2; notes how many threads BLAS may use."""

    seen = set()

    def value(self, t, x):
        self.seen.update(threads())
        return float((x[0] - 0.5) ** 2)

    def gradient(self, t, x):
        self.seen.update(threads())
        return 2.0 * (x - 0.5)


def test_games_and_comparators_have_one_thread():
    game = rl.play(rl.learners.OGD(), Watching(), rl.sets.Box(-1.0, 1.0), 5)
    assert Watching.seen == {1}
    for measure in (
        lambda: game.regret,
        lambda: game.interval_regret(),
        lambda: game.regret_against([0.25]),
        lambda: game.dynamic_regret(lambda t: np.full((len(t), 1), 0.25)),
    ):
        Watching.seen.clear()
        measure()
        assert Watching.seen == {1}


SCRIPT = """if True:
    import regretlab as rl
    ball, learners, losses = rl.sets.L2Ball(1.0), rl.learners, rl.losses
    game = rl.play(learners.OGD(), losses.RandomLeastSquares(30), ball, 3000, checkpoints=[3000])
    print(game.regret.to_numpy().tobytes().hex())
    print(rl.play(learners.OnlineNewtonStep(), losses.RandomLogistic(120), ball, 20).point.tobytes().hex())
"""


def numbers(**environment):
    """The regret of a game with a comparator that is found, and the last point of a learner with a full matrix."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ | environment, capture_output=True, text=True, check=True,
        timeout=120,
    )  # fmt: skip
    return [np.frombuffer(bytes.fromhex(line)) for line in done.stdout.split()]


@pytest.fixture(scope="module")
def usual():
    return numbers()


def test_other_numbers_of_threads_give_the_same_bits(usual):
    """Dask's workers have OPENBLAS_NUM_THREADS=1; the sums are long enough to be split among two threads."""
    for n in ("1", "2"):
        for found, expected in zip(numbers(OPENBLAS_NUM_THREADS=n), usual, strict=True):
            assert found.tobytes() == expected.tobytes()


def test_another_kind_of_processor_changes_the_last_bits_only(usual):
    """The exception that the docstrings of `sweep` and of the learners with a full matrix name."""
    for found, expected in zip(numbers(OPENBLAS_CORETYPE="Prescott"), usual, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
