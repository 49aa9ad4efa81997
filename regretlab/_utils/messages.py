"""Error messages."""

from __future__ import annotations

__all__ = ["one_line"]

_SELF_EXPLANATORY = (TypeError, ValueError, OSError, RuntimeError, ImportError)


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks.

    The name of the error's type comes first when the message is empty, or when messages of that type do not explain
    themselves: the message of a ``KeyError`` is only the key.
    """
    text = " ".join(str(error).split())
    return text if text and isinstance(error, _SELF_EXPLANATORY) else f"{type(error).__name__}: {text}"
