"""Laying out DOT text: by Graphviz's `dot` program where there is one, else by pygraphviz."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator

from autograd_mini.errors import LayoutError


def layout(source: str, format: str) -> bytes:
    """Return DOT text laid out and written in a format: svg, png, pdf ...

    Raises:
        LayoutError: there is no Graphviz, or it failed; the message carries what it said.
    """
    program = shutil.which("dot")
    if program is not None:
        done = subprocess.run(
            [program, f"-T{format}"], input=source.encode(), capture_output=True, check=False
        )
        if done.returncode == 0:
            return done.stdout
        raise LayoutError(f"dot could not draw the graph: {done.stderr.decode().strip()}")
    try:
        import pygraphviz
    except ImportError:
        raise LayoutError(
            "to draw a graph Graphviz is needed: install it (apt install graphviz, brew install "
            "graphviz ...), or pip install 'autograd_mini[render]', which brings its own. The DOT "
            "text is there without it: drawing.source"
        ) from None
    with stderr_of_c() as said:
        try:
            return pygraphviz.AGraph(string=source).draw(format=format, prog="dot")
        except Exception as error:
            raise LayoutError(f"pygraphviz could not draw the graph: {error} {said()}") from error


@contextlib.contextmanager
def stderr_of_c() -> Iterator[Callable[[], str]]:
    """Keep what C code writes to stderr; yields a function that returns it."""
    with tempfile.TemporaryFile() as kept:
        stderr = os.dup(2)
        os.dup2(kept.fileno(), 2)

        def said() -> str:
            kept.seek(0)
            return kept.read().decode(errors="replace").strip()

        try:
            yield said
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
