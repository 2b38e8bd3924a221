"""Names of nodes that read well, and names and numbers as LaTeX.

A name that the user gave is kept. A node without one is called by what it is: `z₁` what goes into
an activation function, `a₁` what comes out of it, `x₁` an input, `D₁` a dropout mask, `C` the
output, `v₁` anything else. The number is left out where a letter is needed only once.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import chain, count

import numpy as np

from autograd_mini.tape import Node, Tape

ACTIVATIONS = frozenset(
    {
        *("elu", "gelu", "gelu_tanh", "leaky_relu", "log_softmax", "mish"),
        *("relu", "sigmoid", "silu", "softmax", "softplus", "tanh"),
    }
)
"""The primitives whose operand is called z and whose result is called a."""

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def names(tape: Tape) -> dict[Node, str]:
    """Return a name for each node of a tape, no two alike.

    They depend on the tape alone: on the names given, the operations and the positions.

    Args:
        tape: the nodes; their order is that of the numbers in the names.

    Returns:
        The names as plain text, with subscripts in Unicode; `latex_name` makes LaTeX of them.
    """
    given = {node: printable(node.name) for node in tape if node.name}
    uses = Counter(map(latex_name, given.values()))
    taken = set(uses)  # compared as LaTeX, where w₁, w_1 and w1 are one name
    chosen: dict[Node, str] = {}
    for node, name in given.items():
        if uses[latex_name(name)] > 1:
            candidates = (name + subscript(k) for k in count(1))
            name = next(name for name in candidates if latex_name(name) not in taken)
            taken.add(latex_name(name))
        chosen[node] = name
    for groups in groups_of(tape).values():
        suffixes = [("", "")] if len(groups) == 1 else []
        numbered = chain(suffixes, ((subscript(k), f"_{{{k}}}") for k in count(1)))
        for group in groups:
            suffix = next(
                text
                for text, latex in numbered
                if taken.isdisjoint(letter + latex for letter in group.values())
            )
            chosen.update((node, letter + suffix) for node, letter in group.items())
    return chosen


def groups_of(tape: Tape) -> dict[str, list[dict[Node, str]]]:
    """Return the nodes without a name by their letter, in groups that share a number.

    A group is one node, or a pre-activation z and the activation a that follows it.
    """
    unnamed = [node for node in tape if not node.name]
    scalars = [node for node in tape.outputs if np.size(node.primal) == 1]
    output = scalars[0] if len(scalars) == len(tape.outputs) == 1 else None
    enters = {node.parents[0] for node in tape if is_activation(node)}
    groups: dict[str, list[dict[Node, str]]] = {}
    alone: dict[Node, dict[Node, str]] = {}  # by each z whose a has not come yet, its group
    for node in unnamed:
        operation = node.primitive.name if node.primitive else None
        if is_activation(node):
            group = alone.pop(node.parents[0], None)
            if group is not None:
                group[node] = "a"
            else:
                groups.setdefault("z", []).append({node: "a"})
        elif operation is None:
            groups.setdefault("x", []).append({node: "x"})
        elif node in enters or operation == "linear":
            alone[node] = {node: "z"}
            groups.setdefault("z", []).append(alone[node])
        else:
            letter = "D" if operation == "keep_mask" else "C" if node is output else "v"
            groups.setdefault(letter, []).append({node: letter})
    return groups


def is_activation(node: Node) -> bool:
    """Return whether an activation function made this node from a node."""
    return (
        node.primitive is not None
        and node.primitive.name in ACTIVATIONS
        and isinstance(node.parents[0], Node)
    )


def subscript(k: int) -> str:
    """Return a number in Unicode's subscript digits: ₁₂ for 12."""
    return str(k).translate(_SUBSCRIPTS)


def printable(name: str) -> str:
    """Return a name on one line, without characters that a terminal would obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


_NAME = re.compile(
    r"(?P<base>.+?)(?:_(?P<sub>[^_\[\]]+)|\[(?P<index>[^\[\]]*)\]|(?P<number>[₀-₉]+))"
    r"|(?P<word>[^\W\d_]+)(?P<digits>[0-9]+)"
)
# The characters that mean something in LaTeX, HTML or Markdown, by what shows them in math mode.
_ESCAPES = {
    "\\": r"\backslash ",
    "{": r"\lbrace ",
    "}": r"\rbrace ",
    "<": r"\langle ",
    ">": r"\rangle ",
    "^": r"\wedge ",
    "~": r"\sim ",
    "*": r"\ast ",
    "`": "'",
    '"': "''",
    " ": r"\ ",
    **{c: "\\" + c for c in "#$%&_"},
}


def latex_name(name: str) -> str:
    r"""Return a name as LaTeX for math mode: `w_1` is w_{1}, `W[3,1]` W_{3,1}, `beta` \beta.

    What is not such a name is set upright, with every character of a meaning of its own escaped,
    so that no name breaks or adds a command.
    """
    match = _NAME.fullmatch(printable(name))
    if match is None:
        return latex_word(printable(name))
    base = match["base"] or match["word"]
    index = match["sub"] or match["index"] or match["digits"] or match["number"] or ""
    index = index.translate(_DIGITS)
    if re.fullmatch(r"[0-9, ]+", index):
        return f"{latex_word(base)}_{{{index.replace(' ', '')}}}"
    return f"{latex_word(base)}_{{{latex_word(index)}}}"


def latex_word(word: str) -> str:
    """Return a word without subscripts as LaTeX."""
    if len(word) == 1 and word.isalpha():
        return word
    if word in GREEK.split():
        return "\\" + word
    return rf"\mathrm{{{''.join(_ESCAPES.get(c, c) for c in word)}}}"


def number_text(x: float) -> str:
    """Return a number with six significant digits, and a minus as long as it should be."""
    return f"{x:.6g}".replace("-", "−").replace("inf", "∞")


def number_latex(x: float) -> str:
    """Return a number as LaTeX, powers of ten written out."""
    if not math.isfinite(x):
        return f"{x:.6g}".replace("inf", r"\infty ").replace("nan", r"\mathrm{nan}")
    mantissa, _, exponent = f"{x:.6g}".partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa
