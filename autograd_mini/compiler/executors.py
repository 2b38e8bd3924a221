"""Executors: what runs a program. Which one, is a matter of speed alone."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.numpy_executor import NumpyExecutor
from autograd_mini.compiler.program import Program
from autograd_mini.compiler.rows import Rows
from autograd_mini.errors import DataError
from autograd_mini.extras import require_modules

Engine = Literal["auto", "numpy", "numba"]

ENGINES = ("auto", "numpy", "numba")


class Executor(Protocol):
    """A program made ready to run; several threads may run it at once."""

    engine: str

    def __call__(
        self, shared: npt.NDArray[Any], lanes: npt.NDArray[Any] | Rows | None = None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the results that all lanes share, (number,), and those of lanes, (number, m)."""


def make_executor(program: Program, engine: Engine, exact: bool) -> Executor:
    """Return what runs a program.

    Raises:
        DataError: numba was asked for and has no code for an operation of the program.
        MissingExtraError: numba was asked for and is not installed.
    """
    if engine == "numba":
        require_modules("numba", extra="fast")
    if engine == "numpy" or find_spec("numba") is None:
        return NumpyExecutor(program, exact=exact)
    from autograd_mini.compiler.interpreter.executor import NumbaExecutor, unsupported

    missing = unsupported(program)
    if not missing:
        return NumbaExecutor(program, exact=exact)
    if engine == "numba":
        raise DataError(
            f"engine 'numba' has no code for {', '.join(missing)}; engine 'numpy' runs everything, "
            "and 'auto' takes it where it must"
        )
    return NumpyExecutor(program, exact=exact)
