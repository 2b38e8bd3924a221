"""The rows of what moves, repeats and surrounds elements."""

from __future__ import annotations

import numpy as np

import autograd_mini as am
from tests.table.case import Case, numpys, real

ROWS: dict[str, list[Case]] = {
    "flip": numpys(
        "flip",
        *(((2, 3), axis) for axis in (None, 0, -1, (0, 1), ())),
        ((2, 3, 2), (0, 2)),
        ((),),
        ((0, 3), 1),
    ),
    "flipud": numpys("flipud", ((3,),), ((2, 3),), ((2, 3, 2),)),
    "fliplr": numpys("fliplr", ((2, 3),), ((2, 3, 2),)),
    "rot90": numpys(
        "rot90",
        *(((2, 3), k) for k in (-1, 0, 1, 2, 3, 4, 5)),
        *(((2, 3, 4), k, (2, 0)) for k in (1, 2, 3)),
        ((2, 3, 4), {"axes": (-1, 1)}),
        ((0, 2),),
    ),
    "roll": numpys(
        "roll",
        *(((5,), shift) for shift in (0, 2, -1, 7)),
        ((2, 3), 1),
        ((2, 3), 1, 0),
        ((2, 3), -2, -1),
        ((2, 3), (1, -1), (0, 1)),
        ((2, 3), (1, 2), 1),
        ((2, 3), 2, (0, 1)),
        ((), 1),
        ((0, 3), 1, 1),
    ),
    "tile": numpys(
        "tile",
        *(((3,), reps) for reps in (2, (2,), (2, 3), 0, (0, 2))),
        *(((2, 3), reps) for reps in (2, (2, 1), (4, 1, 2), ())),
        ((), 3),
        ((), (2, 2)),
        ((0, 2), 2),
    ),
    "repeat": numpys(
        "repeat",
        *(((2, 3), repeats) for repeats in (2, 1, 0, [2], [1, 0, 2, 0, 3, 1])),
        *(((2, 3), 2, axis) for axis in (0, 1, -1)),
        ((2, 3), [1, 0, 3], 1),
        ((2, 3), np.array([2, 2]), {"axis": 0}),
        ((), 3),
        ((0, 3), 2, 0),
    ),
    "pad": [
        *numpys(
            "pad",
            *(((3,), width) for width in (1, 0, (1, 2), ((2, 0),))),
            *(((2, 3), width) for width in (1, (1, 2), ((1, 2), (0, 3)), ((1,), (2,)))),
            ((2, 3), 1, {"constant_values": 2.5}),
            ((), 1),
            ((0, 2), 1),
            *(
                ((3, 2), ((1, 2), (0, 4)), mode)
                for mode in ("edge", "reflect", "symmetric", "wrap")
            ),
            ((3,), 7, {"mode": "reflect"}),
            ((1, 2), 2, "symmetric"),
        ),
        Case(
            "pad-a number that is differentiated",
            lambda x, c: am.pad(x, (1, 2), constant_values=c),
            lambda x, c: np.pad(x, (1, 2), constant_values=c),
            ((2, 3), ()),
            (real, real),
        ),
    ],
}
