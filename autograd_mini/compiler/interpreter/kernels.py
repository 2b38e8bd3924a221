"""Interpreters of programs, compiled by numba.

Made from the table of primitives; never edit. To make it anew:
python -m autograd_mini.compiler.interpreter.kernel_source
"""

import math
from functools import partial

import numpy as np
from numba import njit

# IEEE arithmetic: infinities and NaN where Python raises, and no product fused with a sum
function = partial(njit, error_model="numpy", nogil=True)
inner = function(no_cpython_wrapper=True, no_cfunc_wrapper=True)

PRIMITIVES = [
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "sign", "exp",
    "exp2", "expm1", "log", "log2", "log10", "log1p", "xlogy", "xlog1py", "add", "subtract",
    "multiply", "divide", "positive", "neg", "abs", "reciprocal", "power", "square", "sqrt",
    "cbrt", "hypot", "where", "maximum", "minimum", "fmax", "fmin", "sigmoid",
    "logistic_slope", "softplus", "logaddexp", "gaussian", "erf", "erfc", "floor", "ceil",
    "trunc", "rint", "floor_divide", "remainder", "fmod", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "sech_squared", "arcsinh",
    "arccosh", "arctanh", "sinc", "relu", "leaky_relu", "elu", "silu", "mish", "gelu",
    "gelu_tanh",
]
"""The primitives that are compiled."""

SCALAR_NAMES = [
    *PRIMITIVES,
    "multiply_add", "multiply_subtract", "multiply_adds",
]
"""The operations on floats, by opcode."""

LANE_NAMES = [
    *PRIMITIVES,
    "add.vs", "subtract.vs", "subtract.sv", "multiply.vs", "divide.vs", "divide.sv", "spread",
    "gate", "multiply_add", "multiply_adds", "multiply_adds.s", "load", "store", "lane_sum",
    "lane_dot", "lane_dots", "lane_sum.exact", "lane_dot.exact",
]
"""The operations on blocks of lanes, by opcode."""


@inner
def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x < 0.0 or x > 0.0 else x


@inner
def _xlogy(x: float, y: float) -> float:
    return x * math.log(y) if x or y != y else 0.0


@inner
def _xlog1py(x: float, y: float) -> float:
    return x * math.log1p(y) if x or y != y else 0.0


@inner
def _power(x: float, y: float) -> float:
    return x * x if y == 2.0 else math.pow(x, y)


@inner
def _maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


@inner
def _minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


@inner
def _fmax(x: float, y: float) -> float:
    return x if x >= y or y != y else y


@inner
def _fmin(x: float, y: float) -> float:
    return x if x <= y or y != y else y


@inner
def _sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@inner
def _logistic_slope(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return e / ((1.0 + e) * (1.0 + e))


@inner
def _softplus(x: float) -> float:
    return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-math.fabs(x)))


@inner
def _logaddexp(x: float, y: float) -> float:
    if x == y:
        return x + math.log(2.0)
    return (x if x > y else y) + math.log1p(math.exp(-math.fabs(x - y)))


@inner
def _gaussian(x: float) -> float:
    x = min(max(x, -40.0), 40.0)
    near = round(32.0 * x) / 32.0
    return math.exp(-near * near) * math.exp((near + x) * (near - x))


@inner
def _erfc(x: float) -> float:
    return math.erfc(x)


@inner
def _rint(x: float) -> float:
    return float(np.rint(x))


@inner
def _remainder(x: float, y: float) -> float:
    return x % y


@inner
def _tanh(x: float) -> float:
    return math.tanh(x)


