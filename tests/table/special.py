"""References for special functions, which NumPy does not have: Python's own, and series."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)  # B₂, B₄ ...
SHIFT = 12


def on_arrays(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """Return a function of floats as one of arrays."""

    def array(x: Any) -> Any:
        return np.vectorize(function, otypes=[float])(x).astype(np.asarray(x).dtype)

    return array


def polygamma(n: Any, x: Any) -> Any:
    """Return ψ⁽ⁿ⁾(x) for x > 0: sums of inverse powers up to x + 12, and Euler-Maclaurin beyond.

    NIST Digital Library of Mathematical Functions, 5.15.1 and 5.15.8.
    """
    return np.vectorize(_polygamma, otypes=[float])(n, x).astype(np.asarray(x).dtype)


def _polygamma(n: float, x: float) -> float:
    n, y = int(n), x + SHIFT
    if n == 0:
        tail = math.log(y) - 1 / (2 * y)
        tail -= sum(b / (2 * k * y ** (2 * k)) for k, b in enumerate(BERNOULLI, 1))
        return tail - sum(1 / (x + k) for k in range(SHIFT))
    total = sum(math.factorial(n) / (x + k) ** (n + 1) for k in range(SHIFT))
    total += math.factorial(n - 1) / y**n + math.factorial(n) / (2 * y ** (n + 1))
    for k, b in enumerate(BERNOULLI, 1):
        total += b * math.factorial(2 * k + n - 1) / (math.factorial(2 * k) * y ** (2 * k + n))
    return (-1) ** (n + 1) * total
