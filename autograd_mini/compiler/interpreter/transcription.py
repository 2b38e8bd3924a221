"""Transcription: the source of a primitive's function on floats, on its own feet.

The table may write such a function as a builtin of `math`, as a lambda or as a def, with constants,
other primitives and helpers of its module. The transcription is a def of the same arithmetic, whose
names are explained by `math`, by NumPy, by Python or by other transcriptions.
"""

from __future__ import annotations

import ast
import inspect
import math
import operator
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.primitive import Primitive

_WRITTEN = {
    operator.add: "({} + {})",
    operator.sub: "({} - {})",
    operator.mul: "({} * {})",
    operator.truediv: "({} / {})",
    operator.floordiv: "({} // {})",
    operator.mod: "({} % {})",
    operator.neg: "(-{})",
    operator.pos: "(+{})",
    operator.gt: "({} > {})",
    operator.ge: "({} >= {})",
    operator.lt: "({} < {})",
    operator.le: "({} <= {})",
    operator.eq: "({} == {})",
    operator.ne: "({} != {})",
    math.cbrt: "np.cbrt({})",  # the same, by the name that numba knows
}
_KEPT = (math, min, max, round, float)


class UntranscribableError(Exception):
    """A function reaches for something that is not arithmetic on floats."""


def transcribe(primitive: Primitive, sources: dict[str, str]) -> None:
    """Add the source of a primitive's function on floats, after those of all that it calls.

    Args:
        primitive: an entry of the table.
        sources: by name; the function of `tanh` is `_tanh`.

    Raises:
        UntranscribableError: it reaches for something that is not arithmetic on floats; nothing is
            added then.
    """
    added = dict(sources)
    _Transcriber(added, {"f": primitive}).visit(ast.Name("f"))
    sources.update(added)


class _Transcriber(ast.NodeTransformer):
    """Writes each name of a function as what it stands for.

    Attributes:
        sources: by name, those of the functions that are called.
        scope: what the names stand for, but for arguments and other local ones.
    """

    def __init__(self, sources: dict[str, str], scope: dict[str, Any]) -> None:
        self.sources = sources
        self.scope = scope

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.scope.get(node.id)
        if node.id not in self.scope or value in _KEPT:
            return node
        if isinstance(value, float | int):
            return ast.Constant(value)
        if isinstance(value, Primitive) and value.arity is not None:
            return self._function(f"_{value.name}", value.scalar, "xyz"[: value.arity])
        if inspect.isfunction(value):
            return self._function(value.__name__, value)
        raise UntranscribableError(f"it reaches for {getattr(value, '__name__', value)}")

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        owner = self.scope.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if owner is math or (owner is np and isinstance(getattr(np, node.attr), np.ufunc)):
            return node
        raise UntranscribableError(f"it reaches for {ast.unparse(node)}")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = self.scope.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if called not in _WRITTEN and not isinstance(called, np.ufunc):
            return self.generic_visit(node)
        arguments = [ast.unparse(self.visit(x)) for x in node.args]
        return ast.parse(_written(called, arguments), mode="eval").body

    def _function(self, name: str, function: Any, arguments: str = "") -> ast.Name:
        """Add the source of a function and return the name that calls it."""
        if inspect.isfunction(function):
            variables = inspect.getclosurevars(function)
            scope = {**variables.builtins, **variables.globals, **variables.nonlocals}
            source = _definition(name, _Transcriber(self.sources, scope).visit(_tree_of(function)))
        else:
            call = f"lambda {', '.join(arguments)}: {_written(function, arguments)}"
            source = _definition(name, ast.parse(call, mode="eval").body)
        if self.sources.setdefault(name, source) != source:
            raise UntranscribableError(f"two functions are named {name}")
        return ast.Name(name)


def _definition(name: str, function: Any) -> str:
    """Return the source of the def that a lambda or a def amounts to."""
    for argument in function.args.args:
        argument.annotation = ast.Name("float")
    if isinstance(function, ast.Lambda):
        body = f"return {ast.unparse(function.body)}"
    else:
        body = "\n".join(ast.unparse(x) for x in function.body if not _is_docstring(x))
    head = f"def {name}({ast.unparse(function.args)}) -> float:\n"
    return head + textwrap.indent(body, "    ") + "\n"


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _written(function: Any, arguments: Sequence[str]) -> str:
    """Return how a call of a builtin is written."""
    if function in _WRITTEN:
        return _WRITTEN[function].format(*arguments)
    module = "np" if isinstance(function, np.ufunc) else "math"
    return f"{module}.{function.__name__}({', '.join(arguments)})"


def _tree_of(function: Any) -> ast.Lambda | ast.FunctionDef:
    """Return the syntax tree of a lambda or def, which is found by its line and arguments."""
    code = function.__code__
    module = ast.parse(inspect.getsource(sys.modules[function.__module__]))
    found = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Lambda | ast.FunctionDef)
        and node.lineno == code.co_firstlineno
        and [x.arg for x in node.args.args] == list(code.co_varnames[: code.co_argcount])
    ]
    if len(found) != 1:
        raise UntranscribableError(f"it must begin on a line of its own: {code.co_firstlineno}")
    return found[0]
