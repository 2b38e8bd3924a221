"""The gradient by differences: each component is moved a little to either side and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autograd_mini.errors import LossError
from autograd_mini.gradcheck.vectors import (
    entry_dtype,
    named_entries,
    nodes_of,
    vector_to_dictionary,
)
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.value import data, write

Method = Literal["two-sided", "one-sided"]


def numerical_gradient(
    f: Callable[..., Any],
    params: Any,
    *,
    method: Method = "two-sided",
    eps: float | None = None,
) -> Any:
    """Return the gradient of `f` by differences, in arrays shaped like `params`.

    The default step balances truncation against rounding: ∛ε_mach · max(1, |θ|) two-sided, whose
    error is of the order ε_mach^(2/3), and √ε_mach · max(1, |θ|) one-sided, with an error of the
    order √ε_mach (Nocedal & Wright, Numerical Optimization, section 8.1).

    Args:
        f: builds the scalar; a function of no arguments, or of the parameters.
        params: a Module, dict or list; left exactly as it was, after an exception too.
        method: "two-sided" or "one-sided".
        eps: one step for all components instead of the default, 1e-7 for instance.

    Returns:
        A dict for a Module or dict, a list for a list.

    Raises:
        ValueError: `eps` is so small that it does not change a parameter.
    """
    steps = probe_steps(params, method, eps)
    return vector_to_dictionary(np.array([difference(f, params, step) for step in steps]), params)


@dataclass(frozen=True)
class Step:
    """The two probes of one component: the parameter, the position, its two numbers."""

    name: str
    entry: Any
    index: tuple[int, ...]
    ends: tuple[Any, Any]

    @property
    def plain(self) -> bool:
        """True where the parameter is an array of numbers, which is written in place."""
        return not isinstance(self.entry, Node) and not is_object_array(self.entry)

    @property
    def width(self) -> float:
        """How far apart the two numbers are."""
        return float(self.ends[1]) - float(self.ends[0])


def probe_steps(params: Any, method: Method, eps: float | None) -> list[Step]:
    """Return the probes of every component, with steps that the dtype can represent."""
    if method not in ("two-sided", "one-sided"):
        raise ValueError(f"method is 'two-sided' or 'one-sided', got {method!r}")
    steps = []
    for name, entry in named_entries(params):
        dtype = entry_dtype(entry)
        power = 1 / 3 if method == "two-sided" else 1 / 2
        unit = float(np.finfo(dtype).eps) ** power
        for index, x in np.ndenumerate(data(entry)):
            h = eps if eps is not None else unit * max(1.0, abs(float(x)))
            low = dtype.type(x - h) if method == "two-sided" else dtype.type(x)
            step = Step(name, entry, index, (low, dtype.type(x + h)))
            if not step.width > 0:
                raise ValueError(f"eps={h:g} does not change {name}{list(index)} = {x} in {dtype}")
            steps.append(step)
    return steps


@contextmanager
def moved(step: Step, end: int) -> Iterator[None]:
    """Move one component to one of its two numbers; afterwards restore the parameter exactly."""
    numbers = np.array(data(step.entry))
    before = [(node, node.primal, node.changed) for node in nodes_of(step.entry)]
    number = numbers[step.index]
    numbers[step.index] = step.ends[end]
    try:
        write(step.entry, numbers)
        yield
    finally:
        if step.plain:
            step.entry[step.index] = number
        for node, primal, changed in before:  # to the sweeps of older graphs nothing has changed
            node.primal, node.changed = primal, changed


def difference(loss: Callable[..., Any], params: Any, step: Step) -> float:
    """Return the difference quotient of the loss in one component."""
    ends = []
    for end in (0, 1):
        with moved(step, end):
            ends.append(np.asarray(primal(call(loss, params))).item())
    return (ends[1] - ends[0]) / step.width


def call(loss: Callable[..., Any], params: Any) -> Any:
    """Call a loss that takes no arguments, or one that takes the parameters."""
    if not callable(loss):
        raise LossError(
            f"the loss must be a function that computes it anew, got {type(loss).__name__}: give "
            "lambda: ... around the expression"
        )
    needed = [
        p
        for p in inspect.signature(loss).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return loss(params) if needed else loss()
