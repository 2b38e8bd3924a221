"""Small faults in the table of primitives and the sweep, for `tests.tools.mutants` to plant.

Cosmic Ray makes them. They count where something is computed: not in texts, annotations and lists
of names. Those in a rule are told apart: in a partial, VJP or JVP, in a function that these use,
and everywhere in the sweep.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

from tests.tools.sources import SWEEPS, Span, affected, module, serving_rules, statement_names

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


def within(position: tuple[int, int], spans: list[Span]) -> bool:
    """Return whether a position is in one of the spans."""
    return any(start <= position < end for start, end in spans)


def mutants_of(room: str, *, rules: bool = False) -> Iterator[Mutant]:
    """Yield every mutant of a module that compiles, or only those of rules."""
    m = module(room)
    left_out, signs = m.left_out(), m.between_operands()
    of_rules = [m.span(rule) for rule in m.rules()]
    of_rules += [m.span(m.defined[name]) for r, name in serving_rules() if r == room]
    seen, counts = set(), dict[Any, int]()
    for name, operator in operators().items():
        positions = Positions(operator)
        positions.walk(get_ast(m.source))
        for occurrence, position in enumerate(positions.found):
            rule = room in SWEEPS or within(position, of_rules)
            if within(position, left_out) or (rules and not rule):
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
            names = affected(room, names)
            yield Mutant(room, line, name, before, after, counts[like], rule, code, names)


def unchanged(room: str) -> Mutant:
    """Return a mutant without a fault, which must survive, or the tests say nothing."""
    m = module(room)
    return Mutant(room, 0, "", "", "", 0, False, m.source, affected(room, set(m.defined)))


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
