"""The import of a module that numba compiles, also where its machine code cannot be kept."""

from __future__ import annotations

import sys
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any


def compiled_module(name: str) -> Any:
    """Return a module whose functions numba compiles when it is imported, and keeps if it can.

    Numba keeps machine code beside the module, in `NUMBA_CACHE_DIR`, or in the user's cache. Where
    it can write to none of them it raises; here the code then serves this process alone.
    """
    try:
        return import_module(name)
    except (OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "cannot cache" not in str(error):
            raise
    import numba

    print(
        "autograd_mini: there is no folder to keep compiled code in, so it is compiled for this "
        "process alone (some 20 seconds) ...; set NUMBA_CACHE_DIR to a folder that can be written",
        file=sys.stderr,
    )
    config: Any = numba.config
    given = config.CACHE_DIR
    with TemporaryDirectory() as folder:
        config.CACHE_DIR = folder
        try:
            return import_module(name)
        finally:
            config.CACHE_DIR = given
