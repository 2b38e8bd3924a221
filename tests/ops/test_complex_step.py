"""The analytic continuations: a complex step gives the derivative to the last digits.

f(x + ihẋ) = f(x) + ih f'(x)ẋ - O(h²), and with h = 1e-30 the square is below every rounding.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from autograd_mini.primitive import Primitive
from autograd_mini.tape import primal
from tests import checks
from tests.table import CASES
from tests.table.case import Case

STEP = 1e-30


def primitive_of(case: Case) -> Primitive | None:
    """Return the primitive that a case calls and nothing else, on its operands in order."""
    x = case.draw()
    leaves, z = checks.build(case, x)
    if z.primitive is None or len(z.parents) != len(x):
        return None
    in_order = all(parent is leaves.get(i, x[i]) for i, parent in enumerate(z.parents))
    return z.primitive if in_order else None


CONTINUED = [case for case in CASES if (p := primitive_of(case)) is not None and p.analytic]


@pytest.mark.parametrize("case", CONTINUED, ids=str)
def test_complex_step(case: Case):
    """The imaginary part, along random directions, is the JVP; the real part is the result."""
    x = case.draw()
    _, dots = checks.directions(case, x)
    _, z = checks.build(case, x)
    assert z.primitive is not None
    assert z.primitive.analytic is not None
    moved = [array + 1j * STEP * dots.get(i, 0.0) for i, array in enumerate(x)]
    stepped = z.primitive.analytic(*moved, **(z.params or {}))
    assert_allclose(np.real(stepped), primal(z), rtol=1e-13, atol=1e-15)
    assert_allclose(np.imag(stepped) / STEP, checks.jvp(case, x, dots), rtol=1e-11, atol=1e-13)


def test_what_is_continued():
    """Reductions, scans and statistics that are analytic say so, and piecewise ones do not."""
    names = {p.name for case in CONTINUED if (p := primitive_of(case)) is not None}
    assert names >= {
        *("sum", "mean", "prod", "cumsum", "cumprod", "recurrence", "var", "std"),
        *("logsumexp", "log_softmax", "softmax"),
    }
    assert not names & {"max", "min", "sort", "reorder"}
