"""What `tests.tools.mutants` changes: small faults planted in the table of primitives and the sweep.

Cosmic Ray makes the changes. Here is where they count: not in texts, annotations and the lists of
names; and whether in a rule: in a partial, VJP or JVP, in a function that these use, in the sweep.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[2]
ROOMS = sorted(
    f"ops.{path.stem}"
    for path in (ROOT / "autograd_mini" / "ops").glob("*.py")
    if path.stem not in ("__init__", "elementwise")  # these only gather names
)

# Of every operator of Cosmic Ray the replacements that are easily overlooked; those left out, such
# as + by <<, fail at once.
REPLACED = {
    "ReplaceBinaryOperator": [
        *("Add_Sub", "Sub_Add", "Mul_Div", "Mul_Add", "Div_Mul", "Pow_Mul"),
        *("FloorDiv_Mul", "Mod_Add", "BitAnd_BitOr", "BitOr_BitAnd"),
    ],
    "ReplaceUnaryOperator": ["Delete_USub", "Delete_Not", "Delete_Invert"],
    "ReplaceComparisonOperator": [
        *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"),
        *("Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
    ],
}
WHOLE = [
    *("NumberReplacer", "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue"),
    *("ReplaceContinueWithBreak", "ZeroIterationForLoop", "RemoveDecorator"),
]

# Rules compare and branch by functions of the table, which Cosmic Ray does not know.
PARTNERS = {
    "greater": "greater_equal",
    "greater_equal": "greater",
    "less": "less_equal",
    "less_equal": "less",
    "equal": "not_equal",
    "not_equal": "equal",
    "maximum": "minimum",
    "minimum": "maximum",
    "sin": "cos",
    "cos": "sin",
    "sinh": "cosh",
    "cosh": "sinh",
    "tril": "triu",
    "triu": "tril",
}


class ReplaceFunction(Operator):
    """Call another function of the table than the one that is named."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Yield the name of a function that has a partner, where it is called."""
        after = node.get_next_sibling() if node.type == "name" and node.parent else None
        if after is not None and after.type == "trailer" and after.children[0].value == "(":
            before = node.get_previous_leaf()
            if node.value in PARTNERS and (before is None or before.value != "."):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Name the partner, wherever it is defined."""
        node.value = f'__import__("autograd_mini").{PARTNERS[node.value]}'
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        """Return none: Cosmic Ray tests its own operators by them."""
        return ()


class SwapBranches(Operator):
    """Take the one branch of a `where` for the other."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Yield the arguments of a call of `where`."""
        if node.type == "arglist" and len(node.children) == 5:
            before = node.get_first_leaf().get_previous_leaf().get_previous_leaf()
            if before.value == "where":
                yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Exchange the last two."""
        node.children[2], node.children[4] = node.children[4], node.children[2]
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        """Return none: Cosmic Ray tests its own operators by them."""
        return ()


def operators() -> dict[str, Operator]:
    """Return the operators by name."""
    names = [f"{kind}_{one}" for kind, ones in REPLACED.items() for one in ones] + WHOLE
    ours = {"ReplaceFunction": ReplaceFunction(), "SwapBranches": SwapBranches()}
    return {name: get_operator(f"core/{name}")() for name in names} | ours


@dataclass(frozen=True)
class Mutant:
    """One fault: the module that has it, where and what it is, and what it may affect."""

    room: str
    line: int
    operator: str
    before: str
    after: str
    nth: int  # of those alike in all of the above but the line
    rule: bool
    code: str
    affected: tuple[tuple[str, ...], ...]  # names, by their distance from the fault

    @property
    def key(self) -> str:
        """What it is known by, also after lines above it were added."""
        return f"{self.room}: {self.before} → {self.after} [{self.operator}] {self.nth}"


class Positions(Visitor):
    """Notes where an operator applies, in the order in which Cosmic Ray counts."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.found: list[tuple[int, int]] = []

    def visit(self, node: Any) -> Any:
        """Note the positions of one node."""
        self.found += [start for start, _ in self.operator.mutation_positions(node)]
        return node


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


def within(position: tuple[int, int], spans: list[Span]) -> bool:
    """Return whether a position is in one of the spans."""
    return any(start <= position < end for start, end in spans)


def mutants_of(room: str) -> Iterator[Mutant]:
    """Yield every mutant of a module that compiles and differs from it."""
    m = module(room)
    left_out, signs = m.left_out(), m.between_operands()
    rules = [m.span(rule) for rule in m.rules()]
    rules += [m.span(m.defined[name]) for r, name in serving_rules() if r == room]
    seen, counts = set(), dict[Any, int]()
    for name, operator in operators().items():
        positions = Positions(operator)
        positions.walk(get_ast(m.source))
        for occurrence, position in enumerate(positions.found):
            if within(position, left_out):
                continue
            if "Binary" in name and not within(position, signs):
                continue
            code = mutate_code(m.source, operator, occurrence)
            if code in seen or not compiles(code):
                continue
            seen.add(code)
            line, names = position[0], statement_names(m, position[0])
            before, after = changed(m.source, code)
            like = (before, after, name)
            counts[like] = counts.get(like, 0) + 1
            rule = room == "sweep" or within(position, rules)
            names = affected(room, names)
            yield Mutant(room, line, name, before, after, counts[like], rule, code, names)


def unchanged(room: str) -> Mutant:
    """Return a mutant without a fault, which must survive, or the tests say nothing."""
    m = module(room)
    return Mutant(room, 0, "", "", "", 0, False, m.source, affected(room, set(m.defined)))


def statement_names(m: Module, line: int) -> set[str]:
    """Return the names that the top-level statement at a line defines."""
    for node in m.tree.body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if first <= line <= (node.end_lineno or line):
            return names_of(node)
    return set()


def compiles(code: str) -> bool:
    """Return whether a source is Python."""
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def changed(before: str, after: str) -> tuple[str, str]:
    """Return the lines in which two sources differ, stripped and joined."""
    old, new = before.split("\n"), after.split("\n")
    pairs = list(itertools.zip_longest(old, new, fillvalue=""))
    first = next(i for i, (a, b) in enumerate(pairs) if a != b)
    tail = next(i for i, (a, b) in enumerate(zip(old[::-1], new[::-1], strict=False)) if a != b)
    return (
        " ".join(part.strip() for part in old[first : max(len(old) - tail, first + 1)]),
        " ".join(part.strip() for part in new[first : max(len(new) - tail, first + 1)]),
    )
