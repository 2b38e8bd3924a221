"""`Setup`: how a function is compiled, and which arguments then have lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.executors import Engine
from autograd_mini.compiler.lanes import Reduction
from autograd_mini.errors import DataError, ShapeError
from autograd_mini.tape import Node


class Setup(NamedTuple):
    """How a function is compiled.

    Attributes:
        f: the function.
        engine: which executor.
        exact: whether every bit is to be as the eager engine has it.
        in_axes: for each argument along which axis its lanes lie, None where they share it; None
            for a function of one sample.
        reduction: what is made of the lanes: their sum or mean, or None.
        kind: of the nodes that reach the function; None for Tensors if an argument holds one.
    """

    f: Callable[..., Any]
    engine: Engine
    exact: bool
    in_axes: tuple[int | None, ...] | int | None
    reduction: Reduction | None
    kind: type[Node] | None = None

    def rows_of(self, axis: int | None) -> bool:
        """Return whether each lane has a derivative of its own by what has its lanes there."""
        return self.in_axes is not None and (self.reduction is None or axis is not None)


def with_lanes(
    setup: Setup, in_axes: int | Sequence[int | None] | None, reduction: Reduction | None
) -> Setup:
    """Return how a function of one sample is compiled for many.

    Raises:
        DataError: the function is one of many already, or no axis is named.
        ValueError: there is no such reduction.
    """
    if reduction not in ("mean", "sum", None):
        raise ValueError(f"reduce is 'mean', 'sum' or None, got {reduction!r}")
    if setup.in_axes is not None:
        raise DataError("the function is batched already")
    axes = in_axes if isinstance(in_axes, int) or in_axes is None else tuple(in_axes)
    for axis in axes if isinstance(axes, tuple) else [axes]:
        if not (axis is None or isinstance(axis, int)) or isinstance(axis, bool):
            raise DataError(
                f"in_axes has for each argument a whole number or None, got {axis!r:.60}; it "
                "is the same for all parts of an argument"
            )
    if axes is None or (isinstance(axes, tuple) and all(axis is None for axis in axes)):
        raise DataError("in_axes names no axis: some argument must have lanes")
    return setup._replace(in_axes=axes, reduction=reduction)


def axes_of(
    in_axes: tuple[int | None, ...] | int | None, args: Sequence[Any], aim: Aim
) -> Sequence[int | None] | None:
    """Return along which axis the lanes of each argument lie; those of a vector as its argument's.

    Raises:
        ShapeError: `in_axes` is not for so many arguments.
    """
    if in_axes is None:
        if aim.mode != "hessian":
            return None
        in_axes = (None,) * (len(args) - aim.vectors)
    count = len(args) - aim.vectors
    axes: list[int | None] = [in_axes] * count if isinstance(in_axes, int) else [*in_axes]
    if len(axes) != count:
        raise ShapeError(
            f"in_axes has {len(axes)} entries for {count} arguments; those given by keyword have "
            "none, all lanes share them"
        )
    if aim.mode == "hessian":
        return axes + [0] * aim.vectors
    return axes + [axes[position] for position in aim.argnums] * (aim.vectors > 0)
