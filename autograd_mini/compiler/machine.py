"""Operations of programs that are no primitives: fused ones, and sums over the lanes.

They are made by passes, from what the primitives recorded, and have no derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar

import numpy as np

from autograd_mini.dispatch import READING_UFUNCS
from autograd_mini.ops.softmaxes import softmaxes
from autograd_mini.primitive import Primitive


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation with its name, its forward function on arrays, and that on floats."""

    name: str
    array: Callable[..., Any]
    scalar: Callable[..., float] | None = None
    reads_data: ClassVar[bool] = False  # a sweep passes by what it made while a function was traced

    def __reduce__(self) -> Any:
        return self.name.upper()  # copies and pickles refer to this module


MULTIPLY_ADD = Operation("multiply_add", lambda w, x, a: w * x + a, lambda w, x, a: w * x + a)
"""w x + a, of the product and then of the sum each rounded."""

MULTIPLY_SUBTRACT = Operation(
    "multiply_subtract", lambda w, x, a: a - w * x, lambda w, x, a: a - w * x
)
"""a - w x, likewise."""

DETACHED = Operation("detach", lambda of: of)
"""What a detached node stands for while a function is traced; a program has none."""


class Condition(Operation):
    """An operation whose result is an array of booleans."""

    def __reduce__(self) -> Any:
        return condition, (self.name,)


CONDITIONS = {f.__name__: Condition(f.__name__, f) for f in READING_UFUNCS} | {
    "any": Condition("any", np.logical_or.reduce),
    "all": Condition("all", np.logical_and.reduce),
}
"""What traced code asks about arrays: the answers are arrays of booleans, as in NumPy."""


def condition(name: str) -> Condition:
    """Return the condition of that name; what a pickle does."""
    return CONDITIONS[name]


SAME = Operation("same", lambda x, y: x.tobytes() == y.tobytes())
"""Whether an array that was read while a function was traced is as it was then."""

SOFTMAXES = Operation("softmaxes", softmaxes)
"""log_softmax(x) and softmax(x), in one array."""

LANE_SUM = Operation("lane_sum", np.sum)
"""The sum over all lanes."""

LANE_DOT = Operation("lane_dot", np.dot)
"""The sum over all lanes of a product."""


INPUT, CONSTANT = 0, 1
"""The codes of what no operation makes."""

OPERATIONS: list[Any] = [None, None]
"""By code: the primitives and operations that programs of this process have had so far."""


class _Codes(dict[Any, int]):
    """The code of each operation; a new one gets the next."""

    def __missing__(self, operation: Primitive | Operation) -> int:
        with _NUMBERING:  # another thread may be numbering it too
            if operation not in self:
                OPERATIONS.append(operation)
                self[operation] = len(OPERATIONS) - 1
            return self[operation]


_NUMBERING = Lock()

CODES = _Codes()
"""The number that stands for an operation in a program."""
