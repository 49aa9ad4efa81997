"""Progress bars: none is made unless it is shown, so that no lock of tqdm stays taken when a process is killed."""

import multiprocessing
import sys

import pytest

from regretlab._utils.progress import no_progress_bars, progress_bar


@pytest.fixture
def bars(monkeypatch):
    """The bars that are made, on what seems to be a terminal."""
    import tqdm

    made, bar = [], tqdm.tqdm
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(tqdm, "tqdm", lambda **how: made.append(how) or bar(**how))
    return made


def shown(*arguments, **options):
    with progress_bar(*arguments, **options) as tick:
        tick(3)


def test_a_bar_on_a_terminal_and_on_request(bars, monkeypatch):
    shown(10, description="comparators", initial=2)
    assert bars == [{"total": 10, "initial": 2, "desc": "comparators", "unit": " rounds", "unit_scale": True,
                     "delay": 1.0, "leave": False}]  # fmt: skip
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    shown(10)
    assert len(bars) == 1
    shown(10, True)
    assert len(bars) == 2


def test_no_bar_where_it_is_not_wanted(bars, monkeypatch):
    shown(10, False)
    with no_progress_bars():
        shown(10)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: "a process that has started this one")
    shown(10)
    monkeypatch.setattr(sys, "stderr", None)
    shown(10)
    assert bars == []


def test_bars_again_after_a_block_without(bars):
    with pytest.raises(ValueError, match="mine"), no_progress_bars():
        raise ValueError("mine")
    shown(10)
    assert len(bars) == 1
