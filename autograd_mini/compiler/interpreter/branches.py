"""The branches of the compiled interpreters for what is no primitive, as source, by name.

Those for floats do the instructions from `first` to `last`, with the registers s; those for lanes
do one instruction, with the registers r of m lanes, in loops over n, which is m or a little more.
Arithmetic of a block with a float that all lanes share has branches of its own: `multiply.vs` is
for a block x (a vector) and a shared y. Other shared operands are first spread over a block.
"""

from __future__ import annotations

import textwrap

SCALAR_BRANCHES = {
    "multiply_add": """\
for k in range(first, last):
    s[d[k]] = s[x[k]] * s[y[k]] + s[z[k]]""",
    "multiply_subtract": """\
for k in range(first, last):
    s[d[k]] = s[z[k]] - s[x[k]] * s[y[k]]""",
    "multiply_adds": """\
for k in range(first, last):
    total = s[x[k]]
    for t in range(y[k], z[k]):
        total += s[terms[t, 0]] * s[terms[t, 1]]
    s[d[k]] = total""",
}


def _with_shared(shared: str, expression: str) -> str:
    return f"w = s[{shared}]\nfor i in range(n):\n    r[d, i] = {expression}"


def _chain(start: str) -> str:
    """Return the loops that add the terms x to y to a start: each pass reads and writes all of d.

    The first pass takes the start and what there is beyond a multiple of four, the others four.
    """
    first = "\nel".join(f"if rest == {k}:\n{_pass(range(k), start)}" for k in (1, 2, 3))
    return f"""\
rest = (y - x) % 4
{first}
else:
{_pass(range(4), start)}
for t in range(x + (rest or 4), y, 4):
{_pass(range(4), "r[d, i]", "t")}"""


def _pass(terms: range, start: str, first: str = "x") -> str:
    """Return a loop over the lanes for these terms, counted from the one called `first`."""
    lines = [f"w{j}, x{j} = s[terms[{first} + {j}, 0]], terms[{first} + {j}, 1]" for j in terms]
    products = [f" + w{j} * r[x{j}, i]" for j in terms]
    lines += [
        "for i in range(n):",
        f"    total = {start}{''.join(products[:2])}",
        f"    r[d, i] = total{''.join(products[2:])}",
    ]
    return textwrap.indent("\n".join(lines), "    ")


LANE_BRANCHES = {
    "add.vs": _with_shared("y", "r[x, i] + w"),
    "subtract.vs": _with_shared("y", "r[x, i] - w"),
    "subtract.sv": _with_shared("x", "w - r[y, i]"),
    "multiply.vs": _with_shared("y", "r[x, i] * w"),
    "divide.vs": _with_shared("y", "r[x, i] / w"),
    "divide.sv": _with_shared("x", "w / r[y, i]"),
    "spread": _with_shared("x", "w"),
    "gate": _with_shared("y", "(1.0 if r[x, i] > w else 0.0) * r[z, i]"),
    "multiply_add": """\
for i in range(n):
    r[d, i] = r[x, i] * r[y, i] + r[d, i]""",
    "multiply_adds": _chain("r[d, i]"),
    "multiply_adds.s": "w = s[z]\n" + _chain("w"),
    "load": """\
for i in range(m):
    r[d, i] = lanes[x, place + np.uintp(i)]""",
    "store": """\
for i in range(m):
    results[d, begin + np.uintp(i)] = r[x, i]""",
    "lane_sum": "sums[d] += _sum(r, x, m)",
    "lane_dot": "sums[d] += _dot(r, x, y, m)",
    "lane_dots": """\
for t in range(x, y - 3, 4):  # by four: each pass reads all of z
    x0, x1 = terms[t, 1], terms[t + 1, 1]
    x2, x3 = terms[t + 2, 1], terms[t + 3, 1]
    totals = _dots(r, z, x0, x1, x2, x3, m)
    for j in range(4):
        sums[terms[t + j, 0]] += totals[j]
for t in range(y - (y - x) % 4, y):
    sums[terms[t, 0]] += _dot(r, terms[t, 1], z, m)""",
    "lane_sum.exact": """\
for i in range(m):
    sums[d] += r[x, i]""",
    "lane_dot.exact": """\
for i in range(m):
    sums[d] += r[x, i] * r[y, i]""",
}
