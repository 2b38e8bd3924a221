"""Sums of softmaxes: logsumexp, softmax and its logarithm; none of them overflows."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.ops.elementwise import (
    abs,
    equal,
    exp,
    greater,
    log,
    log1p,
    maximum,
    where,
)
from autograd_mini.ops.reductions import Axis, floats, inexact, keep, reduce, sum
from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import apply
from autograd_mini.state import no_grad
from autograd_mini.tape import is_object_array
from autograd_mini.tracer import TRACER

__all__ = [
    "log_softmax",
    "logsumexp",
    "softmax",
]


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over `axis`, without overflow."""
    return reduce(_logsumexp, x, axis, keepdims)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return x - logsumexp(x) along `axis`: the logarithm of the softmax, without overflow."""
    return apply(_log_softmax, x, params={"axis": axis})


def softmax(x: Any, axis: Axis = -1) -> Any:
    """Return exp(x) / Σ exp(x) over `axis`, without overflow; 0 where every x is -inf."""
    return apply(_softmax, x, params={"axis": axis})


# The softmaxes are shifted by the largest x, so that none overflows and one is 1.


def _shifted(x: Any, axis: Axis) -> tuple[Any, Any]:
    """Return x minus the largest over `axis`, kept, and the largest.

    Where the largest is infinite, 0 is subtracted: the difference is never NaN. It is a constant
    also where `x` holds `Value`s: the result does not depend on it.
    """
    if TRACER.get() is not None and is_object_array(x):  # at a replay another x is the largest
        with no_grad():
            shift = _largest.reduce(x, axis=axis, keepdims=True)
            shift = where(equal(abs(shift), np.inf), 0.0, shift)
        return x - shift, shift
    shift = np.maximum.reduce(floats(x).real, axis=axis, keepdims=True, initial=-np.inf)
    if not np.isfinite(shift).all():  # seldom
        shift = np.where(np.isfinite(shift), shift, 0)
    with np.errstate(over="ignore"):  # to -inf, of which the exponential is 0
        return x - shift, shift


_largest = np.frompyfunc(maximum, 2, 1, identity=-np.inf)  # recorded; np.maximum compares


CLEAR = 1.001
"""The logarithm of a sum of exponentials above it has all its digits."""


def _log_total(x: Any, axis: Axis) -> tuple[Any, Any, Any]:
    """Return log(sum(exp)) of `x` minus its largest, kept; the difference; and the largest."""
    if TRACER.get() is not None and is_object_array(x):  # at a replay the other branch may be due
        return _log_total_recorded(x, axis)
    shift = np.maximum.reduce(floats(x).real, axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        shifted = x - shift
    e = np.exp(shifted)
    total = np.add.reduce(e, axis=axis, keepdims=True)
    if np.minimum.reduce(floats(total).real, axis=None, initial=2.0) > CLEAR:
        return np.log(total), shifted, shift  # nearly always; a shift that is infinite gave NaN
    if not np.isfinite(shift).all():
        shifted, shift = _shifted(x, axis)
        e = np.exp(shifted)
    return _log_of_total(e, shifted, axis), shifted, shift


def _log_of_total(e: Any, shifted: Any, axis: Axis) -> Any:
    """Return log(sum(e)), e the exponentials of `shifted`, also where the sum is hardly above 1.

    Beside the exp(0) = 1 of the largest little is left of what the others add: log1p keeps it.
    """
    real = floats(shifted).real
    largest = np.equal(real, 0).astype(real.dtype)
    ties = np.add.reduce(largest, axis=axis, keepdims=True) - 1
    others = np.add.reduce(e - largest, axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):  # log(0) = -inf is the answer where every x is -inf
        return np.log1p(others + ties)


def _log_total_recorded(x: Any, axis: Axis) -> tuple[Any, Any, Any]:
    """Return the same of `Value`s, both branches recorded."""
    shifted, shift = _shifted(x, axis)
    e = np.exp(shifted)
    total = np.add.reduce(e, axis=axis, keepdims=True)
    largest = equal(shifted, 0.0)
    ties = np.add.reduce(largest, axis=axis, keepdims=True) - 1
    rest = np.add.reduce(e - largest, axis=axis, keepdims=True) + ties
    with np.errstate(divide="ignore"):
        return where(greater(total, CLEAR), log(total), log1p(rest)), shifted, shift


def _logsumexp_array(x: Any, axis: Axis, keepdims: bool) -> Any:
    total, _, shift = _log_total(inexact(x), axis)
    z = total + shift
    return z if keepdims else np.squeeze(z, axis)[()]


SHORT = 16
"""NumPy takes longer to reduce many rows of so few elements than to copy and reduce columns."""


def _in_columns(x: Any, axis: Axis) -> Any:
    """Return an array laid out in memory so that it is quickly reduced over an axis."""
    if isinstance(axis, int) and x.ndim > 1 and x.shape[axis] <= SHORT:
        columns = x.swapaxes(0, axis)
        return x if columns.flags.c_contiguous else columns.copy().swapaxes(0, axis)
    return x


def _log_softmax_array(x: Any, axis: int, out: Any = None) -> Any:
    x = inexact(x)
    total, shifted, _ = _log_total(_in_columns(x, axis), axis)
    return np.subtract(shifted, np.maximum(total, 0), out=like(x, out))  # 0 for -inf


def _softmax_array(x: Any, axis: Axis, out: Any = None) -> Any:
    x = inexact(x)
    e = np.exp(_shifted(_in_columns(x, axis), axis)[0])
    total = np.add.reduce(e, axis=axis, keepdims=True)
    return np.divide(e, np.maximum(total, 1), out=like(x, out))  # 1 for 0


@np.errstate(over="ignore", invalid="ignore")
def softmaxes(x: Any, axis: int, out: Any = None) -> Any:
    """Return log_softmax(x) and softmax(x) in one array, by one exponential."""
    x = inexact(x)
    if not x.flags.f_contiguous:
        x = _in_columns(x, axis)
    if out is None:
        out = np.empty((2, *x.shape), x.dtype)
        if not x.flags.c_contiguous:
            out = np.empty((2, *x.T.shape), x.dtype).transpose(0, *range(x.ndim, 0, -1))
    log_p, p = out[0, ...], out[1, ...]  # arrays, also where x has no axis
    shift = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    np.exp(np.subtract(x, shift, log_p), p)
    total = np.add.reduce(p, axis=axis, keepdims=True)
    if total.size and total.item(total.argmin()) > CLEAR:
        np.divide(p, total, p)
        np.subtract(log_p, np.log(total, total), log_p)
    elif np.isfinite(shift).all():
        log_total = _log_of_total(p, log_p, axis)
        np.divide(p, total, p)
        np.subtract(log_p, log_total, log_p)
    else:
        np.exp(_log_softmax_array(x, axis, log_p), p)
    return out


def like(x: Any, out: Any) -> Any:
    """Return what a result is written to: `out`, or an array laid out in memory as x is."""
    return np.empty_like(x) if out is None and not is_object_array(x) else out


def _log_softmax_continued(x: Any, axis: Axis) -> Any:
    return x - _logsumexp_array(x, axis, keepdims=True)


_logsumexp = ArrayPrimitive(
    "logsumexp",
    _logsumexp_array,
    [lambda z_bar, z, x, axis, keepdims: keep(z_bar, x, axis, keepdims) * softmax(x, axis)],
    [lambda x_dot, z, x, axis, keepdims: sum(x_dot * softmax(x, axis), axis, keepdims)],
    latex=[r"{dz}\odot e^{{{x}-{z}}}"],
    formula=r"\ln(\sum e^{{{x}}})",
    convention="where every x is -inf: 0",
    analytic=True,
)
_log_softmax = ArrayPrimitive(
    "log_softmax",
    _log_softmax_array,
    [lambda z_bar, z, x, axis: z_bar - exp(z) * sum(z_bar, axis, keepdims=True)],
    [lambda x_dot, z, x, axis: x_dot - sum(exp(z) * x_dot, axis, keepdims=True)],
    latex=[r"{dz}-e^{{{z}}}\odot\sum {dz}"],
    convention="where every x is -inf: -inf",
    analytic=_log_softmax_continued,
)
_softmax = ArrayPrimitive(
    "softmax",
    _softmax_array,
    [lambda z_bar, z, x, axis: z * (z_bar - sum(z * z_bar, axis, keepdims=True))],
    [lambda x_dot, z, x, axis: z * (x_dot - sum(z * x_dot, axis, keepdims=True))],
    latex=[r"{z}\odot ({dz}-\sum {z}\odot {dz})"],
    convention="where every x is -inf: 0, and derivative 0",
    analytic=lambda x, axis: np.exp(_log_softmax_continued(x, axis)),
)
