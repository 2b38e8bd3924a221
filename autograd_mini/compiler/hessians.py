"""Hessians of compiled functions, from products with unit vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import in_structure, numbers_of, units_in
from autograd_mini.compiler.setup import Setup, axes_of
from autograd_mini.errors import DataError


def hessian(
    setup: Setup,
    aim: Aim,
    args: Sequence[Any],
    product_of: Callable[[Aim, Sequence[Any]], npt.NDArray[Any]],
) -> Any:
    """Return all second derivatives, in the structure of the arguments twice over.

    Args:
        setup: how the function is compiled.
        aim: by what to differentiate; in mode "hessian".
        args: the arguments.
        product_of: replays, for an aim and the arguments with a vector: in mode "hessian" with one
            in each lane, in mode "hvp" with one.

    Raises:
        DataError: an argument that is differentiated by has lanes.
    """
    axes = axes_of(setup.in_axes, args, aim._replace(mode="value")) or [None] * len(args)
    own_lanes = [position for position in aim.argnums if axes[position] is not None]
    if own_lanes:
        raise DataError(
            f"argument {own_lanes[0]} is each lane's own: between lanes the Hessian is zero, and "
            "those of single lanes are not made; hvp gives each lane's product with a vector, or "
            "ask for the Hessian of one sample"
        )
    chosen = [[*units_in(args[position])] for position in aim.argnums]
    shapes = [np.shape(numbers_of(unit)) for units in chosen for unit in units]
    ends = np.cumsum([0, *map(int, map(np.prod, shapes))])
    spans = [slice(*pair) for pair in pairwise(ends)]
    identity = np.eye(ends[-1])
    parts = (
        identity[:, own].reshape((ends[-1], *shape))
        for own, shape in zip(spans, shapes, strict=True)
    )
    v = [[next(parts) for _ in units] for units in chosen]
    if not ends[-1]:  # there is no number to differentiate by
        matrix = identity
    elif setup.in_axes is None:
        matrix = product_of(aim, [*args, *v])
    else:
        aim = aim._replace(mode="hvp")
        columns = []
        for j in range(ends[-1]):
            direction = [[part[j] for part in of_argument] for of_argument in v]
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
