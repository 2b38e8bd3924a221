"""The numba executor: a program run by the compiled interpreters of `kernels.py`."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini.compiler.interpreter.compilation import compiled_module
from autograd_mini.compiler.interpreter.encoding import encode
from autograd_mini.compiler.program import Program
from autograd_mini.compiler.rows import Rows
from autograd_mini.errors import DataError
from autograd_mini.extras import require_modules
from autograd_mini.primitive import Primitive

Floats = np.ndarray[Any, np.dtype[np.float64]]

_CACHE = 112 * 1024  # bytes for a block of all lane registers: part of the second-level cache
_VECTOR = 16  # lanes: the loops work on whole ones
_GROUP = 4096  # lanes that are summed up by themselves; a multiple of each length of a block
_WORTH = 4_000_000  # instructions times lanes from which on threads pay

_NO_ROWS, _NO_COLUMNS = np.zeros((0, 5), np.uint32), np.zeros((4, 0), np.uint32)
_NO_REGISTERS = np.zeros(0, np.uint32)
_NO_FLOATS = np.zeros(0)
_NO_LANES = np.zeros((0, 0))


class NumbaExecutor:
    """Runs a program in compiled loops; several threads may call it at once.

    Args:
        program: a final one, of operations that are compiled: see `unsupported`.
        exact: take sums over the lanes one lane after the other, in order.

    Raises:
        MissingExtraError: numba is not installed.
        DataError: an operation of the program is not among the compiled ones.
    """

    engine = "numba"

    def __init__(self, program: Program, *, exact: bool = False) -> None:
        absent = unsupported(program)
        if absent:
            raise DataError(
                f"engine 'numba' has no code for {', '.join(absent)}: it compiles primitives of "
                "this library that are arithmetic on floats; take engine 'numpy'"
            )
        kernels = _kernels()
        self._replay = kernels.replay
        self._program, self._exact = program, exact
        self._code = code = encode(program, kernels.SCALAR_NAMES, kernels.LANE_NAMES, exact=exact)
        self._widest = min(max(_CACHE // (8 * code.lane_registers) // 64 * 64, 64), 256)
        self._free: list[tuple[int, Floats, Floats, Floats, Floats]] = []  # that no call is using
        self._few = _GROUP if not exact or not len(code.sums) else sys.maxsize  # lanes
        self._counts = len(code.shared_results), code.lane_results

    def __reduce__(self) -> Any:
        return partial(NumbaExecutor, exact=self._exact), (self._program,)

    def __call__(self, shared: Floats, lanes: Floats | Rows | None = None) -> tuple[Floats, Floats]:
        """Return the results that all lanes share, and those of the lanes, (number of them, m).

        Args:
            shared: the inputs that all lanes share, in their order, of float64.
            lanes: the inputs of the lanes, (number of them, m), of float64 and laid out by rows;
                None where there are none.
        """
        code = self._code
        if lanes is None:
            lanes = _NO_LANES
        m = lanes.shape[1]
        shared_count, lane_count = self._counts
        shared_results = np.empty(shared_count)
        try:
            memory = self._free.pop()
        except IndexError:
            memory = self._new_memory(m)
        if memory[0] != m:
            memory = self._new_memory(m)
        _, s, r, sums, lane_results = memory
        if lane_count:
            lane_results = np.empty((lane_count, m))
        if m <= self._few:
            if lanes.__class__ is Rows:
                lanes = lanes[:, :]
            self._replay(
                code.before, code.lanes, code.after, code.terms, s, r, r.shape[1],
                shared, lanes, lane_results, 0, m, sums, code.sums,
                shared_results, code.shared_results,
            )  # fmt: skip
        else:
            s[: len(shared)] = shared
            self._in_groups(s, r, lanes, lane_results)
            shared_results[:] = s[code.shared_results]
        self._free.append(memory)
        return shared_results, lane_results

    def _in_groups(self, s: Floats, r: Floats, lanes: Floats | Rows, lane_results: Floats) -> None:
        """Run the parts of the program, that of the lanes group by group and on several cores."""
        code, m = self._code, lanes.shape[1]
        starts = range(0, m, _GROUP)
        sums = np.zeros((len(starts), len(code.sums)))
        groups = iter(range(len(starts)))  # each goes to one thread

        def run(
            before: Any, inner: Any, after: Any, r: Floats, first: int, last: int, sums: Floats
        ) -> None:
            own = np.ascontiguousarray(lanes[:, first:last])
            self._replay(
                *(before, inner, after, code.terms, s, r, self._widest),
                *(_NO_FLOATS, own, lane_results, first, last, sums, _NO_REGISTERS),
                *(_NO_FLOATS, _NO_REGISTERS),
            )

        def run_groups(r: Floats) -> None:
            for g in groups:
                last = min(starts[g] + _GROUP, m)
                run(_NO_COLUMNS, code.lanes, _NO_COLUMNS, r, starts[g], last, sums[g])

        run(code.before, _NO_ROWS, _NO_COLUMNS, r, 0, 0, _NO_FLOATS)
        helpers = min(_cores(), len(starts)) - 1 if m * len(code.lanes) >= _WORTH else 0
        with ThreadPoolExecutor(helpers or 1) as pool:  # which starts no thread before a submit
            futures = [
                pool.submit(run_groups, self._new_blocks(self._widest)) for _ in range(helpers)
            ]
            run_groups(r)
            for future in futures:
                future.result()
        total = sums[0]
        for others in sums[1:]:
            total += others  # in order, so that the number of cores does not matter
        s[code.sums] = total
        run(_NO_COLUMNS, _NO_ROWS, code.after, r, 0, 0, _NO_FLOATS)

    def _new_memory(self, m: int) -> tuple[int, Floats, Floats, Floats, Floats]:
        """Return what a call for m lanes works on: registers, sums, and no results of lanes.

        The registers of lanes are no wider than needed, so that what is used lies close together.
        """
        width = min(self._widest, m + -m % _VECTOR or _VECTOR)
        s, sums = self._code.shared.copy(), np.empty(len(self._code.sums))
        return m, s, self._new_blocks(width), sums, np.empty((0, m))

    def _new_blocks(self, width: int) -> Floats:
        """Return registers for so many lanes, aligned to the lines of the cache."""
        size = self._code.lane_registers * width
        memory = np.zeros(size + 8)
        start = -memory.ctypes.data // 8 % 8
        return memory[start : start + size].reshape(self._code.lane_registers, width)


def unsupported(program: Program) -> list[str]:
    """Return the names of the operations of a program that are not compiled.

    Raises:
        MissingExtraError: numba is not installed.
    """
    known = _kernels().PRIMITIVES
    found = program.operations()
    return sorted(x.name for x in found if isinstance(x, Primitive) and x.name not in known)


@cache
def _kernels() -> Any:
    """Return the module of the interpreters, which are compiled when it is first imported."""
    require_modules("numba", extra="fast")
    folder = Path(__file__).with_name("__pycache__")
    elsewhere = "NUMBA_CACHE_DIR" in os.environ or not os.access(folder.parent, os.W_OK)
    if not elsewhere and not any(folder.glob("kernels.replay-*.nbi")):
        print("autograd_mini: compiling for replay, once (some 20 seconds) ...", file=sys.stderr)
    return compiled_module("autograd_mini.compiler.interpreter.kernels")


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
