"""Products with the Jacobian: `vjp` by a reverse sweep, `jvp` by a forward sweep; `hvp` by both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from autograd_mini.errors import DataError
from autograd_mini.tape import Node
from autograd_mini.transforms.gradients import grad
from autograd_mini.transforms.run import Argnums, Run, as_asked, check_function, matching, plain
from autograd_mini.transforms.structure import rebuilt


def vjp(
    f: Callable[..., Any], *primals: Any, allow_unused: bool = False
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return f(*primals) and the function from a cotangent of it to those of all primals.

    The tape is recorded once and swept at each call of that function: Jᵀ z_bar.

    Args:
        f: returns a number, an array, or a structure of those.
        primals: its arguments; see `value_and_grad` for what they may be.
        allow_unused: a primal that f does not depend on gets cotangent 0.

    Returns:
        (f(*primals), pullback). `pullback(z_bar)` takes the structure of the output and returns a
        tuple, one cotangent a primal.

    Raises:
        UnusedError: the output does not depend on a primal.
        ShapeError: (pullback) z_bar does not have the structure and the shapes of the output.
    """
    run = Run(f, primals, argnums=None, allow_unused=allow_unused)
    run.check_used()

    def pullback(z_bar: Any) -> tuple[Any, ...]:
        bars = matching(z_bar, run.outputs, "cotangents")
        # One node may be returned twice; its cotangents add up.
        seeds: dict[Node, Any] = {}
        for z, bar in zip(run.outputs, bars, strict=True):
            if isinstance(z, Node):
                seeds[z] = seeds[z] + bar if z in seeds else bar
        run.record = run.record or any(isinstance(bar, Node) for bar in bars)
        return run.like_arguments(run.connected(run.pull(seeds)))

    return run.value(), pullback


def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    allow_unused: bool = False,
) -> tuple[Any, Any]:
    """Return f(*primals) and its tangent J x_dot, by a forward sweep.

    Args:
        f: returns a number, an array, or a structure of those.
        primals: its arguments, as a tuple or list.
        tangents: one for each of them, of the same structure and shapes.
        allow_unused: f need not depend on every primal.

    Returns:
        (f(*primals), tangent), the tangent in the structure of the output.

    Raises:
        UnusedError: the output does not depend on a primal.
        ShapeError: the tangents do not have the structure and the shapes of the primals.
    """
    run = Run(f, [*primals], argnums=None, allow_unused=allow_unused)
    dots = matching([*tangents], run.inputs, "tangents")
    run.check_used()
    run.record = run.record or any(isinstance(dot, Node) for dot in dots)
    pushed = run.push(dict(zip(run.inputs, dots, strict=True)))
    tangent = rebuilt(run.output, iter(pushed), lambda other: None)
    return run.value(), tangent if run.record else plain(tangent)


def hvp(
    f: Callable[..., Any], argnums: Argnums = 0, *, allow_unused: bool = False
) -> Callable[..., Any]:
    """Return the function (*arguments of f, v) ↦ H v, with H the Hessian of f.

    It costs a few evaluations of f, however large H would be: the gradient is recorded and swept
    forward (Pearlmutter 1994, Neural Computation 6:147).

    Args:
        f: returns one number.
        argnums: which positional argument to differentiate by; with several, v is a tuple too.
        allow_unused: an argument that f does not depend on has second derivatives 0.
    """
    check_function(f)

    @wraps(f, updated=())
    def product(*args_and_v: Any, **settings: Any) -> Any:
        if len(args_and_v) < 2:
            raise DataError("hvp takes the arguments of f and, last, v, of the argument's shape")
        *args, v = args_and_v
        asked = as_asked(argnums)
        chosen = [asked] if isinstance(asked, int) else asked
        gradient = grad(f, argnums, allow_unused=allow_unused)

        def of_chosen(*primals: Any) -> Any:
            given = [*args]
            for position, primal in zip(chosen, primals, strict=True):
                given[position] = primal
            return gradient(*given, **settings)

        tangents = [v] if isinstance(asked, int) else [*v]
        return jvp(of_chosen, [args[i] for i in chosen], tangents, allow_unused=True)[1]

    return product
