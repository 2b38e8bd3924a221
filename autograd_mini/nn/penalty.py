"""L2 regularisation."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any

from autograd_mini.ops.elementwise import square
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.state import scope


def l2_penalty(weights: Iterable[Any], l2: float, m: int) -> Any:
    """Return λ/(2m) Σ‖W‖_F², a scalar to add to a loss; it adds (λ/m)·W to the gradient of each W.

    Args:
        weights: the arrays to shrink, nodes or object arrays of `Value`s: `model.weights()`. Biases
            are left out as a rule.
        l2: λ, at least 0.
        m: the number of samples that the loss is a mean over.

    Raises:
        ValueError: `l2` is negative or `m` is not positive.
    """
    if not l2 >= 0.0:
        raise ValueError(f"l2 must be at least 0, got {l2!r}")
    if m < 1:
        raise ValueError(f"m, the number of samples, must be positive, got {m!r}")
    with scope("l2_penalty"):
        terms = [sum_(square(weight)) for weight in weights]
        return reduce(operator.add, terms) * (l2 / (2.0 * m)) if terms else 0.0
