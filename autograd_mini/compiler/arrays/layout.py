"""Where the values of a program of arrays live: which are written to buffers, arrays made once.

A buffer is used again as soon as its value is no longer needed, so that the working set stays in
the cache. A view of a buffer is no work at a replay: it is there already.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.arrays.calls import call_of, is_float, quick_call, reordered_call
from autograd_mini.compiler.arrays.columns import PRODUCTS, in_columns, pay_off
from autograd_mini.compiler.program import Constant, Input, Instruction, Program
from autograd_mini.primitive import lookup

Array = npt.NDArray[Any]

VIEWS = {
    lookup(name) for name in ("reshape", "transpose", "expand_dims", "broadcast_to", "getitem")
}
"""Primitives whose result is a view of their operand, wherever NumPy can have one."""


class Layout:
    """How the values of a program are computed, and where they live.

    Args:
        program: the program.
        inputs: arrays and floats, as every run will have them: of these shapes and dtypes.
        exact: whether all is to lie where NumPy would have it, so that no bit is another.

    Attributes:
        calls: by position the function that computes a value from its operands.
        constants: by position the values of constants, as they are laid out.
        buffers: by position the buffer that a value is written to, by its number; `calls` takes it
            as `out`.
        forms: of each buffer an array like it.
        views: the positions of views of buffers and constants.
        own: the positions of results that are numbers, or surely arrays of their own.
    """

    def __init__(self, program: Program, inputs: Sequence[Any], exact: bool) -> None:
        values: list[Any] = []
        given = iter(inputs)
        self.program = program
        self.calls: dict[int, Callable[..., Any]] = {}
        self.constants: dict[int, Any] = {}
        self.views: set[int] = set()
        self.own: set[int] = set()
        places: list[Any] = [None] * len(program.entries)  # what lies there in every run
        owners = [frozenset[int]()] * len(places)  # whose buffers a value may use
        results = {*program.results}
        by_columns = not exact and pay_off(program, inputs)
        for k, entry in enumerate(program.entries):
            if not isinstance(entry, Instruction):
                if isinstance(entry, Constant):
                    value = in_columns(entry.value) if by_columns else entry.value
                    self.constants[k] = places[k] = value
                values.append(next(given) if isinstance(entry, Input) else value)
                continue
            operands = [values[x] for x in entry.operands]
            call = quick_call(entry, operands) or call_of(entry, operands)
            if not exact:
                call = reordered_call(entry, operands, by_columns) or call
            self.calls[k] = call
            values.append(call(*operands))
            if by_columns and entry.operation in PRODUCTS and k not in results:
                values[k] = in_columns(values[k])
            of_operands = frozenset[int]().union(*[owners[x] for x in entry.operands])
            base = places[entry.operands[0]] if entry.operation in VIEWS else None
            if isinstance(base, np.ndarray) and np.may_share_memory(view := call(base), base):
                places[k], owners[k] = view, of_operands
                self.views.add(k)
            elif not isinstance(values[k], np.ndarray):
                self.own.add(k)
            elif not takes_out(entry, operands):
                owners[k] = of_operands
            elif k in results:
                self.own.add(k)
            else:
                places[k], owners[k] = np.empty_like(values[k]), frozenset([k])
        self.buffers, self.forms = shared_buffers(program, places, owners)


def takes_out(entry: Instruction, operands: Sequence[Any]) -> bool:
    """Return whether an instruction can write its result into an array that is there."""
    if all(map(is_float, operands)):  # or has no operands
        return False
    return isinstance(entry.operation.array, np.ufunc) or has_out(entry.operation.array)


@cache
def has_out(f: Callable[..., Any]) -> bool:
    """Return whether a forward function takes `out`."""
    if isinstance(getattr(f, "__self__", None), np.ufunc):  # a reduction
        return True
    try:
        return "out" in inspect.signature(f).parameters
    except ValueError:  # written in C
        return False


def shared_buffers(
    program: Program, places: Sequence[Any], owners: Sequence[frozenset[int]]
) -> tuple[dict[int, int], list[Array]]:
    """Return for each value with a place of its own the number of a buffer, and the buffers.

    Args:
        program: the program.
        places: by position where a value would live if nothing was used twice.
        owners: by position the values with places of their own that a value may be a view of.
    """
    entries = program.entries
    last = {owner: k for k in range(len(entries)) for owner in owners[k]}
    for k, entry in enumerate(entries):
        for x in entry.operands if isinstance(entry, Instruction) else ():
            last.update(dict.fromkeys(owners[x], k))
    for k in program.results:
        last.update(dict.fromkeys(owners[k], len(entries)))
    buffers: dict[int, int] = {}
    forms: list[Array] = []
    free: dict[Any, list[int]] = {}
    for k, entry in enumerate(entries):
        if not isinstance(entry, Instruction):
            continue
        dying = {x for y in entry.operands for x in owners[y] if last[x] == k and x != k}
        if k in owners[k]:
            waiting = free.get(footprint(places[k]))
            heir = next((x for x in entry.operands if x in dying and x in buffers), None)
            if heir is not None and may_replace(entry, places[heir], places[k]):
                buffers[k] = buffers[heir]
                dying.discard(heir)
            elif waiting:
                buffers[k] = waiting.pop()
            else:
                buffers[k] = len(forms)
                forms.append(places[k])
        for x in sorted(dying):
            free.setdefault(footprint(places[x]), []).append(buffers[x])
    return buffers, forms


def may_replace(entry: Instruction, operand: Array, result: Array) -> bool:
    """Return whether a result may be written over an operand, element by element."""
    f = entry.operation.array
    return (
        isinstance(f, np.ufunc) and f.signature is None and footprint(operand) == footprint(result)
    )


def footprint(array: Array) -> Any:
    """Return what two arrays share that can take each other's place."""
    return array.shape, array.strides, array.dtype
