"""The table as random programs use it: the operations on arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from tests.random_table import Domain, Operation, real

# Domains


def offsets(shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers from -1 to 1, no two of which are equal."""
    return np.cos(1.0 + 7.3 * np.arange(math.prod(shape))).reshape(shape)


def distinct(m: Any, x: Any) -> Any:
    """Return numbers that differ by more than rounding, even where those of x do not."""
    return 0.9 * m.tanh(x) + offsets(np.shape(x))


def axes(m: Any, x: Any) -> Any:
    """Return distinct numbers with at least one axis."""
    return distinct(m, m.atleast_1d(x))


def rows(m: Any, x: Any) -> Any:
    """Return distinct numbers with at least two axes."""
    return distinct(m, m.atleast_2d(x))


@cache
def fixed(*shape: int) -> Domain:
    """Return the domain of distinct numbers of one shape: elements are repeated or left out."""
    n = math.prod(shape)

    def domain(m: Any, x: Any) -> Any:
        flat = m.tile(m.ravel(x), -(-n // np.size(x)))[:n]
        return distinct(m, m.reshape(flat, shape))

    return domain


def operations(table: dict[str, Callable[..., Any]], *domains: Domain) -> list[Operation]:
    """Return the operations of one kind of operands, by their labels."""
    return [Operation(label, f, domains) for label, f in table.items()]


VECTOR, MATRIX, SQUARE, CUBE = fixed(3), fixed(2, 3), fixed(3, 3), fixed(2, 2, 3)
LIMITED = np.array([[True, False, True], [False, True, True]])
SOME = np.array([2, 0, 2])

OVER_AXES = "sum mean max min prod var logsumexp median ptp average"
REDUCTIONS = [
    *(
        Operation(
            f"{name} over {axis}, {keepdims=}",
            lambda m, x, name=name, axis=axis, keepdims=keepdims: getattr(m, name)(
                x, axis=axis, keepdims=keepdims
            ),
            (rows if isinstance(axis, tuple) else axes,),
        )
        for name in OVER_AXES.split()
        for axis, keepdims in (
            *((None, False), (None, True), (0, False), (-1, True)),
            *(((0, -1), False), ((-2, -1), True)),
        )
        if not (name == "average" and isinstance(axis, tuple))
    ),
    *operations(
        {
            "softmax": lambda m, x: m.softmax(x),
            "softmax over the first": lambda m, x: m.softmax(x, axis=0),
            "log_softmax": lambda m, x: m.log_softmax(x),
            "log_softmax over the first": lambda m, x: m.log_softmax(x, axis=0),
            "cumsum of all": lambda m, x: m.cumsum(x),
            "cumsum": lambda m, x: m.cumsum(x, axis=-1),
            "cumprod of all": lambda m, x: m.cumprod(x),
            "cumprod": lambda m, x: m.cumprod(x, axis=0),
            "diff": lambda m, x: m.diff(m.concatenate([x, 2.0 * x]), axis=0),
            "sort": lambda m, x: m.sort(x),
            "sort over the first": lambda m, x: m.sort(x, axis=0),
            "top_k": lambda m, x: m.top_k(x, 1),
            "quantile": lambda m, x: m.quantile(x, 0.3),
            "quantile over an axis": lambda m, x: m.quantile(x, np.array([0.1, 0.8]), axis=-1),
            "percentile": lambda m, x: m.percentile(x, 70.0, axis=0, keepdims=True),
        },
        axes,
    ),
    # Of one element the standard deviation is 0: its derivative is 0 here and NaN in JAX.
    *operations(
        {
            "std": lambda m, x: m.std(x),
            "std over an axis": lambda m, x: m.std(x, axis=0, keepdims=True),
            "std with ddof": lambda m, x: m.std(x, axis=-1, ddof=1),
            "var with ddof": lambda m, x: m.var(x, axis=-1, ddof=1),
            "diff twice": lambda m, x: m.diff(x, 2),
            "top_k of two": lambda m, x: m.top_k(x, 2),
            "sort of all": lambda m, x: m.sort(x, axis=None),
            "softmax of all": lambda m, x: m.softmax(x, axis=None),
        },
        MATRIX,
    ),
    Operation(
        "average with weights",
        lambda m, x, y: m.average(x, 1, m.exp(y)),
        (MATRIX, VECTOR),
    ),
]

SHAPING = [
    *operations(
        {
            "reshape": lambda m, x: m.reshape(x, (-1,)),
            "transpose": lambda m, x: m.transpose(x),
            "T": lambda m, x: x.T,
            "expand_dims": lambda m, x: m.expand_dims(x, -1),
            "broadcast_to": lambda m, x: m.broadcast_to(x, (2, *np.shape(x))),
            "astype": lambda m, x: m.astype(x, np.float64),
            "atleast_1d": lambda m, x: m.atleast_1d(x),
            "atleast_2d": lambda m, x: m.atleast_2d(x),
            "atleast_3d": lambda m, x: m.atleast_3d(x),
            "copy": lambda m, x: m.copy(x),
            "permute_dims": lambda m, x: m.permute_dims(x, range(np.ndim(x))[::-1]),
            "ravel": lambda m, x: m.ravel(x),
            "squeeze": lambda m, x: m.squeeze(x),
            "flip": lambda m, x: m.flip(x),
            "roll": lambda m, x: m.roll(x, 2),
        },
        distinct,
    ),
    *operations(
        {
            "reshape in order F": lambda m, x: m.reshape(x, (-1,), order="F"),
            "matrix_transpose": lambda m, x: m.matrix_transpose(x),
            "moveaxis": lambda m, x: m.moveaxis(x, 0, -1),
            "rollaxis": lambda m, x: m.rollaxis(x, 1),
            "swapaxes": lambda m, x: m.swapaxes(x, 0, -1),
            "fliplr": lambda m, x: m.fliplr(x),
            "roll over axes": lambda m, x: m.roll(x, (1, -1), (0, -1)),
            "rot90": lambda m, x: m.rot90(x),
            "rot90 back": lambda m, x: m.rot90(x, -1, (1, 0)),
            "triu": lambda m, x: m.triu(x),
            "tril": lambda m, x: m.tril(x, -1),
            "diagonal": lambda m, x: m.diagonal(x),
            "trace": lambda m, x: m.trace(x),
        },
        rows,
    ),
    *operations(
        {
            "flip of an axis": lambda m, x: m.flip(x, 0),
            "flipud": lambda m, x: m.flipud(x),
            "tile": lambda m, x: m.tile(x, 2),
            "repeat": lambda m, x: m.repeat(x, 2),
            "repeat along an axis": lambda m, x: m.repeat(x, 2, axis=0),
            "pad": lambda m, x: m.pad(x, 1),
            "getitem last": lambda m, x: x[..., -1],
            "getitem reversed": lambda m, x: x[::-1],
            "getitem new axis": lambda m, x: x[None, 0],
            "take the first": lambda m, x: m.take(x, np.array([0, 0]), axis=0),
            "append": lambda m, x: m.append(x, 2.0 * x),
        },
        axes,
    ),
    *operations(
        {
            "squeeze of an axis": lambda m, x: m.squeeze(x[:1], 0),
            "tile by axes": lambda m, x: m.tile(x, (2, 1)),
            "repeat by counts": lambda m, x: m.repeat(x, np.array([1, 0, 2]), axis=1),
            "repeat never": lambda m, x: m.repeat(x, 0, axis=1),
            **{
                f"pad {mode}": lambda m, x, mode=mode: m.pad(x, ((1, 0), (1, 2)), mode=mode)
                for mode in ("edge", "reflect", "symmetric", "wrap")
            },
            "getitem array": lambda m, x: x[:, SOME],
            "getitem arrays": lambda m, x: x[np.array([1, 1, 0]), SOME],
            "getitem mask": lambda m, x: x[LIMITED],
            "getitem nothing": lambda m, x: x[2:],
            "take": lambda m, x: m.take(x, np.array([5, 0, 5, 2])),
            "take_along_axis": lambda m, x: m.take_along_axis(x, np.array([[2, 2], [0, 1]]), 1),
            "compress": lambda m, x: m.compress(LIMITED[0], x, axis=1),
            "extract": lambda m, x: m.extract(LIMITED, x),
            "diag of a matrix": lambda m, x: m.diag(x, 1),
            "array_split": lambda m, x: m.array_split(x, 2, axis=1)[0],
            "split": lambda m, x: m.split(x, [1], axis=1)[1],
            "hsplit": lambda m, x: m.hsplit(x, 3)[1],
            "vsplit": lambda m, x: m.vsplit(x, 2)[1],
            "at twice": lambda m, x: x.at[:, SOME].add(x),
        },
        MATRIX,
    ),
    *operations(
        {
            "dsplit": lambda m, x: m.dsplit(x, 3)[2],
            "diagonal of axes": lambda m, x: m.diagonal(x, 1, 1, 2),
            "trace of axes": lambda m, x: m.trace(x, 1, 1, 2),
            "getitem mixed": lambda m, x: x[1, :, SOME],
        },
        CUBE,
    ),
    Operation("diag", lambda m, x: m.diag(x, -1), (VECTOR,)),
]

JOINING = [
    *operations(
        {
            "concatenate": lambda m, x, y: m.concatenate([x, y, x], axis=1),
            "stack": lambda m, x, y: m.stack([x, y], axis=1),
            "vstack": lambda m, x, y: m.vstack([x, y]),
            "hstack": lambda m, x, y: m.hstack([x, y]),
            "dstack": lambda m, x, y: m.dstack([x, y]),
            "append along an axis": lambda m, x, y: m.append(x, y, axis=0),
            "select": lambda m, x, y: m.select([LIMITED, ~LIMITED[::-1]], [x, y], 0.5),
            "inner": lambda m, x, y: m.inner(x, y),
            "vdot": lambda m, x, y: m.vdot(x, y),
            "vecdot": lambda m, x, y: m.vecdot(x, y),
            "linalg.vecdot": lambda m, x, y: m.linalg.vecdot(x, y, axis=0),
            "cross": lambda m, x, y: m.cross(x, y),
            "linalg.cross": lambda m, x, y: m.linalg.cross(x, y),
            "kron": lambda m, x, y: m.kron(x, y),
            "tensordot": lambda m, x, y: m.tensordot(x, y),
            "linalg.tensordot": lambda m, x, y: m.linalg.tensordot(x, y, axes=((0,), (0,))),
            "einsum of all": lambda m, x, y: m.einsum("ij,kj->ik", x, y),
            "einsum implicit": lambda m, x, y: m.einsum("ij,il", x, y),
            **{
                f"at {way}": lambda m, x, y, way=way: getattr(x.at[:, 0], way)(y[:, 2])
                for way in ("set", "add", "subtract", "multiply", "min", "max")
            },
            "at divide": lambda m, x, y: x.at[1].divide(3.0 + y[0]),
        },
        MATRIX,
        fixed(2, 3),
    ),
    *operations(
        {
            "column_stack": lambda m, x, y: m.column_stack([x, y]),
            "outer": lambda m, x, y: m.outer(x, y),
            "linalg.outer": lambda m, x, y: m.linalg.outer(x, y),
            "concatenate vectors": lambda m, x, y: m.concatenate([x, y]),
            "dot of vectors": lambda m, x, y: m.dot(x, y),
            "meshgrid": lambda m, x, y: m.meshgrid(x, y)[0] * m.meshgrid(x, y)[1],
            "kron of vectors": lambda m, x, y: m.kron(x, y),
            "getitem and at": lambda m, x, y: x.at[SOME].add(y),
        },
        VECTOR,
        fixed(3),
    ),
    *operations(
        {
            "dot": lambda m, x, y: m.dot(x, y),
            "matmul vector": lambda m, x, y: x @ y,
            "matvec": lambda m, x, y: m.matvec(x, y),
            "einsum": lambda m, x, y: m.einsum("...i,i->...", x, y),
            "multi_dot": lambda m, x, y: m.multi_dot([y, m.transpose(x), x, y]),
            "linalg.multi_dot": lambda m, x, y: m.linalg.multi_dot([x, m.transpose(x), x, y]),
        },
        MATRIX,
        VECTOR,
    ),
    *operations(
        {
            "matmul": lambda m, x, y: m.matmul(x, y),
            "linalg.matmul": lambda m, x, y: m.linalg.matmul(y, x),
            "vecmat": lambda m, x, y: m.vecmat(y[0], x),
            "matvec of stacks": lambda m, x, y: m.matvec(x, y[:, 1]),
        },
        CUBE,
        fixed(3, 2),
    ),
    Operation("linear", lambda m, x, w, b: m.linear(x, w, b), (CUBE, fixed(2, 3), fixed(2))),
    Operation(
        "broadcast_arrays",
        lambda m, x, y: m.broadcast_arrays(x, y)[0] * m.broadcast_arrays(x, y)[1],
        (real, real),
    ),
]

ARRAYS = [*REDUCTIONS, *SHAPING, *JOINING]
