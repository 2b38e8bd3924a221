"""The rows of linear algebra."""

from __future__ import annotations

import numpy as np

import autograd_mini as am
from tests.table.case import Case, real

MATMUL_SHAPES = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((1, 2, 3), (5, 3, 1)),
    ((1, 1), (1, 1)),
    ((2, 0), (0, 3)),
    ((0, 3), (3, 2)),
    ((0, 2, 3), (3, 2)),
)

LINEAR_SHAPES = (
    ((5, 3), (2, 3), (2,)),
    ((3,), (2, 3), (2,)),
    ((4, 5, 3), (2, 3), (2,)),
    ((1, 1), (1, 1), (1,)),
    ((0, 3), (2, 3), (2,)),
    ((5, 3), (2, 3), ()),
)

ROWS: dict[str, list[Case]] = {
    "vdot": [
        Case(f"vdot-{shape}", am.vdot, lambda x, y: (x * y).sum(), (shape, shape), (real, real))
        for shape in ((3,), (2, 3), (), (0,), (1, 4))
    ]
    + [
        Case(f"vdot-{shapes}", am.vdot, lambda x, y: x.ravel() @ y.ravel(), shapes, (real, real))
        for shapes in (((2, 3), (3, 2)), ((6,), (2, 3)), ((1, 3), (3,)))
    ],
    "matmul": [
        Case(f"matmul-{shapes}", am.matmul, np.matmul, shapes, (real, real))
        for shapes in MATMUL_SHAPES
    ],
    "linear": [
        Case(f"linear-{shapes}", am.linear, lambda x, w, b: x @ w.T + b, shapes, (real,) * 3)
        for shapes in LINEAR_SHAPES
    ],
}
