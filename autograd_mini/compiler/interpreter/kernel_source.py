"""The source of the compiled interpreters, made from the table of primitives.

`python -m autograd_mini.compiler.interpreter.kernel_source` writes it to `kernels.py`, which is
kept in the repository; after a change of the table, run it again.

An interpreter is one loop over instructions (opcode, result, x, y, z) that chooses what to do by
the opcode. Its branches are loops again, since each choice costs more than a sum. That for floats
chooses once for a run of instructions with the same opcode, that for lanes once for a block of
lanes. The branches of what is no primitive are in `branches.py`.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

import autograd_mini  # noqa: F401  # fills the table
from autograd_mini.compiler.interpreter.branches import LANE_BRANCHES, SCALAR_BRANCHES
from autograd_mini.compiler.interpreter.transcription import UntranscribableError, transcribe
from autograd_mini.primitive import REGISTRY, Elementwise, Primitive


def main() -> None:
    """Write `kernels.py`."""
    Path(__file__).with_name("kernels.py").write_text(source(), encoding="utf-8")


def source() -> str:
    """Return the source of `kernels.py`."""
    primitives, functions, _ = transcriptions()
    scalars = {
        p.name: f"for k in range(first, last):\n"
        f"    s[d[k]] = {_written_out(p, functions, 's[{}[k]]')}"
        for p in primitives
    }
    lanes = {
        p.name: f"for i in range({_length(p, functions)}):\n"
        f"    r[d, i] = {_written_out(p, functions, 'r[{}, i]')}"
        for p in primitives
    }
    scalars |= SCALAR_BRANCHES
    lanes |= LANE_BRANCHES
    branches = "\n".join([*scalars.values(), *lanes.values()])
    return TEMPLATE.format(
        functions="\n\n".join(f"@inner\n{text}" for text in _called(functions, branches)),
        primitives=_listed(p.name for p in primitives),
        scalar_extras=_listed(SCALAR_BRANCHES),
        lane_extras=_listed(LANE_BRANCHES),
        scalar_branches=textwrap.indent(_branches(scalars), " " * 8),
        lane_branches=textwrap.indent(_branches(lanes), " " * 12),
    )


def transcriptions() -> tuple[list[Primitive], dict[str, str], dict[str, str]]:
    """Return the primitives that can be compiled, the functions they need, and why others can't."""
    primitives: list[Primitive] = []
    functions: dict[str, str] = {}
    absent: dict[str, str] = {}
    for primitive in REGISTRY.values():
        if isinstance(primitive, Elementwise):
            try:
                transcribe(primitive, functions)
                primitives.append(primitive)
            except UntranscribableError as reason:
                absent[primitive.name] = str(reason)
    return primitives, functions, absent


def _written_out(primitive: Primitive, functions: Mapping[str, str], form: str) -> str:
    """Return a primitive of operands written in a form: a short expression, or else a call.

    A function costs numba a tenth of a second, an expression next to nothing.
    """
    name = f"_{primitive.name}"
    function = ast.parse(functions[name]).body[0]
    assert isinstance(function, ast.FunctionDef)
    operands = {x.arg: form.format("xyz"[j]) for j, x in enumerate(function.args.args)}
    first = function.body[0]
    call = f"{name}({', '.join(operands.values())})"
    if not isinstance(first, ast.Return):
        return call
    for node in ast.walk(first):
        if isinstance(node, ast.Name):
            node.id = operands.get(node.id, node.id)
    expression = ast.unparse(first).removeprefix("return ")
    return expression if len(expression) <= 60 else call


def _called(functions: Mapping[str, str], text: str) -> list[str]:
    """Return the functions that are called in a text, or by one another."""
    kept: list[str] = []
    for name in reversed([*functions]):
        if re.search(rf"\b{name}\(", text):
            kept.append(functions[name])
            text += functions[name]
    return kept[::-1]


def _length(primitive: Primitive, functions: Mapping[str, str]) -> str:
    """Return how many lanes a loop must do: all of arithmetic, those that count of what is slow."""
    return "m" if "(" in functions[f"_{primitive.name}"].split("return", 1)[1] else "n"


def _listed(names: Iterable[str]) -> str:
    lines = textwrap.wrap(", ".join(f'"{name}"' for name in names), 90)
    return textwrap.indent("\n".join(lines) + ",", "    ")


