"""The command line: ``regretlab list``, ``compare``, ``play``, ``extend``, ``sweep``, ``reproduce`` and ``help``."""

from regretlab.cli.commands import main

__all__ = ["main"]
