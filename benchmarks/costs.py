"""Memory, and the time of the import and of the first call, each measured in new processes.

Imports nothing but the standard library: on Linux a child's peak memory counts
what its parent held when it was started.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

_IMPORT = """
import json, sys, time
start = time.process_time()
import regretlab
seconds = time.process_time() - start
print(json.dumps([seconds, [name for name in ("pandas", "matplotlib") if name in sys.modules]]))
"""

_FIRST_CALL = """
import json, time
import regretlab as rl
losses, box = rl.losses.ReddiOnline(), rl.sets.Box(-1.0, 1.0)
start = time.process_time()
rl.play(rl.learners.AMSGrad(0.5), losses, box, 20_000)
one = time.process_time()
rl.play_all([rl.learners.AMSGrad(0.5 + i / 128) for i in range(64)], losses, box, 20_000)
print(json.dumps([one - start, time.process_time() - one]))
"""

_MEMORY = """
import json, resource, sys
import regretlab as rl
rl.play(rl.learners.AMSGrad(0.5), rl.losses.ReddiOnline(), rl.sets.Box(-1.0, 1.0), int(sys.argv[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kibibytes, but bytes on a Mac
print(json.dumps(peak / (2**20 if sys.platform == "darwin" else 2**10)))
"""


class Import(NamedTuple):
    """``import regretlab``, in seconds of CPU time."""

    seconds: float
    heavy: list[str]
    """Which of pandas and matplotlib were imported with it."""


class FirstCall(NamedTuple):
    """The first ``play`` and the first ``play_all`` of a process, of 20 000 rounds, in seconds of CPU time."""

    play: float
    play_all: float
    files: int
    """Files that the process added to the cache folder, or changed there."""


def importing(times: int) -> Import:
    """The median time of the import over several processes."""
    seconds, heavy = zip(*(_fresh(_IMPORT) for _ in range(times)), strict=True)
    return Import(statistics.median(seconds), heavy[0])


def first_call(cache: Path) -> FirstCall:
    """The first calls of a process that caches compiled functions in the folder ``cache``."""
    before = _files(cache)
    play, play_all = _fresh(_FIRST_CALL, cache=cache)
    return FirstCall(play, play_all, len(_files(cache) - before))


def peak_memory(horizon: int, cache: Path) -> float:
    """The peak memory in MiB of a process that plays one game, with compiled functions from ``cache``."""
    return float(_fresh(_MEMORY, str(horizon), cache=cache))


def _files(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def _fresh(code: str, *arguments: str, cache: Path | None = None) -> Any:
    environment = os.environ | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
    command = [sys.executable, "-P", "-c", code, *arguments]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
