"""The rows of what changes shapes, axes and precision."""

from __future__ import annotations

import math

import numpy as np

import autograd_mini as am
from tests.table.case import Case, numpys, real, unary

ROWS: dict[str, list[Case]] = {
    "reshape": numpys(
        "reshape",
        ((2, 3), (3, 2)),
        ((2, 3), -1),
        ((4,), (2, -1)),
        ((), (1, 1)),
        ((1,), ()),
        ((0, 3), (0,)),
        ((2, 3), (3, 2), "F"),
        ((2, 3), -1, {"order": "F"}),
        ((2, 3, 4), (4, -1), "F"),
    ),
    "transpose": unary(
        am.transpose,
        np.transpose,
        [((2, 3), None), ((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (-1, 0, 1)), ((3,), None), ((), None)],
    ),
    "expand_dims": unary(
        am.expand_dims, np.expand_dims, [((2, 3), 0), ((2, 3), -1), ((2, 3), (0, 2)), ((), 0)]
    ),
    "broadcast_to": unary(
        am.broadcast_to,
        np.broadcast_to,
        [((3,), (2, 3)), ((2, 1), (4, 2, 3)), ((), (2, 2)), ((2, 3), (2, 3)), ((1,), (0,))],
    ),
    "astype": unary(
        am.astype,
        lambda x, dtype: x.astype(dtype),
        [((2, 3), np.float64), ((2, 3), np.longdouble), ((), np.longdouble)],
        keeps_dtype=False,
    ),
    "ravel": numpys("ravel", ((2, 3),), ((2, 3, 2), "F"), ((),), ((0, 3),)),
    "squeeze": numpys("squeeze", ((1, 3, 1),), ((1, 3, 1), 0), ((1, 1), (0, 1)), ((),), ((1, 0),)),
    **{
        name: numpys(name, ((),), ((3,),), ((2, 3),), ((2, 3, 2, 1),), ((0,),))
        for name in ("atleast_1d", "atleast_2d", "atleast_3d")
    },
    "swapaxes": numpys("swapaxes", ((2, 3, 4), 0, -1), ((2, 3), 1, 0), ((3,), 0, 0)),
    "moveaxis": numpys("moveaxis", ((2, 3, 4), 0, -1), ((2, 3, 4), (0, -1), (1, 0)), ((3,), 0, 0)),
    "rollaxis": numpys("rollaxis", ((2, 3, 4), 2), ((2, 3, 4), 0, 3), ((2, 3, 4), -1, 1)),
    "permute_dims": numpys("permute_dims", ((2, 3, 4), (2, 0, 1)), ((2, 3),)),
    "matrix_transpose": numpys("matrix_transpose", ((2, 3),), ((4, 2, 3),), ((2, 0),)),
    "broadcast_arrays": [
        Case(
            f"broadcast_arrays-{shapes}",
            lambda *arrays: math.prod(am.broadcast_arrays(*arrays)),
            lambda *arrays: math.prod(np.broadcast_arrays(*arrays)),
            shapes,
            (real,) * len(shapes),
        )
        for shapes in (((2, 1), (3,)), ((), (2, 3)), ((2, 3), (2, 3), (1, 1)), ((1,), (0,)))
    ],
    "copy": numpys("copy", ((2, 3),), ((),), ((0,),)),
}
