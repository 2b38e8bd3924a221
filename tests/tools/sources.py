"""The source of the table and the sweep: what a statement defines, who uses it, where rules are."""

from __future__ import annotations

import ast
import itertools
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ROOMS = sorted(
    f"ops.{path.stem}"
    for path in (ROOT / "autograd_mini" / "ops").glob("*.py")
    if path.stem not in ("__init__", "elementwise")  # these only gather names
)

SWEEPS = ("sweep", "scalar_steps")
"""All of what these do are rules."""

Span = tuple[tuple[int, int], tuple[int, int]]


class Module:
    """The source of a module, its top-level names, and the spans of it that matter."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.path = ROOT / "autograd_mini" / f"{room.replace('.', '/')}.py"
        self.source = self.path.read_text()
        self.lines = self.source.split("\n")
        self.tree = ast.parse(self.source)
        self.defined = {name: node for node in self.tree.body for name in names_of(node)}
        self.imported = {
            alias.asname or alias.name: alias.name
            for node in self.tree.body
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd_mini")
            for alias in node.names
        }

    def span(self, node: Any) -> Span:
        """Return where a node begins and ends: lines from 1, columns in characters."""
        start = (node.lineno, self.column(node.lineno, node.col_offset))
        return start, (node.end_lineno, self.column(node.end_lineno, node.end_col_offset))

    def column(self, line: int, offset: int) -> int:
        """Return the column of a character from that of its first byte."""
        return len(self.lines[line - 1].encode()[:offset].decode())

    def left_out(self) -> list[Span]:
        """Return the spans that compute nothing: texts, annotations, lists of names, errors."""
        found: list[Any] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
                found.append(node)
            elif isinstance(node, ast.arg | ast.AnnAssign):
                found.append(node.annotation)
            elif isinstance(node, ast.FunctionDef):
                found.append(node.returns)
            elif isinstance(node, ast.keyword):
                texts = ("latex", "formula", "convention", "symbol")
                found.append(node.value if node.arg in texts else None)
        for node in self.tree.body:
            names = names_of(node)
            if {"__all__", "NUMPY"} & names or any(name.istitle() for name in names):
                found.append(node)  # with a capital: the name of a type
        return [self.span(node) for node in found if node is not None]

    def between_operands(self) -> list[Span]:
        """Return where the signs of binary operations are: elsewhere a star means another thing."""
        pairs = [(n.left, n.right) for n in ast.walk(self.tree) if isinstance(n, ast.BinOp)]
        return [(self.span(left)[1], self.span(right)[0]) for left, right in pairs]

    def rules(self) -> list[Any]:
        """Return the expressions that are rules of the primitives declared here."""
        found: list[Any] = []
        for call in ast.walk(self.tree):
            name = getattr(getattr(call, "func", None), "id", "")
            if isinstance(call, ast.Call) and name == "Elementwise":
                found += call.args[3:]
            elif isinstance(call, ast.Call) and name == "ArrayPrimitive":
                found += call.args[2:4]
        return found

    def refers(self, node: ast.AST) -> set[tuple[str, str]]:
        """Return the top-level definitions, by room and name, that a piece of code refers to."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        own = {(self.room, name) for name in names if name in self.defined}
        foreign = {self.imported[name] for name in names - set(self.defined) & set(self.imported)}
        foreign |= {
            n.attr
            for n in ast.walk(node)
            if isinstance(n, ast.Attribute) and f"ops.{getattr(n.value, 'id', '')}" in ROOMS
        }
        return own | {(room, name) for name in foreign for room in rooms_of(name)}


def names_of(node: ast.stmt) -> set[str]:
    """Return the names that a top-level statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    parts = itertools.chain.from_iterable(ast.walk(t) for t in targets if t is not None)
    return {part.id for part in parts if isinstance(part, ast.Name)}


@cache
def module(room: str) -> Module:
    """Return a room, read once."""
    return Module(room)


@cache
def rooms_of(name: str) -> tuple[str, ...]:
    """Return the rooms that define a name."""
    return tuple(room for room in ROOMS if name in module(room).defined)


@cache
def used_by() -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Return for each definition of the table those that refer to it."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for room in ROOMS:
        for name, node in module(room).defined.items():
            for used in module(room).refers(node):
                found.setdefault(used, set()).add((room, name))
    return found


@cache
def serving_rules() -> set[tuple[str, str]]:
    """Return the functions and constants that rules use, directly or through others."""
    waiting = [used for r in ROOMS for rule in module(r).rules() for used in module(r).refers(rule)]
    found: set[tuple[str, str]] = set()
    while waiting:
        room, name = one = waiting.pop()
        node = module(room).defined[name]
        if one not in found and not declares_primitive(node):
            found.add(one)
            waiting += module(room).refers(node)
    return found


def declares_primitive(node: ast.stmt) -> bool:
    """Return whether a statement makes a primitive, whose forward function is no rule."""
    called = {getattr(n.func, "id", "") for n in ast.walk(node) if isinstance(n, ast.Call)}
    return bool(called & {"Elementwise", "ArrayPrimitive", "_comparison", "_extremum"})


def affected(room: str, names: set[str]) -> tuple[tuple[str, ...], ...]:
    """Return what the rows may call the definitions that use these, and them, nearest first."""
    level, seen, found = {(room, name) for name in names}, set(), []
    while level:
        seen |= level
        found.append(tuple(sorted({label for one in level for label in labels(*one)})))
        level = {user for one in level for user in used_by().get(one, ())} - seen
    return tuple(found)


def labels(room: str, name: str) -> set[str]:
    """Return the name of a definition and the names that it gives to primitives."""
    node = module(room).defined.get(name)
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)] if node else []
    firsts = {call.args[0].value for call in calls if call.args and is_text(call.args[0])}
    return {name.strip("_"), *firsts}


def is_text(node: ast.AST) -> bool:
    """Return whether an expression is a literal string."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def statement_names(m: Module, line: int) -> set[str]:
    """Return the names that the top-level statement at a line defines."""
    for node in m.tree.body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if first <= line <= (node.end_lineno or line):
            return names_of(node)
    return set()
