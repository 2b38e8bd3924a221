"""Formulas of the command line: computed right, and nothing but formulas."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from autograd_mini.cli.expression import (
    DEEPEST,
    FUNCTIONS,
    LONGEST,
    named_values,
    record_expression,
)
from autograd_mini.errors import ExpressionError
from autograd_mini.primitive import REGISTRY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 2", lambda x, y: x + 2),
        ("x - y*3 / 4", lambda x, y: x - y * 3 / 4),
        ("-x**2", lambda x, y: -(x**2)),
        ("(-x)**2 ** 1", lambda x, y: (-x) ** 2),
        ("+x", lambda x, y: x),
        (" tanh( x*y )\n+ exp(-x) ", lambda x, y: math.tanh(x * y) + math.exp(-x)),
        ("pi*x + e", lambda x, y: math.pi * x + math.e),
        ("maximum(x, y) - minimum(x, y)", lambda x, y: max(x, y) - min(x, y)),
        ("where(x > y, x, y)", lambda x, y: max(x, y)),
        ("(x < y) + 2*(x <= y) + 4*(x >= y) + 8*(x != y)", lambda x, y: 12.0),
        ("x % y + (x == 1.75) + 2*(x == y)", lambda x, y: x % y + 1.0),
        ("hypot(x, y) + arctan2(y, x)", lambda x, y: math.hypot(x, y) + math.atan2(y, x)),
        ("leaky_relu(-x, 0.1)", lambda x, y: -0.1 * x),
        ("1e2 * 1.5 * x", lambda x, y: 150 * x),
    ],
)
def test_the_value_of_a_formula(text: str, expected: Callable[[float, float], float]) -> None:
    """Operators, precedence, functions and constants are those of Python's own floats."""
    names = named_values(["x=1.75", "y=-0.5"])
    used = {name: names[name] for name in names if re.search(rf"\b{name}\b", text)}
    assert record_expression(text, used).data == pytest.approx(expected(1.75, -0.5), rel=1e-15)


def test_the_gradient_of_a_formula() -> None:
    """The derivative of tanh(xw + b) by w is x (1 - tanh²(xw + b))."""
    names = named_values(["x=2", "w=-3", "b=6.88"])
    record_expression("tanh(x*w + b)", names).backward()
    assert names["w"].grad == pytest.approx(2 * (1 - math.tanh(2 * -3 + 6.88) ** 2), rel=1e-14)
    assert names["w"].name == "w"


def test_every_elementwise_primitive_is_a_function() -> None:
    """Each function gives what its primitive gives, whatever its number of operands."""
    assert {"exp", "where", "relu", "xlogy"} <= FUNCTIONS.keys()
    for name, primitive in FUNCTIONS.items():
        arity = REGISTRY[name].arity
        assert arity is not None
        operands = {"arccosh": [1.75], "polygamma": [1.0, 0.75]}.get(name)
        operands = operands or [0.75 + i for i in range(arity)]
        names = named_values([f"v{i}={operand}" for i, operand in enumerate(operands)])
        recorded = record_expression(f"{name}({', '.join(names)})", names)
        assert recorded.data == primitive(*operands)


