"""What a failed check says: the first lines of the error, and the text of several modes."""

from __future__ import annotations

import math

import pytest

import autograd_mini as am
from autograd_mini.errors import GradientError
from autograd_mini.gradcheck import Component, GradientReport, assert_gradients
from tests.gradcheck.test_report import report


def test_summary_names_the_worst_components():
    """Verdict, how many components, then the three worst with both numbers and relative error."""
    found = report([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 1.5, 1.0, 3.9, 5.5])
    difference = math.hypot(0.5, 2.0, 0.1, 0.5) / (
        math.hypot(1.0, 2.0, 3.0, 4.0, 5.0) + math.hypot(1.0, 1.5, 1.0, 3.9, 5.5)
    )
    assert f"{difference:.3g}" == "0.147"
    assert found.summary() == (
        "the gradient is wrong in 4 of 5 components, relative difference 0.147 (right below 1e-07)"
        "\n  w[2]: analytic 3, numerical 1, relative error 0.5"
        "\n  w[1]: analytic 2, numerical 1.5, relative error 0.143"
        "\n  w[4]: analytic 5, numerical 5.5, relative error 0.0476"
    )
    assert report([1.0], [1.0]).summary() == "the gradient is right in all of 1 components"
    assert report([1.0], [1.0 + 1e-6]).summary().startswith("the gradient looks wrong in 1 of 1")


def test_summary_of_a_gradient_that_is_no_number():
    """NaN is the worst there is."""
    found = report([100.0, math.nan, 3.0], [1.0, 2.0, 3.0])
    assert [c.index for c in found.worst(2)] == [(1,), (0,)]
    assert "w[1]: analytic nan, numerical 2, relative error inf" in found.summary()


def test_summary_of_kinks_alone():
    """Where one mode was not checked at all, that is what the first line says."""
    found = GradientReport(
        [
            Component("w", (0,), 1.0, 1.0, 0.0, False),
            Component("w", (0,), 0.0, 0.5, 0.0, True, "rev over rev", 0),
        ],
        "two-sided",
        None,
        1e-7,
    )
    assert found.verdict == "look closer"
    assert found.summary().startswith("nothing was checked, every probe lies across a kink")
    assert found.summary().endswith("w[0] along v0")


def test_error_begins_with_the_summary():
    """The first lines of the error alone say what is wrong; the table follows."""
    w = am.Tensor([[2.0, -1.0]], name="w")
    with pytest.raises(GradientError) as e:
        assert_gradients(lambda: (w * w).sum(), [w], gradients=[[[4.0, -2.2]]], eps=0.5)
    lines = str(e.value).split("\n")
    assert lines[0].startswith("the gradient is wrong in 1 of 2 components")
    assert lines[1] == "  w[0,1]: analytic -2.2, numerical -2, relative error 0.0476"
    assert lines[3].startswith("gradient check: wrong")


def test_text_of_several_modes():
    """Each mode has its table; the first line says in which the check failed."""
    found = GradientReport(
        [
            Component("w", (0,), 1.0, 1.0, 0.0, False),
            Component("w", (0,), 1.5, 1.0, 0.0, False, "fwd"),
            Component("w", (0,), 2.0, 2.0, 0.0, False, "fwd over rev", 1),
        ],
        "complex-step",
        None,
        1e-10,
    )
    assert found.modes == ["rev", "fwd", "fwd over rev"]
    assert (found.verdict, found.difference) == ("wrong", 0.2)
    assert str(found) == (
        """\
gradient check: wrong in fwd, difference 0.2 (right below 1e-10; complex-step, step 1e-30)

rev

parameter  components  difference  at a kink  verdict
---------  ----------  ----------  ---------  -------
w                   1           0          0    right

fwd

parameter  components  difference  at a kink  verdict
---------  ----------  ----------  ---------  -------
w                   1         0.2          0    wrong

fwd over rev

parameter  components  difference  at a kink  verdict
---------  ----------  ----------  ---------  -------
w                   1           0          0    right

largest errors

component                    analytic  numerical  relative error
---------------------------  --------  ---------  --------------
fwd: w[0]                         1.5          1             0.2
rev: w[0]                           1          1               0
fwd over rev: w[0] along v1         2          2               0"""
    )
