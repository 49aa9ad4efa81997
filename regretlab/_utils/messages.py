"""Messages of errors."""

from __future__ import annotations

__all__ = ["one_line"]

_SELF_EXPLANATORY = (TypeError, ValueError, OSError, RuntimeError, ImportError)


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks.

    The type of the error comes first where the message alone may not say what is wrong, such as that of a ``KeyError``,
    which is only the key, or an empty message.
    """
    text = " ".join(str(error).split())
    return text if text and isinstance(error, _SELF_EXPLANATORY) else f"{type(error).__name__}: {text}"
