"""The formulas in the table: each means what the primitive computes, and is good LaTeX."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest
from matplotlib.mathtext import math_to_image
from scipy import special

from autograd_mini.chainrule.formula import Formula, fill, number, product, symbol
from autograd_mini.chainrule.writer import entry
from autograd_mini.primitive import REGISTRY, ArrayPrimitive, Elementwise, Primitive

LETTERS = {letter: symbol(letter) for letter in ("x", "y", "w", "z")}
POINTS = [(0.7, 0.4, 0.9), (0.3, 0.8, 0.2)]  # in the domain of nearly each; x > y and x < y
MOVED = {"arccosh": (1.7,), "polygamma": (2.0, 0.8)}  # and of these

ELEMENTWISE = [p for p in REGISTRY.values() if isinstance(p, Elementwise)]
ARRAYS = [p for p in REGISTRY.values() if isinstance(p, ArrayPrimitive)]


def evaluate(text: str, **letters: float) -> float:
    """Return the number that a formula written as plain text stands for."""
    for sign, python in {"−": "-", "·": "*", "²": "**2", "≥": ">=", "≤": "<=", "≠": "!="}.items():
        text = text.replace(sign, python)
    text = re.sub(r"\|(.)\|", r"abs(\1)", text)
    text = re.sub(r"√(\w)", r"sqrt(\1)", text).replace("√(", "sqrt(").replace("^", "**")
    text = text.replace("[", "(1.0 * (").replace("]", "))").replace(" = ", " == ")
    text = re.sub(r"(?<![a-zσΦφ])([0-9a-z])(\(|(?=[xyz]\b))", r"\1*\2", text)
    functions = {
        "sigma": lambda x: 1.0 / (1.0 + math.exp(-x)),
        "ln": math.log,
        "sign": lambda x: math.copysign(1.0, x),
        "e": math.e,
        "max": max,
        "min": min,
        "abs": abs,
        "pi": math.pi,
        "Phi": lambda x: 0.5 + 0.5 * math.erf(x / math.sqrt(2.0)),
        "phi": lambda x: math.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi),
        "arcsin": math.asin,
        "arccos": math.acos,
        "arctan": math.atan,
        "digamma": special.digamma,
        "polygamma": special.polygamma,
        **{name: getattr(math, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
        **{name: getattr(math, name) for name in ("sqrt", "floor", "trunc")},
    }
    for sign, name in {"σ": "sigma", "π": "pi", "Φ": "Phi", "φ": "phi"}.items():
        text = text.replace(sign, name)
    return float(eval(text, {"__builtins__": {}}, functions | letters))


@pytest.mark.parametrize("primitive", ELEMENTWISE, ids=lambda p: p.name)
@pytest.mark.parametrize("point", POINTS)
def test_partials_are_written_right(primitive: Elementwise, point: tuple[float, ...]):
    """Each formula of a partial, read as arithmetic, gives the number of the rule beside it."""
    operands = MOVED.get(primitive.name, point)[: primitive.arity]
    if primitive.sides is not None:  # a piecewise one is defined left of its kink too
        operands = (point[0] - 0.5, *operands[1:])
    z = primitive.scalar(*operands)
    letters = dict(zip("xyw", operands, strict=False)) | {"z": z}
    for i, partial in enumerate(primitive.partials):
        if callable(partial):
            _, _, formula = entry(primitive.latex, i).rpartition(" = ")
            text = fill(formula, **LETTERS).text
            assert evaluate(text, **letters) == pytest.approx(
                float(partial(z, *operands)), rel=1e-14
            )


@pytest.mark.parametrize(
    "primitive", [p for p in ELEMENTWISE if p.formula is not None], ids=lambda p: p.name
)
@pytest.mark.parametrize("point", POINTS)
def test_operations_are_written_right(primitive: Elementwise, point: tuple[float, ...]):
    """Each formula of an operation, read as arithmetic, gives what the primitive computes."""
    operands = MOVED.get(primitive.name, point)[: primitive.arity]
    text = fill(primitive.formula, **LETTERS).text
    letters = dict(zip("xyw", operands, strict=False))
    assert evaluate(text, **letters) == pytest.approx(primitive.scalar(*operands), rel=1e-14)


@pytest.mark.parametrize("primitive", ARRAYS, ids=lambda p: p.name)
def test_each_operand_of_an_array_primitive_has_a_formula(primitive: ArrayPrimitive):
    """The table writes a VJP for every operand, in terms of the cotangent dz."""
    expected = 1 if callable(primitive.vjps) else len(primitive.vjps)
    assert len(primitive.latex) == expected
    assert all("{dz" in latex for latex in primitive.latex)


@pytest.mark.parametrize("primitive", REGISTRY.values(), ids=lambda p: p.name)
def test_every_formula_is_latex(primitive: Primitive):
    """Matplotlib's parser takes each formula, with simple and with composed operands."""
    composed = fill("{x}-{y}", x=symbol("p"), y=symbol("q"))
    for template in (primitive.formula, *primitive.latex):
        if template is None:
            continue
        for operand in (symbol("x"), composed, symbol("layers.0.W[3,1]")):
            letters = dict.fromkeys(("x", "y", "w", "z", "dz"), operand)
            written = fill(template, **letters, n=number(4.0))
            math_to_image(f"${written.latex}$", io.BytesIO())
            assert not set(written.text) & set("\\{}")


def test_parentheses_where_they_are_needed_and_only_there():
    """A sum is put in parentheses as a factor or base, not as a fraction's part or an argument."""
    total = fill("{x}-{y}", x=symbol("a"), y=symbol("y"))
    assert fill("2{x}", x=total).text == "2(a − y)"
    assert fill("{x}^2", x=total).text == "(a − y)²"
    assert fill(r"\cos({x})", x=total).text == "cos(a − y)"
    assert fill(r"\frac{{1}}{{{x}}}", x=total).latex == r"\frac{1}{a-y}"
    assert fill(r"\frac{{1}}{{{x}}}", x=total).text == "1/(a − y)"
    assert fill(r"\prod {x}", x=symbol("a")).text == "Π a"
    assert fill("{x}+{y}", x=total, y=symbol("b")).text == "a − y + b"
    assert fill("{x}-{y}", x=symbol("b"), y=total).text == "b − (a − y)"
    assert product([total, number(-2.0), symbol("w")]).text == "(a − y) · (−2) · w"


def test_numbers_in_formulas():
    """x¹ is x, 2·x is 2x, an exponent less one is computed, and a word keeps its distance."""
    power = REGISTRY["power"].latex[0]
    x = symbol("x")
    assert fill(power, x=x, y=number(2.0)).text == "2x"
    assert fill(power, x=x, y=number(3.0)).text == "3x²"
    assert fill(power, x=x, y=number(3.0)).latex == "3x^{2}"
    assert fill(power, x=x, y=symbol("y")).text == "y·x^(y − 1)"
    assert fill("2{x}", x=symbol("layers.0.W")).text == "2·layers.0.W"
    assert fill(r"{x}\,{y}", x=number(2.0), y=number(3.0)).text == "2·3"


def test_shapes_stand_below_their_factors():
    """A transpose has its shape reversed, and text and shapes keep one column."""
    dz, x = symbol("dz").above((5, 3)), symbol("x").above((5, 2))
    written = fill(r"{dz.T}\;{x}", dz=dz, x=x)
    assert written.text == " dzᵀ   ·   x   "
    assert written.below == "(3, 5)   (5, 2)"
    assert r"\underset{(3, 5)}" in written.latex
    assert isinstance(written, Formula)
    assert np.shape(dz.shape) == (2,)
