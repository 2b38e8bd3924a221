"""Reductions and cross-entropies at extreme inputs, against mpmath with 700 digits.

At that precision sums of 1e308 and 1e-308 and their squares are exact, so that what is compared
with is the true result, rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn

mpmath = pytest.importorskip("mpmath", reason="mpmath is the reference")

INF = np.inf
SMALLEST = 5e-324  # the step between subnormal numbers, the best that a result below 1e-308 can do
BIG, TINY = 1e308, 1e-308


@pytest.fixture(autouse=True)
def _digits() -> Any:
    with mpmath.workdps(700):
        yield


def mp(x: Any) -> Any:
    """Return numbers with 700 digits."""
    return [mpmath.mpf(float(number)) for number in np.ravel(x)]


def mean(x: Any) -> Any:
    """Return the mean."""
    return mpmath.fsum(x) / len(x)


def var(x: Any, ddof: int = 0) -> tuple[Any, Any]:
    """Return the variance and its gradient."""
    d = [number - mean(x) for number in x]
    left = len(x) - ddof
    return mpmath.fsum(e * e for e in d) / left, [2 * e / left for e in d]


def std(x: Any, ddof: int = 0) -> tuple[Any, Any]:
    """Return the standard deviation and its gradient, 0 where all are equal."""
    z, gradient = var(x, ddof)
    root = mpmath.sqrt(z)
    return root, [g / (2 * root) if z else mpmath.mpf(0) for g in gradient]


def probabilities(x: Any) -> Any:
    """Return the softmax."""
    top = max(x)
    e = [mpmath.exp(number - top) for number in x]
    return [number / mpmath.fsum(e) for number in e]


def logsumexp(x: Any) -> tuple[Any, Any]:
    """Return logsumexp and its gradient, the softmax."""
    top = max(x)
    total = mpmath.fsum(mpmath.exp(number - top) for number in x)
    return top + mpmath.log(total), probabilities(x)


def log_softmax(x: Any, i: int) -> tuple[Any, Any]:
    """Return the logarithm of the i-th probability and its gradient."""
    p = probabilities(x)
    return x[i] - logsumexp(x)[0], [(j == i) - q for j, q in enumerate(p)]


def softmax(x: Any, i: int) -> tuple[Any, Any]:
    """Return the i-th probability and its gradient."""
    p = probabilities(x)
    return p[i], [p[i] * ((j == i) - q) for j, q in enumerate(p)]


def check(
    f: Callable[[Any], Any],
    x: Any,
    expected: tuple[Any, Any],
    *,
    value: float = 1e-14,
    slope: float = 1e-14,
    floor: float = 0.0,
) -> None:
    """Compare value and gradient: relative errors, and below `floor` the absolute one."""
    leaf = am.Tensor(x)
    z = f(leaf)
    z.backward()
    pairs = [(z.data, expected[0], value, 0.0)]
    pairs += [(a, b, slope, floor) for a, b in zip(np.ravel(leaf.grad), expected[1], strict=True)]
    for found, true, relative, absolute in pairs:
        if abs(true) > np.finfo(float).max:
            assert found == (INF if true > 0 else -INF)
            continue
        error = abs(mpmath.mpf(float(found)) - true)
        assert error <= max(relative * abs(true), absolute, len(leaf) * SMALLEST), (found, true)


def case(x: Any) -> Any:
    """Return numbers as a parameter with a readable name."""
    return pytest.param(x, id=str(x))


SPREAD = [
    [1.0, 2.0, 4.0],
    [BIG, -BIG, 0.3 * BIG],
    [1.2 * BIG, 1.1 * BIG, -1.2 * BIG],
    [BIG, BIG * (1 + 1e-15), BIG],
    [TINY, -TINY, 0.0, -0.0, 3.0 * TINY],
    [BIG, TINY, -TINY],
    [1e-160, 3e-160, -2e-160],
    [1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0],
    [1e15 + 1.0, 1e15 + 2.0, 1e15 + 4.0],
    [0.1, 0.1 + 2**-54, 0.1 - 2**-55],
]


@pytest.mark.parametrize("x", [case(x) for x in SPREAD])
@pytest.mark.parametrize("ddof", [0, 1])
def test_std(x: list[float], ddof: int):
    """It has a plain number for a result wherever the true one is: squares do not overflow.

    A derivative much smaller than the largest, which is of the order 1/√n, has the absolute error
    of a difference of numbers of that order.
    """
    check(lambda x: am.std(x, ddof=ddof), x, std(mp(x), ddof), floor=4e-16)


@pytest.mark.parametrize("x", [case(x) for x in SPREAD if max(map(abs, x)) < 1e150])
@pytest.mark.parametrize("ddof", [0, 1])
def test_var(x: list[float], ddof: int):
    """Its deviations have the absolute error of a difference of numbers of their order."""
    expected = var(mp(x), ddof)
    largest = float(max(map(abs, expected[1])))
    check(lambda x: am.var(x, ddof=ddof), x, expected, floor=4e-16 * largest)


def test_variance_that_overflows():
    """Where the true variance is above 1.8e308, so is the result; its derivative is a number."""
    with pytest.warns(RuntimeWarning, match="overflow"):
        check(am.var, [BIG, -BIG], (var(mp([BIG, -BIG]))[0], mp([BIG, -BIG])))


@pytest.mark.parametrize("x", [case(x) for x in [[BIG, BIG, 1.5 * BIG], [-BIG] * 5, [BIG, -BIG]]])
def test_mean(x: list[float]):
    """A mean lies between its numbers, also where their sum overflows."""
    check(am.mean, x, (mean(mp(x)), mp([1.0 / len(x)] * len(x))))


LOGITS = [
    [1.0, 2.0, 4.0],
    [700.0, -700.0, 699.5],
    [-700.0, -700.0, -710.0],
    [BIG, -BIG, 0.0],
    [BIG, BIG],
    [-BIG, -BIG, -BIG],
    [TINY, -TINY, 0.0, -0.0],
    [0.3, -INF, 1.2],
    [-INF, 700.0, -700.0, -INF],
    [0.0, -40.0],
    [0.0, -1.0, -700.0],
    [1000.0, 0.0, -1000.0],
]

# x minus the largest x is rounded, by up to half a unit in its last place: 5.7e-14 from 512 on. So
# much is the relative error of its exponential. No formula in double precision avoids it but one
# that carries the rounding error along.
ROUNDED = 6e-14


@pytest.mark.parametrize("x", [case(x) for x in LOGITS])
def test_logsumexp(x: list[float]):
    """Neither is a large exponential lost, nor a small one beside a larger."""
    check(am.logsumexp, x, logsumexp(mp(x)), slope=ROUNDED)


@pytest.mark.parametrize("x", [case(x) for x in LOGITS])
@pytest.mark.parametrize("i", [0, 1])
def test_softmax(x: list[float], i: int):
    """Each probability is right to the last digits, however small.

    The derivatives p(1 - p) and -p q have, where p is nearly 1, the absolute error of 1 - p.
    """
    check(
        lambda x: am.softmax(x)[i], x, softmax(mp(x), i), value=ROUNDED, slope=ROUNDED, floor=2e-16
    )


@pytest.mark.parametrize("x", [case(x) for x in LOGITS])
@pytest.mark.parametrize("i", [0, 1])
def test_log_softmax(x: list[float], i: int):
    """Also the logarithm of a probability that is nearly 1 is right: log1p sees the others.

    The derivative 1 - p has the absolute error of the difference.
    """
    check(lambda x: am.log_softmax(x)[i], x, log_softmax(mp(x), i), slope=2 * ROUNDED, floor=2e-16)


@pytest.mark.parametrize("x", [case(x) for x in LOGITS])
@pytest.mark.parametrize("i", [0, 2])
def test_softmax_cross_entropy(x: list[float], i: int):
    """The loss of a class, masked ones beside it or not: as for log_softmax, with the sign."""
    if i >= len(x) or x[i] == -INF:
        i = 1
    value, gradient = log_softmax(mp(x), i)
    for labels in (np.array([i]), np.eye(len(x))[[i]]):
        check(
            lambda x, y=labels: nn.softmax_cross_entropy(x.reshape(1, -1), y),
            x,
            (-value, [-g for g in gradient]),
            slope=2 * ROUNDED,
            floor=2e-16,
        )


@pytest.mark.parametrize("z", [0.0, -0.0, TINY, -TINY, 1.0, -40.0, 40.0, 700.0, -700.0, BIG, -BIG])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_binary_cross_entropy_with_logits(z: float, y: float):
    """Of a true class and a false one every digit is right, however sure the network is.

    Between them the derivative σ(z) - y has the absolute error of a difference.
    """
    sure, unsure = mpmath.exp(mpmath.mpf(z)), mpmath.exp(-mpmath.mpf(z))
    t = mpmath.mpf(y)
    value = t * mpmath.log(1 + unsure) + (1 - t) * mpmath.log(1 + sure)
    slope = (1 - t) / (1 + unsure) - t / (1 + sure)
    check(
        lambda x: nn.binary_cross_entropy_with_logits(x, [y]),
        [z],
        (value, [slope]),
        floor=2e-16 if 0.0 < y < 1.0 else 0.0,
    )


def test_several_samples_far_apart():
    """A batch with one hopeless sample and many good ones keeps both."""
    logits = np.array([[700.0, -700.0], [40.0, 0.0], [0.0, BIG]])
    x = am.Tensor(logits)
    z = nn.softmax_cross_entropy(x, np.array([1, 0, 1]))
    z.backward()
    np.testing.assert_allclose(z.data, 1400.0 / 3.0, rtol=1e-15)
    np.testing.assert_allclose(x.grad[0], [1.0 / 3.0, -1.0 / 3.0], rtol=1e-15)
