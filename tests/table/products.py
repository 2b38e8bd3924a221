"""The rows of products: of vectors, matrices and tensors, and those written with subscripts."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

import autograd_mini as am
from tests.table.case import Case, Shape, real

Shapes = tuple[Shape, ...]


def cases(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    calls: tuple[tuple[Shapes, dict[str, Any]], ...],
) -> list[Case]:
    """Return the cases of a function of arrays with settings."""
    return [
        Case(
            f"{function.__name__}-{shapes}-{settings}",
            lambda *x, s=settings: function(*x, **s),
            lambda *x, s=settings: np.asarray(reference(*x, **s)),
            shapes,
            (real,) * len(shapes),
        )
        for shapes, settings in calls
    ]


def plain(*pairs: Shapes) -> tuple[tuple[Shapes, dict[str, Any]], ...]:
    """Return calls without settings."""
    return tuple((shapes, {}) for shapes in pairs)


DOT = plain(
    *(((), ()), ((), (2, 3)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2))),
    *(((2, 3), (3, 4)), ((2, 4, 3), (3,)), ((2, 4, 3), (3, 2)), ((3,), (4, 3, 2))),
    *(((2, 3), (4, 3, 2)), ((2, 1, 3), (4, 3, 2)), ((1, 1), (1, 1)), ((0, 3), (3, 2))),
    *(((2, 0), (0, 3)), ((0,), (0,))),
)
INNER = plain(
    *(((), ()), ((), (2, 3)), ((2,), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3))),
    *(((2, 3), (4, 3)), ((2, 4, 3), (3,)), ((2, 3), (2, 4, 3)), ((1, 1), (1, 1))),
    *(((0, 3), (2, 3)), ((2, 0), (3, 0))),
)
OUTER = plain(((), ()), ((2,), (3,)), ((2, 2), (3,)), ((1,), (1,)), ((0,), (3,)), ((2, 1), ()))
TENSORDOT: tuple[tuple[Shapes, dict[str, Any]], ...] = (
    (((2, 3, 4), (3, 4, 2)), {}),
    (((2, 3), (3, 4)), {"axes": 1}),
    (((2, 3), (4,)), {"axes": 0}),
    (((), (2,)), {"axes": 0}),
    (((2, 3, 4), (4, 2)), {"axes": ((0, 2), (1, 0))}),
    (((2, 3, 4), (4, 2)), {"axes": ([-1, 0], [0, -1])}),
    (((2, 3, 4), (5, 3)), {"axes": (1, 1)}),
    (((3,), (3,)), {"axes": 1}),
    (((2, 1), (1, 3)), {"axes": 1}),
    (((2, 0), (0, 3)), {"axes": 1}),
)
KRON = plain(
    *(((), ()), ((2,), (3,)), ((2, 3), (2, 2)), ((2,), (2, 3)), ((2, 2, 1), (3,))),
    *(((), (2, 2)), ((1, 1), (1, 1)), ((0,), (2,))),
)
VECDOT: tuple[tuple[Shapes, dict[str, Any]], ...] = (
    *plain(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3,)), ((4, 1, 3), (2, 3)), ((2, 1), (2, 1))),
    *plain(((2, 0), (2, 0)), ((0, 3), (3,))),
    (((3, 2), (3, 2)), {"axis": 0}),
    (((2, 3, 4), (2, 3, 4)), {"axis": -2}),
)
MATVEC = plain(((2, 3), (3,)), ((4, 2, 3), (3,)), ((2, 3), (4, 3)), ((4, 1, 2, 3), (5, 3)))
VECMAT = plain(((2,), (2, 3)), ((2,), (4, 2, 3)), ((4, 2), (2, 3)), ((4, 1, 2), (5, 2, 3)))
CROSS: tuple[tuple[Shapes, dict[str, Any]], ...] = (
    *plain(((3,), (3,)), ((2, 3), (2, 3)), ((4, 1, 3), (2, 3)), ((0, 3), (3,))),
    (((3, 2), (3, 2)), {"axis": 0}),
    (((3, 2), (2, 3)), {"axisa": 0, "axisc": 0}),
    (((2, 3, 4), (2, 4, 3)), {"axisa": 1, "axisb": 2, "axisc": 1}),
)
TRACE: tuple[tuple[Shapes, dict[str, Any]], ...] = (
    *plain(((3, 3),), ((2, 3),), ((4, 2),), ((3, 3, 2),), ((1, 1),), ((0, 0),), ((0, 3),)),
    *(((((3, 4),), {"offset": offset})) for offset in (-4, -2, -1, 1, 3, 4)),
    (((2, 3, 4),), {"axis1": 2, "axis2": 1, "offset": 1}),
    (((2, 3, 3),), {"axis1": -2, "axis2": -1}),
)
CHAINS = (
    ((2, 3), (3, 4)),
    ((2, 3), (3, 1), (1, 4)),
    ((3,), (3, 4), (4, 2), (2,)),
    ((2, 5), (5, 1), (1, 3), (3, 2)),
    ((0, 3), (3, 2), (2, 2)),
)
SUBSCRIPTS: tuple[tuple[str, Shapes], ...] = (
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,jk", ((2, 3), (3, 4))),
    ("ba", ((2, 3),)),
    ("ij->ji", ((2, 3),)),
    ("ij->j", ((2, 3),)),
    ("ij->", ((2, 3),)),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("iji->j", ((2, 3, 2),)),
    ("iij->ji", ((2, 2, 3),)),
    ("iii->i", ((2, 2, 2),)),
    ("iijj->ij", ((2, 2, 3, 3),)),
    ("iijk,kl->il", ((2, 2, 3, 4), (4, 2))),
    ("i,i", ((3,), (3,))),
    ("i,j->ij", ((2,), (3,))),
    ("i,j->", ((2,), (3,))),
    (",i->i", ((), (3,))),
    (",", ((), ())),
    ("ij,ij->ij", ((2, 3), (2, 3))),
    ("bij,bjk->bik", ((2, 2, 3), (2, 3, 2))),
    ("...ij,...jk->...ik", ((4, 1, 2, 3), (2, 3, 2))),
    ("...i,...i", ((2, 3), (3,))),
    ("i...->...", ((2, 3, 2),)),
    ("i...j->j...", ((2, 3, 2),)),
    ("...", ((2, 3),)),
    ("...ii->...i", ((2, 3, 3),)),
    ("i , j k , k -> j i", ((2,), (3, 4), (4,))),
    ("ij,jk,kl->il", ((2, 3), (3, 2), (2, 4))),
    ("ij,kj,kl,l->i", ((2, 3), (2, 3), (2, 2), (2,))),
    ("ij,jk->ik", ((2, 1), (3, 4))),
    ("ij,ij->i", ((2, 1), (1, 3))),
    ("ij,j->", ((2, 3), (1,))),
    ("i,i->", ((2,), (1,))),
    ("i,i->", ((0,), (1,))),
    ("ii,i->i", ((1, 1), (3,))),
    ("ij,jk->ik", ((2, 0), (0, 3))),
    ("ij->i", ((0, 3),)),
    ("ij->i", ((2, 0),)),
    ("aB,Bc->ca", ((2, 3), (3, 2))),
)


def summed(*x: np.ndarray, subscripts: str) -> np.ndarray:
    """Return what einsum means: for each combination of the letters one product, added up."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if not arrow:
        named = {*inputs} - {*".,"}
        output = "..." + "".join(sorted(c for c in named if inputs.count(c) == 1))
    hidden = [a.ndim - len(t.replace("...", "")) for t, a in zip(terms, x, strict=True)]
    most = max(hidden)
    terms = [t.replace("...", "0123"[most - n : most]) for t, n in zip(terms, hidden, strict=True)]
    output = output.replace("...", "0123"[:most])
    lengths: dict[str, int] = {}
    for term, array in zip(terms, x, strict=True):
        for c, n in zip(term, array.shape, strict=True):
            lengths[c] = n if lengths.get(c, 1) == 1 else lengths[c]
    z = np.zeros([lengths[c] for c in output], np.result_type(*x))
    for places in np.ndindex(*lengths.values()):
        at = dict(zip(lengths, places, strict=True))
        factors = [
            a[tuple(at[c] if n > 1 else 0 for c, n in zip(t, a.shape, strict=True))]
            for t, a in zip(terms, x, strict=True)
        ]
        z[tuple(at[c] for c in output)] += np.prod(factors)
    return z