def test_names_are_read_as_python_reads_them() -> None:
    """The micro sign and the Greek letter are one name, for formula and value alike."""
    assert record_expression("\N{MICRO SIGN} * 2", named_values(["\N{MICRO SIGN}=3"])).data == 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("__import__('os').system('x')", "is not allowed"),
        ("__import__('os')", "no function __import__"),
        ("x.data", "'x.data' is not allowed"),
        ("x.__class__.__bases__", "is not allowed"),
        ("x[0]", "'x[0]' is not allowed"),
        ("'text'", "is not allowed"),
        ("f'{x}'", "is not allowed"),
        ("[x for x in (1, 2)]", "is not allowed"),
        ("(lambda: 1)()", "is not allowed"),
        ("exp(*x)", "'*x' is not allowed"),
        ("exp(x=1)", "is not allowed"),
        ("exp(x)(x)", "is not allowed"),
        ("x if x else 1", "is not allowed"),
        ("x and 1", "is not allowed"),
        ("not x", "is not allowed"),
        ("~x", "is not allowed"),
        ("x is 1", "'x is 1' is not allowed"),
        ("0 < x < 1", "is not allowed"),
        ("x @ 2", "is not allowed"),
        ("polygamma(x/2, 1)", "the order is a whole number"),
        ("(y := x)", "is not allowed"),
        ("True * x", "'True' is not allowed"),
        ("2j * x", "'2j' is not allowed"),
        ("None", "is not allowed"),
        ("...", "is not allowed"),
        ("x; x", "cannot be read after 'x'"),
        ("x +", "cannot be read"),
        ("x = 1", "cannot be read"),
        ("x\0", "cannot be read"),
        ("\udcff", "cannot be read"),
        ("1or x", "is not allowed"),
        ("", "is empty"),
        ("2*3", "the formula is just 6"),
        ("x + z", "z in the formula has no value; say z=NUMBER"),
        ("exp + x", r"exp in the formula has no value; exp(...) is a function"),
        ("tann(x)", "no function tann; did you mean tan or tanh"),
        ("quux(x)", "no function quux; there are abs, add"),
        ("exp(x, x)", "exp takes 1 operands, got 2"),
        ("where(x, x)", "where takes 3 operands, got 2"),
        ("9**9**9 + x", "'9**9**9' is inf"),
        ("9**9**9**9**9", "is inf"),
        ("x**1e9 * 3**999**999", "'999**999' is inf"),
        ("9" * 1500, "is inf"),
        ("1e999", "'1e999' is inf"),
        ("log(x - x)", "'log(x - x)' is -inf"),
        ("sqrt(-x)", "'sqrt(-x)' is nan"),
        ("x/0", "'x/0' is inf"),
        ("(" * 500 + "x" + ")" * 500, "cannot be read"),
        ("-" * (LONGEST - 1) + "x", "nested deeper"),
        ("x+" * (DEEPEST + 1) + "x", "nested deeper"),
        ("x+" * LONGEST + "x", "at most 2,000"),
        ("2" + "**2" * 600, "nested deeper"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, told: str) -> None:
    """Everything beyond the tables, and everything without a finite value, is told by name."""
    with pytest.raises(ExpressionError) as refused:
        record_expression(text, named_values(["x=1"]))
    assert told in str(refused.value)
    assert len(str(refused.value)) < 700


def test_a_formula_may_be_as_deep_as_promised() -> None:
    """The deepest sum that is taken has the right value."""
    text = "x+" * DEEPEST + "x"
    assert record_expression(text, named_values(["x=1"])).data == DEEPEST + 1


def test_a_value_that_is_not_used_is_told() -> None:
    """A slip in a name shows, rather than that the value goes nowhere."""
    with pytest.raises(ExpressionError, match="y has a value but is not in the formula"):
        record_expression("x*2", named_values(["x=1", "y=2"]))


@pytest.mark.parametrize(
    "assignment", ["x", "x=", "=1", "x=one", "1=1", "x y=1", "x=nan", "x=inf", "x=1e400", "x=1=2"]
)
def test_what_is_no_assignment_is_refused(assignment: str) -> None:
    """A value is a name, an equals sign and a finite number."""
    with pytest.raises(ExpressionError, match="expected NAME=NUMBER"):
        named_values([assignment])


def test_a_name_with_two_values_is_refused() -> None:
    """Which of them counts is not guessed."""
    with pytest.raises(ExpressionError, match="x has two values: 1 and 2"):
        named_values(["x=1", "x=2"])


def test_nothing_of_the_formula_is_executed() -> None:
    """An audit hook, which sees all that Python compiles or runs, sees a parse and no more."""
    script = (
        "import sys\n"
        "from autograd_mini.cli.expression import record_expression\n"
        "from autograd_mini.errors import ExpressionError\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(event))\n"
        "try:\n"
        "    record_expression(\"__import__('os').system('true')\", {})\n"
        "except ExpressionError:\n"
        "    seen = [event for event in seen if event in ('exec', 'import', 'os.system')]\n"
        "    print('refused', seen)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused []\n"
