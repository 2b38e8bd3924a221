"""Norms of vectors and of matrices, over the axes that hold them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_mini.errors import SettingError, ShapeError
from autograd_mini.ops.elementwise import abs as abs_
from autograd_mini.ops.elementwise import not_equal, power, sign
from autograd_mini.ops.products import moved, ndim
from autograd_mini.ops.reductions import Axis, inexact, kept_shape
from autograd_mini.ops.reductions import max as max_
from autograd_mini.ops.reductions import min as min_
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.ops.shaping import expand_dims, reshape
from autograd_mini.ops.singular import svdvals
from autograd_mini.ops.solving import of_numbers
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import primal

__all__ = [
    "matrix_norm",
    "norm",
    "vector_norm",
]

Order = float | str | None


def norm(x: Any, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors or matrices, without overflow; its derivative at 0 is 0.

    Args:
        x: the array.
        ord: which norm, as in `np.linalg.norm`: of a vector any number p (2 by default, inf and
            -inf for the largest and smallest size, 0 for the number of elements that are not 0); of
            a matrix "fro" (by default), "nuc", 1, -1, 2, -2, inf or -inf.
        axis: that of the vectors, or the two of the matrices; by default all axes.
        keepdims: leave these axes with length 1.

    Raises:
        SettingError: there is no such norm.
        ShapeError: it needs one axis or two, and there are others.
    """
    if axis is None and ord is None:
        return vector_norm(x, keepdims=keepdims)
    axes = normalize_axis_tuple(range(ndim(x)) if axis is None else axis, ndim(x))
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) == 2:
        return _matrix_norm(x, "fro" if ord is None else ord, *axes, keepdims)
    raise ShapeError(
        f"norm takes one axis (of vectors) or two (of matrices), got {len(axes)} of an array of "
        f"shape {np.shape(primal(x))}"
    )


def vector_norm(x: Any, *, axis: Axis = None, keepdims: bool = False, ord: float | str = 2) -> Any:
    """Return the norm over an axis or several, by default all, which count as one vector."""
    if isinstance(ord, str):
        raise SettingError(f"the norm of a vector has a number as its order, got {ord!r}")
    settings: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if ord == 2:
        return apply(_norm, x, params=settings)
    if ord == 0:
        return sum_(not_equal(x, 0.0), **settings)
    if ord == 1:
        return sum_(abs_(x), **settings)
    if ord in (np.inf, -np.inf):
        return (max_ if ord > 0 else min_)(abs_(x), **settings)
    return apply(_p_norm, x, params={"p": float(ord), **settings})


def matrix_norm(x: Any, *, keepdims: bool = False, ord: float | str = "fro") -> Any:
    """Return the norm of the matrices in the last two axes."""
    if ndim(x) < 2:
        raise ShapeError(f"matrix_norm takes matrices, got shape {np.shape(primal(x))}")
    return _matrix_norm(x, ord, ndim(x) - 2, ndim(x) - 1, keepdims)


