"""The command line."""

from autograd_mini.cli.main import main, run

__all__ = ["main", "run"]