def _branches(bodies: Mapping[str, str]) -> str:
    """Return the chain of `if`s, which LLVM makes one jump by a table."""
    return "\n".join(
        f"{'elif' if opcode else 'if'} op == {opcode}:  # {name}\n{textwrap.indent(body, '    ')}"
        for opcode, (name, body) in enumerate(bodies.items())
    )


TEMPLATE = '''\
"""Interpreters of programs, compiled by numba.

Made from the table of primitives; never edit. To make it anew:
python -m autograd_mini.compiler.interpreter.kernel_source
"""

import math
from functools import partial

import numpy as np
from numba import njit

# IEEE arithmetic: infinities and NaN where Python raises, and no product fused with a sum
function = partial(njit, error_model="numpy", nogil=True)
inner = function(no_cpython_wrapper=True, no_cfunc_wrapper=True)

PRIMITIVES = [
{primitives}
]
"""The primitives that are compiled."""

SCALAR_NAMES = [
    *PRIMITIVES,
{scalar_extras}
]
"""The operations on floats, by opcode."""

LANE_NAMES = [
    *PRIMITIVES,
{lane_extras}
]
"""The operations on blocks of lanes, by opcode."""


{functions}

# Sums in any order, and so of several lanes at once


@function(fastmath={{"reassoc"}}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sum(r, x, m):
    total = -0.0
    for i in range(m):
        total += r[x, i]
    return total


@function(fastmath={{"reassoc"}}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _dot(r, x, y, m):
    total = -0.0
    for i in range(m):
        total += r[x, i] * r[y, i]
    return total


@function(fastmath={{"reassoc"}}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _dots(r, z, x0, x1, x2, x3, m):
    total0 = total1 = total2 = total3 = -0.0
    for i in range(m):
        total0 += r[x0, i] * r[z, i]
        total1 += r[x1, i] * r[z, i]
        total2 += r[x2, i] * r[z, i]
        total3 += r[x3, i] * r[z, i]
    return total0, total1, total2, total3


@inner
def run_scalars(code, terms, s):
    """Execute instructions on the floats s, run by run, each after its opcode and its length."""
    d, x, y, z = code[0], code[1], code[2], code[3]
    last = 0
    while last < len(d):
        op, first = d[last], last + 1
        last = first + x[last]
{scalar_branches}


@inner
def run_lanes(code, terms, s, r, block, lanes, results, first, last, sums):
    """Execute instructions on the lanes from `first` to `last`, block by block, in registers r.

    The columns of `results` are for all lanes, those of `lanes` for these.
    """
    for start in range(first, last, block):
        m = min(block, last - start)
        n = (m + 15) // 16 * 16  # vectorised loops then end without a remainder
        begin = np.uintp(start)  # no index is negative, which need not be looked after
        place = np.uintp(start - first)
        for k in range(len(code)):
            op, d, x, y, z = code[k, 0], code[k, 1], code[k, 2], code[k, 3], code[k, 4]
{lane_branches}


CODE, REGISTERS, BLOCKS = "uint32[:,::1]", "uint32[::1]", "float64[:,::1]"
FLOATS, COUNT = "float64[::1]", "int64"


@function(
    f"void({{CODE}}, {{CODE}}, {{CODE}}, {{CODE}}, {{FLOATS}}, {{BLOCKS}}, {{COUNT}}, "
    f"{{FLOATS}}, {{BLOCKS}}, {{BLOCKS}}, {{COUNT}}, {{COUNT}}, {{FLOATS}}, {{REGISTERS}}, "
    f"{{FLOATS}}, {{REGISTERS}})",
    cache=True,
)
def replay(
    before, lane_code, after, terms, s, r, block,
    shared, lanes, lane_results, first, last, sums, sum_registers,
    shared_results, result_registers,
):
    """Execute a program, or the parts of it that are given, on the lanes from first to last.

    Sums without registers go on from what they are.
    """
    for j in range(len(shared)):
        s[j] = shared[j]
    for j in range(len(sum_registers)):
        sums[j] = 0.0
    run_scalars(before, terms, s)
    run_lanes(lane_code, terms, s, r, block, lanes, lane_results, first, last, sums)
    for j in range(len(sum_registers)):
        s[sum_registers[j]] = sums[j]
    run_scalars(after, terms, s)
    for j in range(len(result_registers)):
        shared_results[j] = s[result_registers[j]]
'''

if __name__ == "__main__":
    main()
