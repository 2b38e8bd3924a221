"""Every row of the table satisfies every check, and the checks find a wrong rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini.primitive import REGISTRY, ArrayPrimitive, Elementwise, Primitive
from autograd_mini.tape import primal
from tests import checks
from tests.table import BETWEEN_KINDS, CASES, CHOICES, RANDOM_SOURCES, ROWS
from tests.table.case import Case, positive

SCALAR_CASES = [case for case in CASES if checks.is_scalar(case)]


def test_every_primitive_has_a_row():
    """A primitive without a row is one that nothing has checked."""
    assert set(REGISTRY) <= set(ROWS) | RANDOM_SOURCES | CHOICES | BETWEEN_KINDS


def test_every_scalar_primitive_has_a_scalar_case():
    """Each primitive that takes `Value`s is compared with its array form."""
    scalar = {name for name, primitive in REGISTRY.items() if primitive.scalar is not None}
    assert scalar <= {case.label.split("-")[0] for case in SCALAR_CASES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_forward(case: Case):
    """The result is the one NumPy gives."""
    checks.check_forward(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_first_order(case: Case):
    """VJP and JVP agree with two-sided differences and with each other."""
    checks.check_first_order(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_second_order(case: Case):
    """Recorded sweeps, swept again, agree with differences of the first derivative."""
    checks.check_second_order(case)


@pytest.mark.parametrize("case", [case for case in CASES if case.keeps_dtype], ids=str)
def test_float32(case: Case):
    """Single precision is kept, forward and in both sweeps."""
    checks.check_float32(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layout(case: Case):
    """The order of elements in memory does not matter."""
    checks.check_layout(case)


@pytest.mark.parametrize("case", SCALAR_CASES, ids=str)
def test_value_against_tensor(case: Case):
    """The float form and the array form of a primitive agree."""
    checks.check_value(case)


# The checks themselves: a primitive with one fault must fail the check that is there to find it.


def exponential(**faults: Callable[..., Any]) -> Primitive:
    """Register exp under another name, its float form, array form or partial replaced."""
    parts = {
        "scalar": math.exp,
        "array": lambda x: np.exp(x),  # not np.exp itself, which NumPy dispatch would look up
        "partial": lambda z, x: z,
    }
    parts.update(faults)
    return Elementwise("planted", parts["scalar"], parts["array"], parts["partial"])


def doubling(vjp: float = 2.0, jvp: float = 2.0) -> Primitive:
    """Register 2x, with these numbers as local derivatives in the two sweeps."""
    return ArrayPrimitive(
        "planted",
        lambda x: 2 * x,
        [lambda z_bar, z, x: vjp * z_bar],
        [lambda x_dot, z, x: jvp * x_dot],
    )


def case_of(primitive: Primitive, reference: Callable[..., Any], shape: tuple[int, ...]) -> Case:
    """Return a case for a planted primitive."""
    return Case("planted", primitive, reference, (shape,), (positive,))


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_checks_pass_what_is_right(shape: tuple[int, ...]):
    """The planted primitives pass as long as no fault is planted."""
    checks.check(case_of(exponential(), np.exp, shape))
    REGISTRY.pop("planted")
    checks.check(case_of(doubling(), lambda x: x + x, shape))


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize(
    ("check", "shape", "faults"),
    [
        (checks.check_forward, (3,), {"array": lambda x: 1.001 * np.exp(x)}),
        (checks.check_first_order, (3,), {"partial": lambda z, x: 1.001 * z}),
        (checks.check_first_order, (), {"partial": lambda z, x: 0.999 * z}),
        # right to first order, but what it computes with is on no tape
        (checks.check_second_order, (3,), {"partial": lambda z, x: np.exp(primal(x))}),
        (checks.check_float32, (3,), {"array": lambda x: np.exp(x, dtype=np.float64)}),
        (
            checks.check_layout,
            (2, 3),
            {"array": lambda x: np.exp(x).ravel(order="K").reshape(np.shape(x))},
        ),
        (checks.check_value, (), {"scalar": lambda x: 1.001 * math.exp(x)}),
    ],
)
def test_checks_find_a_planted_fault(
    check: Callable[[Case], None], shape: tuple[int, ...], faults: dict[str, Callable[..., Any]]
):
    """A fault of 0.1 %, or one of kind, fails the check that is there to find it."""
    with pytest.raises(AssertionError):
        check(case_of(exponential(**faults), np.exp, shape))


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("faults", [{"vjp": 2.002}, {"jvp": 2.002}])
def test_checks_look_at_both_sweeps(faults: dict[str, float]):
    """A rule wrong by 0.1 % in one sweep alone fails."""
    with pytest.raises(AssertionError):
        checks.check_first_order(case_of(doubling(**faults), lambda x: x + x, (2, 3)))