@inner
def _sech_squared(x: float) -> float:
    e = math.exp(-2.0 * math.fabs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


@inner
def _sinc(x: float) -> float:
    if x == 0.0:
        return 1.0
    whole = _rint(x)
    alternating = 1.0 - 2.0 * _remainder(whole, 2.0)
    return alternating * math.sin(math.pi * (x - whole)) / math.pi / x


@inner
def _normal(x: float) -> float:
    return 0.5 * _erfc(-0.7071067811865476 * x)


@inner
def _gate(x: float, sign: float=1.0) -> float:
    return _sigmoid(sign * x * (1.5957691216057308 + 0.07135481627260025 * x * x))


# Sums in any order, and so of several lanes at once


@function(fastmath={"reassoc"}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sum(r, x, m):
    total = -0.0
    for i in range(m):
        total += r[x, i]
    return total


@function(fastmath={"reassoc"}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _dot(r, x, y, m):
    total = -0.0
    for i in range(m):
        total += r[x, i] * r[y, i]
    return total


@function(fastmath={"reassoc"}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _dots(r, z, x0, x1, x2, x3, m):
    total0 = total1 = total2 = total3 = -0.0
    for i in range(m):
        total0 += r[x0, i] * r[z, i]
        total1 += r[x1, i] * r[z, i]
        total2 += r[x2, i] * r[z, i]
        total3 += r[x3, i] * r[z, i]
    return total0, total1, total2, total3


@inner
def run_scalars(code, terms, s):
    """Execute instructions on the floats s, run by run, each after its opcode and its length."""
    d, x, y, z = code[0], code[1], code[2], code[3]
    last = 0
    while last < len(d):
        op, first = d[last], last + 1
        last = first + x[last]
        if op == 0:  # greater
            for k in range(first, last):
                s[d[k]] = 1.0 if s[x[k]] > s[y[k]] else 0.0
        elif op == 1:  # greater_equal
            for k in range(first, last):
                s[d[k]] = 1.0 if s[x[k]] >= s[y[k]] else 0.0
        elif op == 2:  # less
            for k in range(first, last):
                s[d[k]] = 1.0 if s[x[k]] < s[y[k]] else 0.0
        elif op == 3:  # less_equal
            for k in range(first, last):
                s[d[k]] = 1.0 if s[x[k]] <= s[y[k]] else 0.0
        elif op == 4:  # equal
            for k in range(first, last):
                s[d[k]] = 1.0 if s[x[k]] == s[y[k]] else 0.0
        elif op == 5:  # not_equal
            for k in range(first, last):
                s[d[k]] = 1.0 if s[x[k]] != s[y[k]] else 0.0
        elif op == 6:  # sign
            for k in range(first, last):
                s[d[k]] = _sign(s[x[k]])
        elif op == 7:  # exp
            for k in range(first, last):
                s[d[k]] = math.exp(s[x[k]])
        elif op == 8:  # exp2
            for k in range(first, last):
                s[d[k]] = math.exp2(s[x[k]])
        elif op == 9:  # expm1
            for k in range(first, last):
                s[d[k]] = math.expm1(s[x[k]])
        elif op == 10:  # log
            for k in range(first, last):
                s[d[k]] = math.log(s[x[k]])
        elif op == 11:  # log2
            for k in range(first, last):
                s[d[k]] = math.log2(s[x[k]])
        elif op == 12:  # log10
            for k in range(first, last):
                s[d[k]] = math.log10(s[x[k]])
        elif op == 13:  # log1p
            for k in range(first, last):
                s[d[k]] = math.log1p(s[x[k]])
        elif op == 14:  # xlogy
            for k in range(first, last):
                s[d[k]] = _xlogy(s[x[k]], s[y[k]])
        elif op == 15:  # xlog1py
            for k in range(first, last):
                s[d[k]] = _xlog1py(s[x[k]], s[y[k]])
        elif op == 16:  # add
            for k in range(first, last):
                s[d[k]] = s[x[k]] + s[y[k]]
        elif op == 17:  # subtract
            for k in range(first, last):
                s[d[k]] = s[x[k]] - s[y[k]]
        elif op == 18:  # multiply
            for k in range(first, last):
                s[d[k]] = s[x[k]] * s[y[k]]
        elif op == 19:  # divide
            for k in range(first, last):
                s[d[k]] = s[x[k]] / s[y[k]]
        elif op == 20:  # positive
            for k in range(first, last):
                s[d[k]] = +s[x[k]]
        elif op == 21:  # neg
            for k in range(first, last):
                s[d[k]] = -s[x[k]]
        elif op == 22:  # abs
            for k in range(first, last):
                s[d[k]] = math.fabs(s[x[k]])
        elif op == 23:  # reciprocal
            for k in range(first, last):
                s[d[k]] = 1.0 / s[x[k]]
        elif op == 24:  # power
            for k in range(first, last):
                s[d[k]] = _power(s[x[k]], s[y[k]])
        elif op == 25:  # square
            for k in range(first, last):
                s[d[k]] = s[x[k]] * s[x[k]]
        elif op == 26:  # sqrt
            for k in range(first, last):
                s[d[k]] = math.sqrt(s[x[k]])
        elif op == 27:  # cbrt
            for k in range(first, last):
                s[d[k]] = np.cbrt(s[x[k]])
        elif op == 28:  # hypot
            for k in range(first, last):
                s[d[k]] = math.hypot(s[x[k]], s[y[k]])
        elif op == 29:  # where
            for k in range(first, last):
                s[d[k]] = s[y[k]] if s[x[k]] else s[z[k]]
        elif op == 30:  # maximum
            for k in range(first, last):
                s[d[k]] = _maximum(s[x[k]], s[y[k]])
        elif op == 31:  # minimum
            for k in range(first, last):
                s[d[k]] = _minimum(s[x[k]], s[y[k]])
        elif op == 32:  # fmax
            for k in range(first, last):
                s[d[k]] = _fmax(s[x[k]], s[y[k]])
        elif op == 33:  # fmin
            for k in range(first, last):
                s[d[k]] = _fmin(s[x[k]], s[y[k]])
        elif op == 34:  # sigmoid
            for k in range(first, last):
                s[d[k]] = _sigmoid(s[x[k]])
        elif op == 35:  # logistic_slope
            for k in range(first, last):
                s[d[k]] = _logistic_slope(s[x[k]])
        elif op == 36:  # softplus
            for k in range(first, last):
                s[d[k]] = _softplus(s[x[k]])
        elif op == 37:  # logaddexp
            for k in range(first, last):
                s[d[k]] = _logaddexp(s[x[k]], s[y[k]])
        elif op == 38:  # gaussian
            for k in range(first, last):
                s[d[k]] = _gaussian(s[x[k]])
        elif op == 39:  # erf
            for k in range(first, last):
                s[d[k]] = math.erf(s[x[k]])
        elif op == 40:  # erfc
            for k in range(first, last):
                s[d[k]] = math.erfc(s[x[k]])
        elif op == 41:  # floor
            for k in range(first, last):
                s[d[k]] = float(np.floor(s[x[k]]))
        elif op == 42:  # ceil
            for k in range(first, last):
                s[d[k]] = float(np.ceil(s[x[k]]))
        elif op == 43:  # trunc
            for k in range(first, last):
                s[d[k]] = float(np.trunc(s[x[k]]))
        elif op == 44:  # rint
            for k in range(first, last):
                s[d[k]] = float(np.rint(s[x[k]]))
        elif op == 45:  # floor_divide
            for k in range(first, last):
                s[d[k]] = s[x[k]] // s[y[k]]
        elif op == 46:  # remainder
            for k in range(first, last):
                s[d[k]] = s[x[k]] % s[y[k]]
        elif op == 47:  # fmod
            for k in range(first, last):
                s[d[k]] = float(np.fmod(s[x[k]], s[y[k]]))
        elif op == 48:  # sin
            for k in range(first, last):
                s[d[k]] = math.sin(s[x[k]])
        elif op == 49:  # cos
            for k in range(first, last):
                s[d[k]] = math.cos(s[x[k]])
        elif op == 50:  # tan
            for k in range(first, last):
                s[d[k]] = math.tan(s[x[k]])
        elif op == 51:  # arcsin
            for k in range(first, last):
                s[d[k]] = math.asin(s[x[k]])
        elif op == 52:  # arccos
            for k in range(first, last):
                s[d[k]] = math.acos(s[x[k]])
        elif op == 53:  # arctan
            for k in range(first, last):
                s[d[k]] = math.atan(s[x[k]])
        elif op == 54:  # arctan2
            for k in range(first, last):
                s[d[k]] = math.atan2(s[x[k]], s[y[k]])
        elif op == 55:  # sinh
            for k in range(first, last):
                s[d[k]] = math.sinh(s[x[k]])
        elif op == 56:  # cosh
            for k in range(first, last):
                s[d[k]] = math.cosh(s[x[k]])
        elif op == 57:  # tanh
            for k in range(first, last):
                s[d[k]] = math.tanh(s[x[k]])
        elif op == 58:  # sech_squared
            for k in range(first, last):
                s[d[k]] = _sech_squared(s[x[k]])
        elif op == 59:  # arcsinh
            for k in range(first, last):
                s[d[k]] = math.asinh(s[x[k]])
        elif op == 60:  # arccosh
            for k in range(first, last):
                s[d[k]] = math.acosh(s[x[k]])
        elif op == 61:  # arctanh
            for k in range(first, last):
                s[d[k]] = math.atanh(s[x[k]])
        elif op == 62:  # sinc
            for k in range(first, last):
                s[d[k]] = _sinc(s[x[k]])
        elif op == 63:  # relu
            for k in range(first, last):
                s[d[k]] = 0.0 if s[x[k]] < 0.0 else s[x[k]]
        elif op == 64:  # leaky_relu
            for k in range(first, last):
                s[d[k]] = s[x[k]] * s[y[k]] if s[x[k]] < 0.0 else s[x[k]]
        elif op == 65:  # elu
            for k in range(first, last):
                s[d[k]] = s[x[k]] if s[x[k]] > 0.0 else s[y[k]] * math.expm1(s[x[k]])
        elif op == 66:  # silu
            for k in range(first, last):
                s[d[k]] = max(s[x[k]], -800.0) * _sigmoid(s[x[k]])
        elif op == 67:  # mish
            for k in range(first, last):
                s[d[k]] = max(s[x[k]], -800.0) * _tanh(_softplus(s[x[k]]))
        elif op == 68:  # gelu
            for k in range(first, last):
                s[d[k]] = max(s[x[k]], -40.0) * _normal(s[x[k]])
        elif op == 69:  # gelu_tanh
            for k in range(first, last):
                s[d[k]] = max(s[x[k]], -40.0) * _gate(min(max(s[x[k]], -40.0), 40.0))
        elif op == 70:  # multiply_add
            for k in range(first, last):
                s[d[k]] = s[x[k]] * s[y[k]] + s[z[k]]
        elif op == 71:  # multiply_subtract
            for k in range(first, last):
                s[d[k]] = s[z[k]] - s[x[k]] * s[y[k]]
        elif op == 72:  # multiply_adds
            for k in range(first, last):
                total = s[x[k]]
                for t in range(y[k], z[k]):
                    total += s[terms[t, 0]] * s[terms[t, 1]]
                s[d[k]] = total


@inner
def run_lanes(code, terms, s, r, block, lanes, results, first, last, sums):
    """Execute instructions on the lanes from `first` to `last`, block by block, in registers r.

    The columns of `results` are for all lanes, those of `lanes` for these.
    """
    for start in range(first, last, block):
        m = min(block, last - start)
        n = (m + 15) // 16 * 16  # vectorised loops then end without a remainder
        begin = np.uintp(start)  # no index is negative, which need not be looked after
        place = np.uintp(start - first)
        for k in range(len(code)):
            op, d, x, y, z = code[k, 0], code[k, 1], code[k, 2], code[k, 3], code[k, 4]
            if op == 0:  # greater
                for i in range(n):
                    r[d, i] = 1.0 if r[x, i] > r[y, i] else 0.0
            elif op == 1:  # greater_equal
                for i in range(n):
                    r[d, i] = 1.0 if r[x, i] >= r[y, i] else 0.0
            elif op == 2:  # less
                for i in range(n):
                    r[d, i] = 1.0 if r[x, i] < r[y, i] else 0.0
            elif op == 3:  # less_equal
                for i in range(n):
                    r[d, i] = 1.0 if r[x, i] <= r[y, i] else 0.0
            elif op == 4:  # equal
                for i in range(n):
                    r[d, i] = 1.0 if r[x, i] == r[y, i] else 0.0
            elif op == 5:  # not_equal
                for i in range(n):
                    r[d, i] = 1.0 if r[x, i] != r[y, i] else 0.0
            elif op == 6:  # sign
                for i in range(m):
                    r[d, i] = _sign(r[x, i])
            elif op == 7:  # exp
                for i in range(m):
                    r[d, i] = math.exp(r[x, i])
            elif op == 8:  # exp2
                for i in range(m):
                    r[d, i] = math.exp2(r[x, i])
            elif op == 9:  # expm1
                for i in range(m):
                    r[d, i] = math.expm1(r[x, i])
            elif op == 10:  # log
                for i in range(m):
                    r[d, i] = math.log(r[x, i])
            elif op == 11:  # log2
                for i in range(m):
                    r[d, i] = math.log2(r[x, i])
            elif op == 12:  # log10
                for i in range(m):
                    r[d, i] = math.log10(r[x, i])
            elif op == 13:  # log1p
                for i in range(m):
                    r[d, i] = math.log1p(r[x, i])
            elif op == 14:  # xlogy
                for i in range(m):
                    r[d, i] = _xlogy(r[x, i], r[y, i])
            elif op == 15:  # xlog1py
                for i in range(m):
                    r[d, i] = _xlog1py(r[x, i], r[y, i])
            elif op == 16:  # add
                for i in range(n):
                    r[d, i] = r[x, i] + r[y, i]
            elif op == 17:  # subtract
                for i in range(n):
                    r[d, i] = r[x, i] - r[y, i]
            elif op == 18:  # multiply
                for i in range(n):
                    r[d, i] = r[x, i] * r[y, i]
            elif op == 19:  # divide
                for i in range(n):
                    r[d, i] = r[x, i] / r[y, i]
            elif op == 20:  # positive
                for i in range(n):
                    r[d, i] = +r[x, i]
            elif op == 21:  # neg
                for i in range(n):
                    r[d, i] = -r[x, i]
            elif op == 22:  # abs
                for i in range(m):
                    r[d, i] = math.fabs(r[x, i])
            elif op == 23:  # reciprocal
                for i in range(n):
                    r[d, i] = 1.0 / r[x, i]
            elif op == 24:  # power
                for i in range(m):
                    r[d, i] = _power(r[x, i], r[y, i])
            elif op == 25:  # square
                for i in range(n):
                    r[d, i] = r[x, i] * r[x, i]
            elif op == 26:  # sqrt
                for i in range(m):
                    r[d, i] = math.sqrt(r[x, i])
            elif op == 27:  # cbrt
                for i in range(m):
                    r[d, i] = np.cbrt(r[x, i])
            elif op == 28:  # hypot
                for i in range(m):
                    r[d, i] = math.hypot(r[x, i], r[y, i])
            elif op == 29:  # where
                for i in range(n):
                    r[d, i] = r[y, i] if r[x, i] else r[z, i]
            elif op == 30:  # maximum
                for i in range(n):
                    r[d, i] = _maximum(r[x, i], r[y, i])
            elif op == 31:  # minimum
                for i in range(n):
                    r[d, i] = _minimum(r[x, i], r[y, i])
            elif op == 32:  # fmax
                for i in range(n):
                    r[d, i] = _fmax(r[x, i], r[y, i])
            elif op == 33:  # fmin
                for i in range(n):
                    r[d, i] = _fmin(r[x, i], r[y, i])
            elif op == 34:  # sigmoid
                for i in range(m):
                    r[d, i] = _sigmoid(r[x, i])
            elif op == 35:  # logistic_slope
                for i in range(m):
                    r[d, i] = _logistic_slope(r[x, i])
            elif op == 36:  # softplus
                for i in range(m):
                    r[d, i] = _softplus(r[x, i])
            elif op == 37:  # logaddexp
                for i in range(m):
                    r[d, i] = _logaddexp(r[x, i], r[y, i])
            elif op == 38:  # gaussian
                for i in range(m):
                    r[d, i] = _gaussian(r[x, i])
            elif op == 39:  # erf
                for i in range(m):
                    r[d, i] = math.erf(r[x, i])
            elif op == 40:  # erfc
                for i in range(m):
                    r[d, i] = math.erfc(r[x, i])
            elif op == 41:  # floor
                for i in range(m):
                    r[d, i] = float(np.floor(r[x, i]))
            elif op == 42:  # ceil
                for i in range(m):
                    r[d, i] = float(np.ceil(r[x, i]))
            elif op == 43:  # trunc
                for i in range(m):
                    r[d, i] = float(np.trunc(r[x, i]))
            elif op == 44:  # rint
                for i in range(m):
                    r[d, i] = float(np.rint(r[x, i]))
            elif op == 45:  # floor_divide
                for i in range(n):
                    r[d, i] = r[x, i] // r[y, i]
            elif op == 46:  # remainder
                for i in range(n):
                    r[d, i] = r[x, i] % r[y, i]
            elif op == 47:  # fmod
                for i in range(m):
                    r[d, i] = float(np.fmod(r[x, i], r[y, i]))
            elif op == 48:  # sin
                for i in range(m):
                    r[d, i] = math.sin(r[x, i])
            elif op == 49:  # cos
                for i in range(m):
                    r[d, i] = math.cos(r[x, i])
            elif op == 50:  # tan
                for i in range(m):
                    r[d, i] = math.tan(r[x, i])
            elif op == 51:  # arcsin
                for i in range(m):
                    r[d, i] = math.asin(r[x, i])
            elif op == 52:  # arccos
                for i in range(m):
                    r[d, i] = math.acos(r[x, i])
            elif op == 53:  # arctan
                for i in range(m):
                    r[d, i] = math.atan(r[x, i])
            elif op == 54:  # arctan2
                for i in range(m):
                    r[d, i] = math.atan2(r[x, i], r[y, i])
            elif op == 55:  # sinh
                for i in range(m):
                    r[d, i] = math.sinh(r[x, i])
            elif op == 56:  # cosh
                for i in range(m):
                    r[d, i] = math.cosh(r[x, i])
            elif op == 57:  # tanh
                for i in range(m):
                    r[d, i] = math.tanh(r[x, i])
            elif op == 58:  # sech_squared
                for i in range(m):
                    r[d, i] = _sech_squared(r[x, i])
            elif op == 59:  # arcsinh
                for i in range(m):
                    r[d, i] = math.asinh(r[x, i])
            elif op == 60:  # arccosh
                for i in range(m):
                    r[d, i] = math.acosh(r[x, i])
            elif op == 61:  # arctanh
                for i in range(m):
                    r[d, i] = math.atanh(r[x, i])
            elif op == 62:  # sinc
                for i in range(m):
                    r[d, i] = _sinc(r[x, i])
            elif op == 63:  # relu
                for i in range(n):
                    r[d, i] = 0.0 if r[x, i] < 0.0 else r[x, i]
            elif op == 64:  # leaky_relu
                for i in range(n):
                    r[d, i] = r[x, i] * r[y, i] if r[x, i] < 0.0 else r[x, i]
            elif op == 65:  # elu
                for i in range(m):
                    r[d, i] = r[x, i] if r[x, i] > 0.0 else r[y, i] * math.expm1(r[x, i])
            elif op == 66:  # silu
                for i in range(m):
                    r[d, i] = max(r[x, i], -800.0) * _sigmoid(r[x, i])
            elif op == 67:  # mish
                for i in range(m):
                    r[d, i] = max(r[x, i], -800.0) * _tanh(_softplus(r[x, i]))
            elif op == 68:  # gelu
                for i in range(m):
                    r[d, i] = max(r[x, i], -40.0) * _normal(r[x, i])
            elif op == 69:  # gelu_tanh
                for i in range(m):
                    r[d, i] = max(r[x, i], -40.0) * _gate(min(max(r[x, i], -40.0), 40.0))
            elif op == 70:  # add.vs
                w = s[y]
                for i in range(n):
                    r[d, i] = r[x, i] + w
            elif op == 71:  # subtract.vs
                w = s[y]
                for i in range(n):
                    r[d, i] = r[x, i] - w
            elif op == 72:  # subtract.sv
                w = s[x]
                for i in range(n):
                    r[d, i] = w - r[y, i]
            elif op == 73:  # multiply.vs
                w = s[y]
                for i in range(n):
                    r[d, i] = r[x, i] * w
            elif op == 74:  # divide.vs
                w = s[y]
                for i in range(n):
                    r[d, i] = r[x, i] / w
            elif op == 75:  # divide.sv
                w = s[x]
                for i in range(n):
                    r[d, i] = w / r[y, i]
            elif op == 76:  # spread
                w = s[x]
                for i in range(n):
                    r[d, i] = w
            elif op == 77:  # gate
                w = s[y]
                for i in range(n):
                    r[d, i] = (1.0 if r[x, i] > w else 0.0) * r[z, i]
            elif op == 78:  # multiply_add
                for i in range(n):
                    r[d, i] = r[x, i] * r[y, i] + r[d, i]
            elif op == 79:  # multiply_adds
                rest = (y - x) % 4
                if rest == 1:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    for i in range(n):
                        total = r[d, i] + w0 * r[x0, i]
                        r[d, i] = total
                elif rest == 2:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    w1, x1 = s[terms[x + 1, 0]], terms[x + 1, 1]
                    for i in range(n):
                        total = r[d, i] + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total
                elif rest == 3:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    w1, x1 = s[terms[x + 1, 0]], terms[x + 1, 1]
                    w2, x2 = s[terms[x + 2, 0]], terms[x + 2, 1]
                    for i in range(n):
                        total = r[d, i] + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total + w2 * r[x2, i]
                else:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    w1, x1 = s[terms[x + 1, 0]], terms[x + 1, 1]
                    w2, x2 = s[terms[x + 2, 0]], terms[x + 2, 1]
                    w3, x3 = s[terms[x + 3, 0]], terms[x + 3, 1]
                    for i in range(n):
                        total = r[d, i] + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total + w2 * r[x2, i] + w3 * r[x3, i]
                for t in range(x + (rest or 4), y, 4):
                    w0, x0 = s[terms[t + 0, 0]], terms[t + 0, 1]
                    w1, x1 = s[terms[t + 1, 0]], terms[t + 1, 1]
                    w2, x2 = s[terms[t + 2, 0]], terms[t + 2, 1]
                    w3, x3 = s[terms[t + 3, 0]], terms[t + 3, 1]
                    for i in range(n):
                        total = r[d, i] + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total + w2 * r[x2, i] + w3 * r[x3, i]
            elif op == 80:  # multiply_adds.s
                w = s[z]
                rest = (y - x) % 4
                if rest == 1:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    for i in range(n):
                        total = w + w0 * r[x0, i]
                        r[d, i] = total
                elif rest == 2:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    w1, x1 = s[terms[x + 1, 0]], terms[x + 1, 1]
                    for i in range(n):
                        total = w + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total
                elif rest == 3:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    w1, x1 = s[terms[x + 1, 0]], terms[x + 1, 1]
                    w2, x2 = s[terms[x + 2, 0]], terms[x + 2, 1]
                    for i in range(n):
                        total = w + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total + w2 * r[x2, i]
                else:
                    w0, x0 = s[terms[x + 0, 0]], terms[x + 0, 1]
                    w1, x1 = s[terms[x + 1, 0]], terms[x + 1, 1]
                    w2, x2 = s[terms[x + 2, 0]], terms[x + 2, 1]
                    w3, x3 = s[terms[x + 3, 0]], terms[x + 3, 1]
                    for i in range(n):
                        total = w + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total + w2 * r[x2, i] + w3 * r[x3, i]
                for t in range(x + (rest or 4), y, 4):
                    w0, x0 = s[terms[t + 0, 0]], terms[t + 0, 1]
                    w1, x1 = s[terms[t + 1, 0]], terms[t + 1, 1]
                    w2, x2 = s[terms[t + 2, 0]], terms[t + 2, 1]
                    w3, x3 = s[terms[t + 3, 0]], terms[t + 3, 1]
                    for i in range(n):
                        total = r[d, i] + w0 * r[x0, i] + w1 * r[x1, i]
                        r[d, i] = total + w2 * r[x2, i] + w3 * r[x3, i]
            elif op == 81:  # load
                for i in range(m):
                    r[d, i] = lanes[x, place + np.uintp(i)]
            elif op == 82:  # store
                for i in range(m):
                    results[d, begin + np.uintp(i)] = r[x, i]
            elif op == 83:  # lane_sum
                sums[d] += _sum(r, x, m)
            elif op == 84:  # lane_dot
                sums[d] += _dot(r, x, y, m)
            elif op == 85:  # lane_dots
                for t in range(x, y - 3, 4):  # by four: each pass reads all of z
                    x0, x1 = terms[t, 1], terms[t + 1, 1]
                    x2, x3 = terms[t + 2, 1], terms[t + 3, 1]
                    totals = _dots(r, z, x0, x1, x2, x3, m)
                    for j in range(4):
                        sums[terms[t + j, 0]] += totals[j]
                for t in range(y - (y - x) % 4, y):
                    sums[terms[t, 0]] += _dot(r, terms[t, 1], z, m)
            elif op == 86:  # lane_sum.exact
                for i in range(m):
                    sums[d] += r[x, i]
            elif op == 87:  # lane_dot.exact
                for i in range(m):
                    sums[d] += r[x, i] * r[y, i]


CODE, REGISTERS, BLOCKS = "uint32[:,::1]", "uint32[::1]", "float64[:,::1]"
FLOATS, COUNT = "float64[::1]", "int64"


@function(
    f"void({CODE}, {CODE}, {CODE}, {CODE}, {FLOATS}, {BLOCKS}, {COUNT}, "
    f"{FLOATS}, {BLOCKS}, {BLOCKS}, {COUNT}, {COUNT}, {FLOATS}, {REGISTERS}, "
    f"{FLOATS}, {REGISTERS})",
    cache=True,
)
def replay(
    before, lane_code, after, terms, s, r, block,
    shared, lanes, lane_results, first, last, sums, sum_registers,
    shared_results, result_registers,
):
    """Execute a program, or the parts of it that are given, on the lanes from first to last.

    Sums without registers go on from what they are.
    """
    for j in range(len(shared)):
        s[j] = shared[j]
    for j in range(len(sum_registers)):
        sums[j] = 0.0
    run_scalars(before, terms, s)
    run_lanes(lane_code, terms, s, r, block, lanes, lane_results, first, last, sums)
    for j in range(len(sum_registers)):
        s[sum_registers[j]] = sums[j]
    run_scalars(after, terms, s)
    for j in range(len(result_registers)):
        shared_results[j] = s[result_registers[j]]
