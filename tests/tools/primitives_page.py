"""Write `docs/primitives.md` from the registry: `python -m tests.tools.primitives_page`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from autograd_mini.chainrule.formula import Formula, fill, number, symbol
from autograd_mini.dispatch import BY_METHOD
from autograd_mini.ops import NUMPY
from autograd_mini.primitive import BY_UFUNC, REGISTRY, Elementwise, Primitive

PAGE = Path(__file__).parents[2] / "docs" / "primitives.md"

# A room owns what it declares; those further down import from those above.
ROOMS = [
    *("ops.comparisons", "ops.arithmetic", "ops.selection", "ops.rounding", "ops.exponential"),
    *("ops.logistic", "ops.trigonometry", "ops.special", "ops.activations"),
    *("ops.reductions", "ops.statistics", "ops.softmaxes", "ops.scans", "ops.ordering"),
    *("ops.shaping", "ops.moving", "ops.joining", "ops.indexing", "ops.one_hot"),
    "ops.updates",
    *("ops.linalg", "ops.products", "ops.subscripts"),
    *("ops.solving", "ops.determinants", "ops.triangular"),
    *("ops.spectral", "ops.singular", "ops.norms"),
    *("ops.random", "ops.kinds", "transforms.checkpointing"),
]

HEAD = """\
# The table of primitives

Made from the code by `python -m tests.tools.primitives_page`; a test fails when it is out of date.

Every operation is declared once with its local derivatives, and all else follows from them. Below,
x, y and w are the operands, z is the result and dz its cotangent. Elementwise operations are given
by their partials, ∂z/∂x and so on; the cotangent of x is then dz times the partial. For array
operations the cotangent of each operand is given whole. The right-most column says what holds at
kinks, ties and singular points.

"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    owned: set[str] = set()
    for name in ROOMS:
        room = import_module(f"autograd_mini.{name}")
        primitives = [p for p in primitives_of(room) if p.name not in owned]
        owned.update(p.name for p in primitives)
        title = (room.__doc__ or "").split("\n")[0].rstrip(".")
        parts.append(f"## {title}\n\nIn `{name}`.\n\n")
        if primitives:
            parts.append("| name | of | formula | derivatives | convention |\n")
            parts.append("| --- | --- | --- | --- | --- |\n")
            parts += [row(p) for p in primitives]
        composed = [*functions_of(room)]
        if composed:
            parts += ["\nFunctions:\n\n", *composed]
        parts.append("\n")
    parts.append(numpy_section())
    return "".join(parts)


def primitives_of(room: ModuleType) -> Iterator[Primitive]:
    """Yield the primitives that a room names, in the order of their declaration."""
    named = {id(x) for x in vars(room).values() if isinstance(x, Primitive)}
    return (p for p in REGISTRY.values() if id(p) in named)


def functions_of(room: ModuleType) -> Iterator[str]:
    """Yield the public functions of a room that are no primitives, a line each."""
    for name in getattr(room, "__all__", []):
        function = getattr(room, name)
        own = name not in REGISTRY and getattr(function, "__module__", "") == room.__name__
        if own and not isinstance(function, Primitive):
            first = (function.__doc__ or "").split("\n")[0]
            yield f"- `{name}`: {first}\n"


def row(primitive: Primitive) -> str:
    """Return the row of a primitive."""
    of = "Value, Tensor" if primitive.scalar is not None else "Tensor"
    letters = ["x", "y", "w"][: primitive.arity] if primitive.arity is not None else ["x", "..."]
    operands = ", ".join(f"{{{c}}}" if c.isalpha() else c for c in letters)
    name = primitive.name.replace("_", r"\_")
    formula = written(primitive.formula or rf"\mathrm{{{{{name}}}}}({operands})")
    cells = [f"`{primitive.name}`", of, formula, derivatives(primitive), primitive.convention]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def derivatives(primitive: Primitive) -> str:
    """Return the formulas of the derivatives by all operands."""
    if type(primitive) is Primitive:
        return "none"
    if isinstance(primitive, Elementwise):
        texts = []
        for i, partial in enumerate(primitive.partials):
            if callable(partial):
                template = primitive.latex[i].partition(" = ")
                texts.append(written(template[2] or template[0]))
            else:
                texts.append(f"${number(partial).latex}$")
        return ", ".join(texts)
    return ", ".join(written(template) for template in primitive.latex)


def written(template: str) -> str:
    """Return a template of the table as LaTeX between dollar signs."""
    operands: dict[str, Formula] = {name: symbol(name) for name in ("x", "y", "w", "z", "n")}
    operands["dz"] = Formula("dz", "dz")
    return f"${fill(template, **operands).latex}$"


def numpy_section() -> str:
    """Return which of NumPy's functions record."""
    functions = sorted({name_of(f) for f in NUMPY})
    ufuncs = sorted({f"np.{f.__name__}" for f in BY_UFUNC})
    methods = sorted(f"np.{ufunc.__name__}.{method}" for ufunc, method in BY_METHOD)
    return (
        "## NumPy\n\n"
        "These record what stands for them here when an argument is a node. Others raise\n"
        "`NotImplementedError`, but for those that only read (shapes, comparisons, positions).\n\n"
        f"Ufuncs: {', '.join(f'`{name}`' for name in ufuncs)}; each also as `.outer`.\n\n"
        f"Methods of ufuncs: {', '.join(f'`{name}`' for name in methods)}.\n\n"
        f"Functions: {', '.join(f'`{name}`' for name in functions)}.\n"
    )


def name_of(function: object) -> str:
    """Return a NumPy function as users write it."""
    name = getattr(function, "__name__", "")
    in_linalg = getattr(np.linalg, name, None) is function
    return (
        f"np.linalg.{name}"
        if in_linalg and getattr(np, name, None) is not function
        else f"np.{name}"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
