"""Formulas: LaTeX and plain text side by side, made from the templates in the table of primitives.

A template is LaTeX with placeholders for the operands. The plain text comes from the same template,
so that a primitive is written down once: its few LaTeX commands are turned into Unicode, and the
operands are put in last, in parentheses where the text around them asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from autograd_mini.naming import latex_name, number_latex, number_text

SUM, PRODUCT, ATOM = range(3)
"""How tightly a formula holds together: a + b, a b, and what never needs parentheses."""


@dataclass(frozen=True)
class Formula:
    """A piece of mathematics.

    Attributes:
        latex: for math mode.
        text: on one line, in Unicode.
        binding: SUM, PRODUCT or ATOM.
        under: what stands below the text, of the same length: shapes, or spaces.
        value: of a constant, its number.
        core: of a formula with a shape below it, the formula without.
        shape: what stands below it.
    """

    latex: str
    text: str
    binding: int = ATOM
    under: str = ""
    value: float | None = None
    core: Formula | None = None
    shape: tuple[int, ...] = ()

    @property
    def below(self) -> str:
        """What stands below the text, spaces where nothing does."""
        return self.under or " " * len(self.text)

    @property
    def T(self) -> Formula:  # noqa: N802  # NumPy's name
        """The transpose."""
        base = wrapped(self.core or self, ATOM)
        transpose = Formula(rf"{base.latex}^{{\mathsf{{T}}}}", f"{base.text}ᵀ")
        return transpose.above(self.shape[::-1] if len(self.shape) <= 2 else ())

    @property
    def less_one(self) -> Formula:
        """The formula minus 1, computed where it is a constant."""
        return fill("{x}-1", x=self) if self.value is None else number(self.value - 1.0)

    def above(self, shape: tuple[int, ...]) -> Formula:
        """Return the formula with a shape written below it; a scalar has none."""
        if not shape:
            return self
        width = max(len(self.text), len(str(shape)))
        return replace(
            self,
            latex=rf"\underset{{{shape}}}{{{self.latex}}}",
            text=self.text.center(width),
            under=str(shape).center(width),
            core=self,
            shape=shape,
        )


def symbol(name: str) -> Formula:
    """Return a name as a formula."""
    return Formula(latex_name(name), name)


def number(x: float) -> Formula:
    """Return a number as a formula."""
    text = number_text(x)
    binding = SUM if text.startswith("−") else PRODUCT if "e" in text else ATOM
    return Formula(number_latex(x), text, binding, value=x)


def wrapped(formula: Formula, binding: int) -> Formula:
    """Return a formula in parentheses unless it holds together as tightly as `binding`."""
    if formula.binding >= binding:
        return formula
    return Formula(rf"({formula.latex})", f"({formula.text})", ATOM, f" {formula.below} ")


def product(factors: Iterable[Formula], sign: str = r"\cdot") -> Formula:
    """Return factors joined by a sign."""
    given = list(factors)
    if len(given) == 1:
        return given[0]
    pieces = [wrapped(factor, PRODUCT) for factor in given]
    joint = f" {plain(sign)} "
    return Formula(
        f" {sign} ".join(piece.latex for piece in pieces),
        joint.join(piece.text for piece in pieces),
        PRODUCT,
        (" " * len(joint)).join(piece.below for piece in pieces),
    )


_FIRST = 0xE000  # of Unicode's private characters


class _Marker(str):
    """A private character that stands for an operand in a template; its neighbours for variants."""

    __slots__ = ()

    @property
    def T(self) -> _Marker:  # noqa: N802
        return _Marker(chr(ord(self) + 1))

    @property
    def less_one(self) -> _Marker:
        return _Marker(chr(ord(self) + 2))


def fill(template: str, **operands: Formula) -> Formula:
    """Return a template with its operands put in.

    Args:
        template: LaTeX with placeholders {x}, and {x.T} or {x.less_one} for variants of them.
        operands: by the name of their placeholder.
    """
    markers = {name: _Marker(chr(_FIRST + 3 * i)) for i, name in enumerate(operands)}
    latex: str = template.format(**markers)
    put: dict[str, Formula] = {}
    for name, marker in markers.items():
        if marker in latex:
            put[marker] = operands[name]
        if marker.T in latex:
            put[marker.T] = operands[name].T
        if marker.less_one in latex:
            put[marker.less_one] = operands[name].less_one
    latex = tidied(latex, put)
    if latex in put:
        return put[latex]

    def assembled(pattern: str, attribute: str) -> str:
        pieces = []
        for i, c in enumerate(pattern):
            if c not in put:
                pieces.append(" " if attribute == "below" else c)
                continue
            operand = put[c]
            if operand.core and is_inside(pattern[:i]):
                operand = operand.core
            if is_word(operand) and ends_in_number(pattern[:i], put):
                pieces.append(_JOINTS[attribute])
            pieces.append(getattr(wrapped(operand, needed(pattern, i)), attribute))
        return "".join(pieces)

    text = plain(latex)
    return Formula(
        assembled(latex, "latex"),
        assembled(text, "text"),
        binding_of(latex),
        assembled(text, "below").rstrip() and assembled(text, "below"),
    )


_JOINTS = {"latex": r"\,", "text": "·", "below": " "}


def is_word(formula: Formula) -> bool:
    """Return whether a formula begins with two letters, so that none may stand before it."""
    return len(formula.text) > 1 and formula.text[:2].isalpha()


def is_inside(pattern: str) -> bool:
    """Return whether the end of a template lies inside of brackets or an exponent: no factor."""
    opened = sum(pattern.count(c) for c in "([{") - sum(pattern.count(c) for c in ")]}")
    return opened > 0 or pattern.endswith("^")


def ends_in_number(pattern: str, put: Mapping[str, Formula]) -> bool:
    """Return whether the end of a template is a digit, or the marker of a number."""
    last = pattern[-1:]
    return last.isdecimal() or (last in put and put[last].value is not None)


def tidied(latex: str, put: Mapping[str, Formula]) -> str:
    """Return a template without what goes without saying: x¹ is x, and 2·x is 2x."""
    for marker, operand in put.items():
        if operand.value is None:
            continue
        if operand.value == 1.0:
            latex = latex.replace(f"^{{{marker}}}", "")
        if operand.text.isdecimal():
            latex = latex.replace(f"^{{{marker}}}", f"^{{{operand.text}}}")
        for other in put:
            if put[other].value is None:
                latex = latex.replace(rf"{marker}\,{other}", marker + other)
    return latex


def needed(pattern: str, i: int) -> int:
    """Return how tightly the operand at position `i` must hold together among its neighbours."""
    before, after = pattern[:i].rstrip()[-1:], pattern[i + 1 :].lstrip()[:1]
    if pattern[:i].endswith("\\,"):  # a factor, and not behind a comma
        return PRODUCT
    if after in _RAISED or before in ("/", "^", "√"):
        return ATOM
    if before in _OPENING and after in _CLOSING:  # "" is in both: nothing is there
        return SUM
    return PRODUCT


_RAISED = ("^", "'", "²", "³")
_OPENING = ("", *"([{|=,<>≥≤≠")
_CLOSING = ("", *")]}|=,<>≥≤≠+-−")


def binding_of(latex: str) -> int:
    """Return how tightly the LaTeX of a template holds together."""
    inner = ""
    while inner != latex:
        inner, latex = latex, _GROUP.sub("¤", latex)
    if re.search("[-+]", latex):
        return SUM
    return ATOM if _CALL.fullmatch(latex) else PRODUCT


_GROUP = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")
_CALL = re.compile(r"¤|\|.\||\\(?!frac)\w+'?¤+|[\d.]+")


def plain(latex: str) -> str:
    """Return the LaTeX of a template as plain text: the few commands that the table uses."""
    before = ""
    while before != latex:  # from the innermost braces out
        before = latex
        latex = _FRACTION.sub(lambda m: f"{simple(m[1])}/{simple(m[2])}", latex)
        latex = re.sub(r"\\sqrt\{([^{}]*)\}", lambda m: f"√{simple(m[1])}", latex)
        latex = re.sub(r"\^([0-9]|\{[0-9]+\})", lambda m: m[1].translate(_SUPERSCRIPTS), latex)
        latex = re.sub(r"\^\{([^{}]*)\}", lambda m: f"^{simple(m[1])}", latex)
        latex = re.sub(r"\\mathrm\{([^{}]*)\}", r"\1", latex)
    for command, text in _COMMANDS.items():
        latex = latex.replace(command, text)
    latex = re.sub(r"\\([a-z]+)", r"\1", latex)  # \sin and the like
    latex = re.sub(r"(?<=[^\s(\[|/^·+-])\s*([-+=<>≥≠≤⊙])\s*", r" \1 ", latex)
    return re.sub(r",\s*", ", ", latex).replace("-", "−")


def simple(piece: str) -> str:
    """Return a piece of text, in parentheses unless it is one word or one operand."""
    return piece if re.fullmatch(r"√?\\?\w+|.", piece) else f"({piece})"


_FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", "{}")
_COMMANDS = {
    r"\,": "·",
    r"\;": " · ",
    r"\_": "_",
    r"\cdots": "⋯",
    r"\cdot": "·",
    r"\odot": "⊙",
    r"\prod": "Π",
    r"\sum": "Σ",
    r"\sigma": "σ",
    r"\pi": "π",
    r"\Phi": "Φ",
    r"\varphi": "φ",
    r"\partial": "∂",
    r"\geq ": "≥",
    r"\leq ": "≤",
    r"\ne ": "≠",
    r"\Vert ": "‖",
    r"\Vert": "‖",
}
