"""`grad` and its kin: derivatives of functions that return one number, by reverse sweeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autograd_mini.errors import DataError, ShapeError
from autograd_mini.sweep import make_seed
from autograd_mini.tape import Node, is_object_array
from autograd_mini.transforms.run import Argnums, Run, check_function, plain


def value_and_grad(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    allow_unused: bool = False,
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that computes f and its gradient, in one forward and one reverse sweep.

    Numbers reach f as `Value`s and arrays as `Tensor`s, also inside of dicts, lists, tuples, named
    tuples, dataclasses, object arrays and `Module`s. Derivatives have the structure of the
    argument: a float for a number, an array for an array. For an argument that is a node, and
    inside of a function that is itself being differentiated, they are nodes, which can be
    differentiated again.

    Args:
        f: returns one number.
        argnums: which positional argument to differentiate by; several give a tuple of gradients.
        has_aux: f returns (number, anything else).
        allow_unused: the gradient by an argument that f does not depend on is 0, not an error.

    Returns:
        A function with the arguments of f. It returns (value, gradient), or with `has_aux`
        ((value, aux), gradient).

    Raises:
        UnusedError: (when called) the output does not depend on an argument.
        ShapeError: the output is not one number; `jacobian` takes several.
        DataError: an argument holds no real number.
    """
    check_function(f)

    @wraps(f, updated=())
    def value_and_gradient(*args: Any, **settings: Any) -> tuple[Any, Any]:
        aux: list[Any] = []

        def number(*args: Any, **settings: Any) -> Any:
            output = f(*args, **settings)
            if has_aux:
                if not (isinstance(output, tuple) and len(output) == 2):
                    raise DataError(f"with has_aux f returns (number, aux), got {output!r:.60}")
                output, other = output
                aux.append(other)
            return output

        run = Run(number, args, settings, argnums, allow_unused=allow_unused)
        z = run.output
        if is_object_array(z) and z.size == 1:
            z = z.item()
        if not isinstance(z, Node):
            if len(run.outputs) != 1 or isinstance(run.outputs[0], Node) or np.size(z) != 1:
                raise ShapeError(f"f must return one number, got {type(z).__name__} {z!r:.60}")
            bars = run.pull({}, check_used=True)
        else:
            if np.size(z.primal) != 1:
                raise ShapeError(
                    f"f must return one number, got shape {np.shape(z.primal)}: reduce it, as in "
                    "f(x).sum(), or take jacobian or elementwise_grad"
                )
            bars = run.pull({z: make_seed(z)}, check_used=True)
        value = run.value()
        if has_aux:
            value = value, (aux[0] if run.record else plain(aux[0]))
        return value, run.like_arguments(run.connected(bars))

    return value_and_gradient


def grad(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    allow_unused: bool = False,
) -> Callable[..., Any]:
    """Return the function that computes the gradient of f; see `value_and_grad`.

    `grad(grad(f))` is the second derivative of a function of one number, and so on.

    Args:
        f: returns one number.
        argnums: which positional argument to differentiate by; several give a tuple of gradients.
        has_aux: f returns (number, aux), and the result is (gradient, aux).
        allow_unused: the gradient by an argument that f does not depend on is 0, not an error.
    """
    both = value_and_grad(f, argnums, has_aux=has_aux, allow_unused=allow_unused)

    @wraps(f, updated=())
    def gradient(*args: Any, **settings: Any) -> Any:
        value, bars = both(*args, **settings)
        return (bars, value[1]) if has_aux else bars

    return gradient


def elementwise_grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, allow_unused: bool = False
) -> Callable[..., Any]:
    """Return the derivative of a function that acts on each element alone, in its own shape.

    It is the gradient of the sum of the outputs, so each element of the result must depend on the
    element at its own place only (or on those that broadcasting repeats there).

    Args:
        f: returns an array or a number.
        argnums: which positional argument to differentiate by; several give a tuple.
        allow_unused: the derivative by an argument that f does not depend on is 0, not an error.
    """
    check_function(f)

    @wraps(f, updated=())
    def derivative(*args: Any, **settings: Any) -> Any:
        run = Run(f, args, settings, argnums, allow_unused=allow_unused)
        seeds = {
            z: 1.0 if z.rank == 1 else np.ones_like(z.primal)
            for z in run.outputs
            if isinstance(z, Node)
        }
        return run.like_arguments(run.connected(run.pull(seeds, check_used=True)))

    return derivative
