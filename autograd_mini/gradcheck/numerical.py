"""The gradient in numbers: by differences, or by the complex step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.gradcheck.complex_step import TINY, imaginary_parts
from autograd_mini.gradcheck.lanes import replayed
from autograd_mini.gradcheck.loss import at_ends
from autograd_mini.gradcheck.probes import Method, Step, probe_steps
from autograd_mini.gradcheck.vectors import Vector, dictionary_to_vector, vector_to_dictionary


def numerical_gradient(
    f: Callable[..., Any],
    params: Any,
    *,
    method: Method = "two-sided",
    eps: float | None = None,
) -> Any:
    """Return the gradient of `f` by differences or complex steps, in arrays shaped like `params`.

    The default step of differences balances truncation against rounding: ∛ε_mach · max(1, |θ|)
    two-sided, whose error is of the order ε_mach^(2/3), and √ε_mach · max(1, |θ|) one-sided, with
    an error of the order √ε_mach (Nocedal & Wright, Numerical Optimization, section 8.1).

    Where `params` are `Value`s, `f` is recorded once and replayed at all probes, if there are many
    and its replay gives the very numbers that `f` gives; else `f` is called at each.

    The complex step, Im f(θ + ih) / h with h = 1e-30, is exact to rounding (Squire & Trapp, SIAM
    Review 40 (1998) 110). Where `params` are nodes, the tape of `f` is recorded once and replayed
    on complex numbers. Where they are plain arrays, `f` must take them as its argument; it is then
    called with complex ones, and must be analytic in them: no `abs`, no `.real`, no conjugate.

    Args:
        f: builds the scalar; a function of no arguments, or of the parameters.
        params: a Module, dict or list; left exactly as it was, after an exception too.
        method: "two-sided", "one-sided" or "complex-step".
        eps: one step for all components instead of the default, 1e-7 for instance.

    Returns:
        A dict for a Module or dict, a list for a list.

    Raises:
        ValueError: `eps` is so small that it does not change a parameter.
        LossError: `f` cannot be computed on complex numbers; the message says why.
    """
    steps = probe_steps(params, method, eps)
    found = derivatives(f, params, steps, method, eps)
    return vector_to_dictionary(found, params)


def derivatives(
    f: Callable[..., Any], params: Any, steps: Sequence[Step], method: Method, eps: float | None
) -> Vector:
    """Return the numerical derivative of a scalar along each step."""
    if method == "complex-step":
        size = len(dictionary_to_vector(params))
        vectors = (step.vector(size) for step in steps)
        h = TINY if eps is None else eps
        return np.array([part / h for part in imaginary_parts(f, params, vectors, h)])
    ends = replayed(f, params, steps)
    found = (ends[:, 1] - ends[:, 0]) / [step.width for step in steps]
    for j, step in enumerate(steps):
        if np.isnan(found[j]):
            found[j] = difference(f, params, step).item()
    return found


def difference(f: Callable[..., Any], params: Any, step: Step) -> Vector:
    """Return the difference quotient of a number, or of a vector, along a step."""
    low, high = at_ends(f, params, step)
    return (high - low) / step.width
