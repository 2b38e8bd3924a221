"""`einsum`, and what is written with it: traces and cross products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_mini.errors import DataError, ShapeError
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.products import moved, ndim
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import primal

__all__ = [
    "cross",
    "einsum",
    "trace",
]


def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Any:
    """Return the sum of products that subscripts describe: "ij,jk->ik" is a matrix product.

    Args:
        subscripts: one letter an axis, "..." for all others; a letter that the output, after "->",
            lacks is summed over. Without "->" the output has the letters that stand once, sorted.
        operands: one for each term of the subscripts.
        optimize: in which order to contract more than two operands, as in NumPy; the sweeps, in
            which the operands are others, find an order of their own.

    Raises:
        DataError: the subscripts are no string: axes given as lists of integers are not taken.
        ValueError: they do not fit the operands.
    """
    if not isinstance(subscripts, str):
        raise DataError(
            "einsum takes its subscripts as a string in front of the operands, "
            f"einsum('ij,jk->ik', x, y), got {type(subscripts).__name__}"
        )
    explicit = _explicit(subscripts.replace(" ", ""), [ndim(x) for x in operands])
    return apply(_einsum, *operands, params={"subscripts": explicit, "optimize": optimize})


def _explicit(subscripts: str, ndims: Sequence[int]) -> str:
    """Return subscripts with an output and letters for "..."; what is wrong is left to NumPy."""
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        return subscripts
    if not arrow:
        once = sorted(c for c in {*inputs} - {*".,"} if inputs.count(c) == 1)
        output = "..." + "".join(once)
    counts = [
        n - len(term) + 3 if "..." in term else 0 for n, term in zip(ndims, terms, strict=True)
    ]
    most = max(counts)
    letters = "".join(c for c in ascii_letters if c not in subscripts)[:most]
    if min(counts) < 0 or len(letters) < most or (most and "..." not in output):
        return subscripts
    terms = [
        term.replace("...", letters[most - count :])
        for term, count in zip(terms, counts, strict=True)
    ]
    return f"{','.join(terms)}->{output.replace('...', letters)}"


def _einsum_vjp(i: int, z_bar: Any, z: Any, *operands: Any, subscripts: str, optimize: Any) -> Any:
    """Contract z_bar with the other operands, then put what they lack into the operand's axes.

    That is one product with ones for an axis that only the operand has, and with an identity for
    each repetition of a letter, whose cotangent lies on the diagonal.
    """
    optimize = bool(optimize)  # a path that was given is one for the operands of the forward pass
    inputs, output = subscripts.split("->")
    own, *terms = (inputs.split(",")[j] for j in (i, *_but(i, operands)))
    found = "".join(c for c in dict.fromkeys(own) if c in output or any(c in t for t in terms))
    rest = [operands[j] for j in _but(i, operands)]
    x_bar = einsum(f"{','.join([output, *terms])}->{found}", z_bar, *rest, optimize=optimize)
    lengths = dict(zip(own, np.shape(primal(operands[i])), strict=True))
    there = dict(zip(found, np.shape(primal(x_bar)), strict=True))
    dtype = primal(x_bar).dtype
    unused = iter(c for c in ascii_letters if c not in subscripts)
    target, spread, factors = "", [found], []
    for c in own:
        n = lengths[c]
        if c not in target:
            target += c
            if c not in there or there[c] != n != 1:
                spread.append(c)
                factors.append(np.ones(n, dtype))
        else:
            target += next(unused)
            spread.append(c + target[-1])
            factors.append(np.eye(n, dtype=dtype))
    return einsum(f"{','.join(spread)}->{target}", x_bar, *factors) if factors else x_bar


def _but(i: int, operands: Sequence[Any]) -> list[int]:
    return [j for j in range(len(operands)) if j != i]


_einsum = ArrayPrimitive(
    "einsum",
    lambda *operands, subscripts, optimize: np.einsum(subscripts, *operands, optimize=optimize),
    _einsum_vjp,
    "linear",
    latex=[r"\mathrm{{einsum}}({dz},\cdots)"],
    analytic=True,
)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sum over a diagonal of the matrices that lie in two axes.

    Args:
        a: an array of two or more axes.
        offset: how far the diagonal lies above the main one; negative below it.
        axis1: the axis of the rows.
        axis2: the axis of the columns.
    """
    if ndim(a) < 2:
        raise ShapeError(f"trace takes a matrix or a stack of them, got {ndim(a)} axes")
    row, column = normalize_axis_tuple((axis1, axis2), ndim(a))
    shape = np.shape(primal(a))
    down, right = max(-offset, 0), max(offset, 0)
    n = max(min(shape[row] - down, shape[column] - right), 0)
    index = [slice(None)] * ndim(a)
    index[row], index[column] = slice(down, down + n), slice(right, right + n)
    square = a if shape[row] == shape[column] == n else getitem(a, tuple(index))
    letters = list(ascii_letters[: ndim(a)])
    left = "".join(c for i, c in enumerate(letters) if i not in (row, column))
    letters[column] = letters[row]
    return einsum(f"{''.join(letters)}->{left}", square)


_TURNS = np.zeros((3, 3, 3))
_TURNS[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1.0
_TURNS[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1.0
"""The sign of each permutation of three axes, 0 where an axis is repeated."""


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Return the vector products of vectors of length 3; the other axes broadcast.

    Args:
        a: the first vectors.
        b: the second vectors.
        axisa: where the vectors lie in `a`.
        axisb: where they lie in `b`.
        axisc: where those of the result are to lie.
        axis: all three of these.

    Raises:
        ShapeError: the vectors have not three components.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = moved(a, axisa, -1), moved(b, axisb, -1)
    if not np.shape(primal(x))[-1] == np.shape(primal(y))[-1] == 3:
        raise ShapeError(
            "cross takes vectors of 3 components along an axis, got arrays of shapes "
            f"{np.shape(primal(a))} and {np.shape(primal(b))}"
        )
    signs = _TURNS.astype(np.result_type(*(np.asarray(primal(v)) for v in (x, y))))
    return moved(einsum("ijk,...j,...k->...i", signs, x, y), -1, axisc)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.cross: cross,
    np.einsum: einsum,
    np.linalg.cross: cross,
    np.linalg.trace: lambda x, offset=0: trace(x, offset, -2, -1),
    np.trace: trace,
}