def _matrix_norm(x: Any, ord: float | str, row: int, column: int, keepdims: bool) -> Any:
    if ord in ("fro", "f"):
        return vector_norm(x, axis=(row, column), keepdims=keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        sums = sum_(abs_(x), row if abs(ord) == 1 else column, keepdims=True)
        return (max_ if ord > 0 else min_)(sums, (row, column), keepdims)
    of_singular_values = {"nuc": 1, 2: np.inf, -2: -np.inf}
    if ord not in of_singular_values:
        raise SettingError(
            f"the norms of a matrix are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf, got {ord!r}"
        )
    s = svdvals(moved(moved(x, row, -1), column - (column > row), -1))
    z = vector_norm(s, axis=-1, ord=of_singular_values[ord])
    return expand_dims(z, (row, column)) if keepdims else z


# The two primitives divide by a power of the largest size, or of the smallest if p is negative,
# where the powers of the elements themselves would overflow or vanish.


def _norm_array(x: Any, axis: Any, keepdims: Any) -> Any:
    x = inexact(x)
    with np.errstate(over="ignore"):
        squares = np.add.reduce(np.square(x), axis=axis, keepdims=keepdims)
    limits = np.finfo(squares.dtype)
    if np.all((squares > limits.tiny / limits.eps) & (squares < np.inf)):  # nearly always
        return np.sqrt(squares)
    sizes = np.absolute(x)
    scale = _scale(np.maximum.reduce(sizes, axis=axis, keepdims=True, initial=0))
    z = np.sqrt(np.add.reduce(np.square(sizes / scale), axis=axis, keepdims=True)) * scale
    return np.reshape(z, squares.shape)


def _scale(size: Any) -> Any:
    return np.where((size > 0) & (size < np.inf), size, 1)


def _p_norm_array(x: Any, p: float, axis: Any, keepdims: bool) -> Any:
    sizes = np.absolute(inexact(x))
    if p > 0:
        scale = _scale(np.maximum.reduce(sizes, axis=axis, keepdims=True, initial=0))
    else:
        scale = _scale(np.minimum.reduce(sizes, axis=axis, keepdims=True, initial=np.inf))
    with np.errstate(divide="ignore"):  # an element 0 to a negative power: then the norm is 0
        total = np.add.reduce((sizes / scale) ** p, axis=axis, keepdims=True)
        z = total ** (1 / p) * scale
    return z if keepdims else np.reshape(z, np.add.reduce(sizes, axis=axis).shape)


def _kept(z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return z if keepdims or axis is None else reshape(z, kept_shape(x, axis))


def _slope(z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return x / z, and 0 where z = 0."""
    z = _kept(z, x, axis, keepdims)
    some = not_equal(z, 0.0)
    return x * some / (z + (1.0 - some))


def _p_slope(z: Any, x: Any, p: float, axis: Axis, keepdims: bool) -> Any:
    """Return sign(x) (|x| / z)^(p-1), and 0 where x = 0 or z = 0."""
    z = _kept(z, x, axis, keepdims)
    some, none_here = not_equal(z, 0.0), 1.0 - not_equal(x, 0.0)
    ratio = abs_(x) / (z + (1.0 - some)) + none_here
    return sign(x) * some * power(ratio, p - 1.0)


_norm = ArrayPrimitive(
    "norm",
    of_numbers("norm", _norm_array),
    [
        lambda z_bar, z, x, axis, keepdims: (
            _kept(z_bar, x, axis, keepdims) * _slope(z, x, axis, keepdims)
        )
    ],
    [
        lambda x_dot, z, x, axis, keepdims: sum_(
            x_dot * _slope(z, x, axis, keepdims), axis, keepdims
        )
    ],
    latex=[r"\frac{{{dz}}}{{{z}}}\odot {x}"],
    formula=r"\Vert {x}\Vert",
    convention="at 0: 0",
    analytic=lambda x, axis, keepdims: np.sqrt(
        np.add.reduce(np.square(x), axis=axis, keepdims=keepdims)
    ),
)
_p_norm = ArrayPrimitive(
    "p_norm",
    of_numbers("norm", _p_norm_array),
    [
        lambda z_bar, z, x, p, axis, keepdims: (
            _kept(z_bar, x, axis, keepdims) * _p_slope(z, x, p, axis, keepdims)
        )
    ],
    [
        lambda x_dot, z, x, p, axis, keepdims: sum_(
            x_dot * _p_slope(z, x, p, axis, keepdims), axis, keepdims
        )
    ],
    latex=[r"{dz}\odot\mathrm{{sign}}({x})\odot(\frac{{|{x}|}}{{{z}}})^{{p-1}}"],
    formula=r"\Vert {x}\Vert_p",
    convention="by an element that is 0: 0; at 0: 0",
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.matrix_norm: matrix_norm,
    np.linalg.norm: norm,
    np.linalg.vector_norm: vector_norm,
}
