"""Error messages."""

from __future__ import annotations

import sys
import traceback

__all__ = ["one_line", "user_function"]

_OTHERS = {*sys.stdlib_module_names, "regretlab", "numpy", "numba", "scipy"}

_SELF_EXPLANATORY = (TypeError, ValueError, OSError, RuntimeError, ImportError)


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks.

    The name of the error's type comes first when the message is empty, or when messages of that type do not explain
    themselves: the message of a ``KeyError`` is only the key.
    """
    text = " ".join(str(error).split())
    return text if text and isinstance(error, _SELF_EXPLANATORY) else f"{type(error).__name__}: {text}"


def user_function(error: BaseException) -> str:
    """The name of the function of a user that an error passed through first; empty if there is none."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    own = (f for f in frames if str(f.f_globals.get("__name__")).partition(".")[0] not in _OTHERS)
    return next((f.f_code.co_qualname.replace("<locals>.", "") for f in own), "")
