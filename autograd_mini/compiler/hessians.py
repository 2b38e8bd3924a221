"""Hessians of compiled functions, from products with unit vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import in_structure, numbers_of, units_in
from autograd_mini.compiler.plan import Plan, without
from autograd_mini.compiler.setup import Setup, axes_of
from autograd_mini.errors import DataError
from autograd_mini.ops.random import drawn_again

Array = npt.NDArray[Any]


def hessian(
    setup: Setup,
    aim: Aim,
    args: Sequence[Any],
    product_of: Callable[[Aim, Sequence[Any]], Array],
) -> Any:
    """Return all second derivatives, in the structure of the arguments twice over.

    Where the lanes are not reduced, each has its own, and the lanes come first.

    Args:
        setup: how the function is compiled.
        aim: by what to differentiate; in mode "hessian".
        args: the arguments.
        product_of: replays, for an aim and the arguments with a vector: in mode "hessian" with one
            in each lane, in mode "hvp" with one.

    Raises:
        DataError: an argument that is differentiated by has lanes, which are reduced.
    """
    axes = axes_of(setup.in_axes, args, aim._replace(mode="value")) or [None] * len(args)
    own_lanes = [position for position in aim.argnums if axes[position] is not None]
    if own_lanes and setup.reduction is not None:
        raise DataError(
            f"argument {own_lanes[0]} is each lane's own: between lanes the Hessian of a "
            f"{setup.reduction} is zero; batched(reduce=None) gives that of each lane"
        )
    chosen = [[*units_in(args[position])] for position in aim.argnums]
    whole = [
        (np.shape(numbers_of(unit)), axes[position], position)
        for position, units in zip(aim.argnums, chosen, strict=True)
        for unit in units
    ]
    shapes = [without(*of_unit) for of_unit in whole]
    ends = np.cumsum([0, *map(int, map(np.prod, shapes))])
    spans = [slice(*pair) for pair in pairwise(ends)]
    identity = np.eye(ends[-1])
    parts = (
        in_lanes(identity[:, own].reshape((ends[-1], *shape)), full, axis)
        for own, shape, (full, axis, _) in zip(spans, shapes, whole, strict=True)
    )
    v = [[next(parts) for _ in units] for units in chosen]
    if not ends[-1]:  # there is no number to differentiate by
        matrix = identity
        if setup.in_axes is not None and setup.reduction is None:
            units = [numbers_of(unit) for arg in args for unit in units_in(arg)]
            matrix = np.zeros((0, 0, Plan(setup.f, args, {}, axes).lane_count(units)))
    elif setup.in_axes is None:
        matrix = product_of(aim, [*args, *v])
    else:
        aim = aim._replace(mode="hvp")
        columns = []
        for j in range(ends[-1]):
            direction = [[part[j] for part in of_argument] for of_argument in v]
            with drawn_again(last=j == ends[-1] - 1):
                columns.append(product_of(aim, [*args, *direction]))
        matrix = np.stack(columns, axis=1)
    matrix = np.moveaxis(matrix, -1, 0) if matrix.ndim == 3 else matrix
    rows = []
    for own, shape in zip(spans, shapes, strict=True):
        row = [
            matrix[..., own, other].reshape((*matrix.shape[:-2], *shape, *of_other))
            for other, of_other in zip(spans, shapes, strict=True)
        ]
        rows.append(in_structure(aim, args, [x if x.ndim else float(x) for x in row]))
    return in_structure(aim, args, rows)


def in_lanes(units: Array, shape: tuple[int, ...], axis: int | None) -> Array:
    """Return unit vectors, the first axis, for a unit of this shape: the same ones in each lane."""
    if axis is None:
        return units
    return np.broadcast_to(np.expand_dims(units, axis % len(shape) + 1), (len(units), *shape))
