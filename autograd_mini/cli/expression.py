"""A formula typed by a user, such as `tanh(x*w + b)`, recorded on a tape.

`ast` parses it, and only what the tables below list is computed. Nothing is ever evaluated as
Python, so a formula can neither reach into the program nor keep it busy.
"""

from __future__ import annotations

import ast
import math
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from autograd_mini.errors import DataError, ExpressionError
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import REGISTRY, Elementwise
from autograd_mini.tape import primal
from autograd_mini.value import Value

LONGEST = 2000  # characters of a formula
DEEPEST = 100  # operations within operations; more would exhaust Python's stack

CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS = {name: p for name, p in REGISTRY.items() if isinstance(p, Elementwise)}
_THERE_ARE = f"; there are {', '.join(sorted(FUNCTIONS))}"
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: e.add,
    ast.Sub: e.subtract,
    ast.Mult: e.multiply,
    ast.Div: e.divide,
    ast.Mod: e.remainder,
    ast.Pow: e.power,
    ast.USub: e.neg,
    ast.UAdd: lambda x: x,
    ast.Gt: e.greater,
    ast.GtE: e.greater_equal,
    ast.Lt: e.less,
    ast.LtE: e.less_equal,
    ast.Eq: e.equal,
    ast.NotEq: e.not_equal,
}


def record_expression(text: str, names: Mapping[str, Value]) -> Value:
    """Return the value of a formula as a node; numbers in it are constants.

    Args:
        text: operators + - * / % ** > >= < <= == !=, parentheses, numbers, `pi`, `e`, the
            elementwise primitives by name, and the given names.
        names: the nodes that names stand for; all must occur.

    Raises:
        ExpressionError: the formula is not written in these, is too long or nested too deeply, or
            something in it is not a finite number.
    """
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise ExpressionError(f"the formula has {len(text):,} characters; at most {LONGEST:,} go")
    if not text:
        raise ExpressionError('the formula is empty; expected one such as "tanh(x*w + b)"')
    tree = _parse(text)
    with np.errstate(all="ignore"):  # what is not finite is told, and where
        result = _Formula(text, names).compute(tree)
    if not isinstance(result, Value):
        raise ExpressionError(f"the formula is just {result:g}: use a name in it, and say x=2")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in names:
        if name not in used:
            raise ExpressionError(f"{name} has a value but is not in the formula; leave it out")
    return result


def named_values(assignments: Sequence[str]) -> dict[str, Value]:
    """Return a named `Value` for each NAME=NUMBER.

    Raises:
        ExpressionError: one is not of this form, or a name comes twice.
    """
    found: dict[str, Value] = {}
    for assignment in assignments:
        told, equals, number = assignment.partition("=")
        name = unicodedata.normalize("NFKC", told.strip())  # as Python reads names
        try:
            data = float(number)
        except ValueError:
            data = math.nan
        if not (equals and name.isidentifier() and math.isfinite(data)):
            raise ExpressionError(f"expected NAME=NUMBER, such as x=2; got {assignment!r}")
        if name in found:
            raise ExpressionError(f"{name} has two values: {found[name].primal:g} and {number}")
        found[name] = Value(data, name=name)
    return found


def _parse(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd spellings, all of which are refused later
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = text[: max((error.offset or 1) - 1, 0)][-20:]
        where = f" after {place!r}" if place else ""
        raise ExpressionError(f"the formula cannot be read{where}: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(f"the formula cannot be read: {error or 'too deep'}") from None


@dataclass(frozen=True)
class _Formula:
    """A formula while it is computed: its text, for messages, and what names stand for."""

    text: str
    names: Mapping[str, Value]

    def compute(self, tree: ast.expr, depth: int = 0) -> Any:
        """Return the value of a part of the formula: a node, or a float where no name occurs."""
        if depth > DEEPEST:
            raise ExpressionError(f"the formula is nested deeper than {DEEPEST}; split it up")
        operation: Callable[..., Any] | None = None
        operands: list[ast.expr] = []
        match tree:
            case ast.Name(id=name):
                return self.look_up(name)
            case ast.Constant(value=number) if type(number) in (int, float):
                return self.finite(tree, number)
            case ast.BinOp(left=x, op=operator, right=y):
                operation, operands = OPERATORS.get(type(operator)), [x, y]
            case ast.Compare(left=x, ops=[operator], comparators=[y]):
                operation, operands = OPERATORS.get(type(operator)), [x, y]
            case ast.UnaryOp(op=operator, operand=x):
                operation, operands = OPERATORS.get(type(operator)), [x]
            case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
                operation = self.function(name)
        if operation is None:
            raise ExpressionError(
                f"{self.piece(tree)} is not allowed; a formula has numbers, names, functions, "
                "parentheses and + - * / % ** > >= < <= == !="
            )
        try:
            result = operation(*[self.compute(operand, depth + 1) for operand in operands])
        except DataError as error:  # the number of operands
            raise ExpressionError(f"{self.piece(tree)}: {error}") from None
        return self.finite(tree, result)

    def look_up(self, name: str) -> Value | float:
        """Return what a name stands for."""
        if name in self.names:
            return self.names[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        hint = f"{name}(...) is a function" if name in FUNCTIONS else f"say {name}=NUMBER"
        raise ExpressionError(f"{name} in the formula has no value; {hint}")

    def function(self, name: str) -> Elementwise:
        """Return a function of the table."""
        if name not in FUNCTIONS:
            alike = get_close_matches(name, FUNCTIONS)
            hint = f"; did you mean {' or '.join(alike)}?" if alike else _THERE_ARE
            raise ExpressionError(f"no function {name}{hint}")
        return FUNCTIONS[name]

    def finite(self, tree: ast.expr, result: Any) -> Any:
        """Return the value of a part of the formula if it is finite."""
        try:
            number = float(primal(result))
        except OverflowError:  # a whole number beyond the floats
            number = math.inf
        if not math.isfinite(number):
            raise ExpressionError(f"{self.piece(tree)} is {number}, which is not a finite number")
        return result if isinstance(result, Value) else number

    def piece(self, tree: ast.expr) -> str:
        """Return a part of the formula as it was typed, for messages."""
        typed = ast.get_source_segment(self.text, tree) or self.text
        return repr(typed if len(typed) <= 40 else f"{typed[:37]}...")
