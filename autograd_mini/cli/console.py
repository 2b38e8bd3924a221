"""How the command line fails: one line on stderr, and a status."""

from __future__ import annotations

import sys

BAD_INPUT = 2
INTERRUPTED = 130  # 128 + the number of SIGINT, as shells have it


def fail(message: str) -> int:
    """Print one line on stderr and return the status of bad input."""
    print(f"autograd-mini: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT
