"""The command `autograd-mini`: every failure becomes one line on stderr and an exit status."""

from __future__ import annotations

import io
import sys

from autograd_mini.cli.console import INTERRUPTED, fail
from autograd_mini.errors import AutogradError
from autograd_mini.extras import require_modules


def main() -> None:
    """Run the command line and exit: with 0, 2 after bad input, 130 after Ctrl-C."""
    # Names of columns, classes and files may be in any script, and file names no text at all.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line with some arguments and return its exit status."""
    try:
        require_modules("typer", "tqdm", "pandas", "matplotlib", extra="cli")
        from autograd_mini.cli.commands import call

        return call(arguments or ["--help"])
    except AutogradError as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except MemoryError:
        return fail("there is not enough memory; take a smaller file or smaller --hidden")
    except KeyboardInterrupt:
        fail("interrupted")
        return INTERRUPTED