def einsum_cases(optimize: Any, calls: tuple[tuple[str, Shapes], ...]) -> list[Case]:
    """Return the cases of einsum, against loops over all letters."""
    return [
        Case(
            f"einsum-{subscripts}-{shapes}-{optimize}",
            lambda *x, s=subscripts: am.einsum(s, *x, optimize=optimize),
            lambda *x, s=subscripts: summed(*x, subscripts=s),
            shapes,
            (real,) * len(shapes),
        )
        for subscripts, shapes in calls
    ]


def kron_cell(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return NumPy's Kronecker product, of numbers too."""
    return np.kron(a, b) if a.ndim or b.ndim else a * b


ROWS: dict[str, list[Case]] = {
    "dot": cases(am.dot, np.dot, DOT),
    "inner": cases(am.inner, np.inner, INNER),
    "outer": cases(am.outer, np.outer, OUTER),
    "tensordot": cases(am.tensordot, np.tensordot, TENSORDOT),
    "kron": cases(am.kron, kron_cell, KRON),
    "vecdot": cases(am.vecdot, lambda x, y, axis=-1: (x * y).sum(axis), VECDOT),
    "matvec": cases(am.matvec, lambda x, y: (x @ y[..., None])[..., 0], MATVEC),
    "vecmat": cases(am.vecmat, lambda x, y: (x[..., None, :] @ y)[..., 0, :], VECMAT),
    "multi_dot": [
        Case(
            f"multi_dot-{shapes}",
            lambda *x: am.multi_dot(x),
            lambda *x: np.asarray(reduce(np.matmul, x)),
            shapes,
            (real,) * len(shapes),
        )
        for shapes in CHAINS
    ],
    "einsum": [
        *einsum_cases(False, SUBSCRIPTS),
        *einsum_cases(True, SUBSCRIPTS[-12:]),
        *einsum_cases("optimal", (("ij,jk,kl->il", ((2, 3), (3, 2), (2, 4))),)),
    ],
    "cross": cases(am.cross, np.cross, CROSS),
    "trace": cases(am.trace, np.trace, TRACE),
}
