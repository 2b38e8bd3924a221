"""Statistics over axes: variance, standard deviation, range and weighted mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_mini.errors import SettingError, ShapeError
from autograd_mini.ops.elementwise import multiply, not_equal, sqrt, where
from autograd_mini.ops.reductions import Axis, count, floats, keep, max, mean, mean_array, min, sum
from autograd_mini.ops.shaping import reshape, transpose
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tracer import TRACER

__all__ = [
    "average",
    "ptp",
    "std",
    "var",
]


def var(
    x: Any,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
) -> Any:
    """Return the variance over `axis`: Σ (x - mean)² / (n - ddof).

    Args:
        x: an array.
        axis: the axes to reduce.
        ddof: 0 for the variance of these n numbers, 1 for the unbiased estimate from a sample.
        keepdims: leave the reduced axes with length 1.
        correction: another name for `ddof`.

    Raises:
        SettingError: both `ddof` and `correction` are given.
    """
    z = apply(_var, x, params={"axis": axis, "keepdims": keepdims})
    ddof = _one_of(ddof, correction)
    return z * _ratio(x, axis, ddof) if ddof else z


def std(
    x: Any,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
) -> Any:
    """Return the standard deviation over `axis`: the square root of `var`.

    It does not overflow where the variance does. Where all elements are equal its derivative is 0,
    like that of |x| at 0.

    Args and Raises: as in `var`.
    """
    z = apply(_std, x, params={"axis": axis, "keepdims": keepdims})
    ddof = _one_of(ddof, correction)
    return z * _ratio(x, axis, ddof) ** 0.5 if ddof else z


def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element minus the smallest over `axis`, "peak to peak"."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def average(x: Any, axis: Axis = None, weights: Any = None, keepdims: bool = False) -> Any:
    """Return the weighted mean over `axis`: Σ w x / Σ w; differentiable in both.

    Args:
        x: an array.
        axis: the axes to reduce.
        weights: w, in the shape of `x` or in that of the axes to reduce; None for equal ones.
        keepdims: leave the reduced axes with length 1.

    Raises:
        ShapeError: the weights have neither shape.
        ZeroDivisionError: weights sum to zero.
    """
    if weights is None:
        return mean(x, axis, keepdims)
    shape, given = np.shape(primal(x)), np.shape(primal(weights))
    if given != shape:
        axes = normalize_axis_tuple(axis, len(shape)) if axis is not None else ()
        if not axes or given != tuple(shape[i] for i in axes):
            raise ShapeError(
                f"average: expected weights of shape {shape}, or of the axes to reduce, got {given}"
            )
        in_order = transpose(weights, np.argsort(axes).tolist())
        weights = reshape(in_order, [n if i in axes else 1 for i, n in enumerate(shape)])
    total = sum(weights, axis, keepdims)
    asked = floats(primal(total)) if TRACER.get() is None else total  # so a replay asks, too
    if not np.all(asked != 0):
        raise ZeroDivisionError("average: the weights sum to zero")
    return sum(multiply(x, weights), axis, keepdims) / total


def _one_of(ddof: float, correction: float | None) -> float:
    if correction is None:
        return ddof
    if ddof:
        raise SettingError("ddof and correction are two names for one number; give one of them")
    return correction


def _ratio(x: Any, axis: Axis, ddof: float) -> float:
    """Return n / (n - ddof); infinite with NumPy's warning where nothing is left to divide by."""
    n = count(x, axis)
    return float(np.divide(n, n - ddof if n > ddof else 0))


def deviations(x: Any, axis: Axis, mean: Callable[..., Any] = mean) -> Any:
    """Return `x` minus its mean over `axis`.

    The mean of what is left is subtracted too: it is the rounding error of the first one, which
    would matter where all elements are nearly equal, and be all there is where they are equal.
    """
    x = x - mean(x, axis, keepdims=True)
    return x - mean(x, axis, keepdims=True)


def scale(x: Any, axis: Axis) -> Any:
    """Return a power of two near the largest magnitude over `axis`, kept; 1 where there is none.

    Numbers are divided by it and results multiplied, both exactly, so that no square overflows. It
    is a constant: the result does not depend on it.
    """
    if isinstance(x, Node) and TRACER.get() is not None:
        return 1.0  # a replay may have numbers of another magnitude
    x = primal(x)
    largest = np.maximum.reduce(np.absolute(x), axis=axis, keepdims=True, initial=0)
    _, exponent = np.frexp(np.where(np.isfinite(largest) & (largest > 0), largest, 1))
    return np.ldexp(x.real.dtype.type(1), exponent - 1)


def _var_array(x: Any, axis: Axis, keepdims: bool) -> Any:
    if is_object_array(x):  # the plain formula, with as few nodes as there can be
        return mean_array((x - mean_array(x, axis, keepdims=True)) ** 2, axis, keepdims)
    x = deviations(np.asarray(x), axis, mean_array)
    return mean_array(x * x, axis, keepdims)


def _var_slope(x: Any, axis: Axis) -> Any:
    return deviations(x, axis) / (0.5 * count(x, axis))


_var = ArrayPrimitive(
    "var",
    _var_array,
    [lambda z_bar, z, x, axis, keepdims: keep(z_bar, x, axis, keepdims) * _var_slope(x, axis)],
    [lambda x_dot, z, x, axis, keepdims: sum(x_dot * _var_slope(x, axis), axis, keepdims)],
    latex=[r"\frac{{2}}{{{n}}}\,{dz}\odot ({x}-\mathrm{{mean}}({x}))"],
    analytic=True,
)


def _std_array(x: Any, axis: Axis, keepdims: bool) -> Any:
    if is_object_array(x):
        z = _var_array(x, axis, keepdims)
        some = not_equal(z, 0.0)
        return sqrt(where(some, z, 1.0)) * some
    x = np.asarray(x)
    unit = scale(x, axis)
    z = np.sqrt(_var_array(x / unit, axis, keepdims=True)) * unit
    return z if keepdims else np.squeeze(z, axis)[()]


def _std_slope(z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    unit = scale(x, axis)
    z = keep(z, x, axis, keepdims) / unit
    z = where(not_equal(z, 0.0), z, np.inf)  # where all are equal: 0
    return deviations(x / unit, axis) / z / count(x, axis)


_std = ArrayPrimitive(
    "std",
    _std_array,
    [
        lambda z_bar, z, x, axis, keepdims: (
            keep(z_bar, x, axis, keepdims) * _std_slope(z, x, axis, keepdims)
        )
    ],
    [
        lambda x_dot, z, x, axis, keepdims: sum(
            x_dot * _std_slope(z, x, axis, keepdims), axis, keepdims
        )
    ],
    latex=[r"{dz}\odot\frac{{{x}-\mathrm{{mean}}({x})}}{{{n}\,{z}}}"],
    convention="where all elements are equal: 0",
    analytic=True,
)


NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    np.var: var,
    np.std: std,
    np.ptp: ptp,
    np.average: average,
}
