"""Whole matrices of derivatives: `jacobian` and `hessian`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np

from autograd_mini.ops.joining import stack
from autograd_mini.ops.shaping import reshape
from autograd_mini.tape import Node, primal
from autograd_mini.transforms.gradients import grad
from autograd_mini.transforms.run import Argnums, Run, check_function
from autograd_mini.transforms.structure import rebuilt

Mode = Literal["auto", "reverse", "forward"]


def jacobian(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    mode: Mode = "auto",
    allow_unused: bool = False,
) -> Callable[..., Any]:
    """Return the function that computes all partial derivatives of f.

    For an array x and a result z it is an array of shape `z.shape + x.shape`. Where f returns a
    structure, the result has that structure, and in the place of each leaf the structure of the
    arguments. f runs once; its tape is swept once for each element of z in reverse mode, once for
    each element of x in forward mode.

    Args:
        f: returns a number, an array, or a structure of those.
        argnums: which positional argument to differentiate by; several give a tuple.
        mode: "reverse" or "forward"; "auto" takes reverse unless z has more elements than x.
        allow_unused: derivatives by an argument that f does not depend on are 0, not an error.

    Raises:
        UnusedError: (when called) the output does not depend on an argument.
        DataError: an argument, or the output, holds no real number.
    """
    if mode not in ("auto", "reverse", "forward"):
        raise ValueError(f"mode is 'auto', 'reverse' or 'forward', got {mode!r}")

    check_function(f)

    @wraps(f, updated=())
    def partial_derivatives(*args: Any, **settings: Any) -> Any:
        run = Run(f, args, settings, argnums, allow_unused=allow_unused)
        run.check_used()
        forward = mode == "forward" or (mode == "auto" and _size(run.outputs) > _size(run.inputs))
        columns = _by_forward(run) if forward else _by_reverse(run)
        return rebuilt(run.output, (run.like_arguments(row) for row in columns), lambda other: None)

    return partial_derivatives


def hessian(
    f: Callable[..., Any], argnums: Argnums = 0, *, allow_unused: bool = False
) -> Callable[..., Any]:
    """Return the function that computes all second derivatives of f, which returns one number.

    For an array x it is an array of shape `x.shape + x.shape`. With several arguments it is a tuple
    of tuples: at [i][j] the derivatives by argument i and then by argument j. The gradient is
    recorded once, and its tape swept once for each of its elements.

    Args:
        f: returns one number.
        argnums: which positional argument to differentiate by; several give a tuple of tuples.
        allow_unused: an argument that f does not depend on has second derivatives 0.
    """
    return jacobian(grad(f, argnums, allow_unused=allow_unused), argnums, allow_unused=True)


def _size(nodes: Sequence[Any]) -> int:
    return sum(np.size(primal(x)) for x in nodes)


def _units(x: Any) -> Iterator[Any]:
    """Yield every array of the shape of `x` that is 1 at one place and 0 elsewhere."""
    data = primal(x)
    if np.ndim(data) == 0 and not isinstance(data, np.ndarray):
        yield 1.0
        return
    for index in np.ndindex(np.shape(data)):
        unit = np.zeros_like(data)
        unit[index] = 1.0
        yield unit


def _by_reverse(run: Run) -> Iterator[list[Any]]:
    """Yield for each output the derivatives by each input, of shape `z.shape + x.shape`."""
    for z in run.outputs:
        seeds = [{z: unit} for unit in _units(z)] if isinstance(z, Node) else []
        rows = [run.connected(run.pull(seed)) for seed in seeds]
        yield [
            _joined([row[i] for row in rows], np.shape(primal(z)), np.shape(primal(x)))
            for i, x in enumerate(run.inputs)
        ]


def _by_forward(run: Run) -> Iterator[list[Any]]:
    """Yield the same, by the tangents of all outputs along each element of each input."""
    columns = [[run.push({x: unit}) for unit in _units(x)] for x in run.inputs]
    for k, z in enumerate(run.outputs):
        found = []
        for x, of_x in zip(run.inputs, columns, strict=True):
            shapes = np.shape(primal(x)), np.shape(primal(z))
            joined = _joined([column[k] for column in of_x], *shapes)
            # The axes of x come first, those of z are to.
            axes = [*range(len(shapes[0]), len(shapes[0]) + len(shapes[1]))]
            axes += range(len(shapes[0]))
            found.append(joined.transpose(axes) if axes and np.ndim(primal(joined)) else joined)
        yield run.connected(found)


def _joined(parts: list[Any], outer: tuple[int, ...], inner: tuple[int, ...]) -> Any:
    """Return parts of shape `inner` as one of shape `outer + inner`."""
    if not outer and parts:
        return parts[0]
    shape = (*outer, *inner)
    if not parts:
        return np.zeros(shape)
    if any(isinstance(part, Node) for part in parts):
        return reshape(stack(parts), shape)
    return np.reshape(np.stack(parts), shape)
