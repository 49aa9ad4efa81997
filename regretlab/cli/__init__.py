"""The command line: ``regretlab list``, ``compare``, ``play``, ``extend``, ``sweep`` and ``reproduce``."""

from regretlab.cli.commands import main

__all__ = ["main"]
