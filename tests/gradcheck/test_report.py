"""The report: difference, verdict in three steps, worst components, and its text."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.gradcheck import Component, GradientReport, check_gradients


def report(
    analytic: Sequence[float],
    numerical: Sequence[float],
    *,
    threshold: float = 1e-7,
    noise: float = 0.0,
    kinks: Sequence[int] = (),
) -> GradientReport:
    """Return a report on one vector w."""
    components = [
        Component("w", (i,), a, n, noise, i in kinks)
        for i, (a, n) in enumerate(zip(analytic, numerical, strict=True))
    ]
    return GradientReport(components, "two-sided", None, threshold)


def test_difference():
    """‖(3, 4) - (3, 0)‖ / (‖(3, 4)‖ + ‖(3, 0)‖) = 4 / 8."""
    assert report([3.0, 4.0], [3.0, 0.0]).difference == 0.5
    assert report([3.0, 4.0], [-3.0, -4.0]).difference == 1.0


def test_difference_of_each_parameter():
    """Each parameter has a difference and a verdict of its own."""
    found = GradientReport(
        [
            Component("w", (0,), 3.0, 3.0, 0.0, False),
            Component("w", (1,), 4.0, 0.0, 0.0, False),
            Component("b", (), 2.0, 2.0, 0.0, False),
        ],
        "two-sided",
        None,
        1e-7,
    )
    assert found.names == ["w", "b"]
    assert (found.difference_of("w"), found.difference_of("b")) == (0.5, 0.0)
    assert (found.verdict_of("w"), found.verdict_of("b")) == ("wrong", "right")
    assert found.difference == 4.0 / (math.sqrt(29.0) + math.sqrt(13.0))


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (0.0, "right"),
        (0.9e-7, "right"),
        (1.1e-7, "look closer"),
        (0.9e-3, "look closer"),
        (1.1e-3, "wrong"),
        (1.0, "wrong"),
    ],
)
def test_verdict(difference: float, verdict: str):
    """Below 1e-7 right, up to 1e-3 look closer, above wrong: 1 + t and 1 - t have difference t."""
    found = report([1.0 + difference], [1.0 - difference])
    assert found.difference == pytest.approx(difference, rel=1e-6)
    assert found.verdict == verdict
    assert found.passed == (verdict == "right")


def test_verdict_at_the_thresholds():
    """The threshold itself is not below it; 10⁴ times as much is still "look closer"."""
    threshold = 2.0**-30  # so that 1 ± it, and 1 ± 10⁴ times it, are exact
    just_over = np.nextafter(1.0, 2.0)
    for times, verdict in ((1.0, "look closer"), (1e4, "look closer")):
        t = times * threshold
        found = report([1.0 + t], [1.0 - t], threshold=threshold)
        assert (found.difference, found.verdict) == (t, verdict)
    assert report([1.0 + threshold], [1.0 - threshold], threshold=threshold * just_over).passed
    t = 1e4 * threshold
    assert report([1.0 + t], [1.0 - t], threshold=threshold / just_over).verdict == "wrong"


def test_verdict_of_a_coarse_threshold():
    """However coarse the threshold, a difference above 0.1 is wrong."""
    assert report([1.09], [0.91], threshold=1e-3).verdict == "look closer"
    assert report([1.11], [0.89], threshold=1e-3).verdict == "wrong"


def test_both_zero_is_agreement():
    """0 against 0 differs by 0, for one component and for all."""
    found = report([0.0, 0.0], [0.0, 0.0])
    assert (found.difference, found.verdict) == (0.0, "right")
    assert found.components[0].error == 0.0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_not_finite_is_wrong(number: float):
    """A gradient that is not finite, on either side or on both, is wrong."""
    for pair in ([number], [1.0]), ([1.0], [number]), ([number], [number]):
        assert report(*pair).verdict == "wrong"
        assert "wrong" in str(report(*pair))


def test_noise():
    """Where the rounding of the loss explains the difference it is right; beyond it, not."""
    assert report([1e-9], [3e-9], noise=2.1e-9).verdict == "right"
    assert report([1e-9], [3e-9], noise=1.9e-9).verdict == "wrong"
    assert "as far as the rounding of the loss" in str(report([1e-9], [3e-9], noise=2.1e-9))
    assert "as far as" not in str(report([1.0], [1.0], noise=2.1e-9))


def test_kinks_are_left_out():
    """A component at a kink counts neither in the difference nor among the worst."""
    found = report([3.0, 1.0], [3.0, 0.5], kinks=[1])
    assert (found.difference, found.verdict) == (0.0, "right")
    assert [c.index for c in found.worst()] == [(0,)]
    assert [c.index for c in found.kinks] == [(1,)]


def test_nothing_but_kinks():
    """Where every component is at a kink nothing was checked, which is not right."""
    found = report([1.0], [0.5], kinks=[0])
    assert (found.verdict, found.passed) == ("look closer", False)
    assert "at a kink" in str(found)


def test_worst():
    """The largest absolute errors come first, as many as asked for."""
    found = report([1.0, 2.0, 3.0, 4.0], [1.0, 2.5, 1.0, 4.1])
    assert [c.index[0] for c in found.worst(3)] == [2, 1, 3]
    assert len(found.worst()) == 4


def test_failed():
    """A component has failed if its own error exceeds threshold and noise, and it is at no kink."""
    found = report([1.0, 1.0, 1.0, 1.0], [1.0, 1.5, 1.5, 1.0 + 1e-9], noise=0.1, kinks=[2])
    assert [found.failed(c) for c in found.components] == [False, True, False, False]
    loud = report([1.0, math.nan], [1.5, 1.0], noise=0.6)
    assert [loud.failed(c) for c in loud.components] == [False, True]


def test_labels():
    """A component is called by its parameter and position, a scalar by its name alone."""
    assert Component("layers.0.W", (3, 1), 0.0, 0.0, 0.0, False).label == "layers.0.W[3,1]"
    assert Component("b", (), 0.0, 0.0, 0.0, False).label == "b"


def test_text():
    """The whole text of a check: J = 3w₀ + 4w₁ + 2b + relu(c), with ∂J/∂w₁ said to be 4.5.

    The steps are powers of two and J is linear beside the kink, so that each number is exact.
    """
    p = {"w": am.Tensor([2.0, -1.0]), "b": am.Tensor(0.5), "c": am.Tensor([0.0])}
    wrong = {"w": np.array([3.0, 4.5]), "b": 2.0, "c": [0.0]}
    found = check_gradients(
        lambda: (p["w"] * [3.0, 4.0]).sum() + p["b"] * 2.0 + p["c"].relu().sum(),
        p,
        gradients=wrong,
        eps=0.5,
    )
    w = 0.5 / (math.hypot(3.0, 4.5) + 5.0)
    everything = 0.5 / (math.hypot(3.0, 4.5, 2.0) + math.hypot(3.0, 4.0, 2.0))
    assert (f"{everything:.3g}", f"{w:.3g}", f"{0.5 / 8.5:.3g}") == ("0.0448", "0.048", "0.0588")
    assert str(found) == (
        """\
gradient check: wrong, difference 0.0448 (right below 1e-07; two-sided, step 0.5)

parameter  components  difference  at a kink      verdict
---------  ----------  ----------  ---------  -----------
w                   2       0.048          0        wrong
b                   1           0          0        right
c                   1           0          1  look closer

largest errors

component  analytic  numerical  relative error
---------  --------  ---------  --------------
w[1]            4.5          4          0.0588
w[0]              3          3               0
b                 2          2               0

at a kink, left out of the verdict

component  analytic  numerical  relative error
---------  --------  ---------  --------------
c[0]              0        0.5               1"""
    )


def test_long_lists_are_cut():
    """Five components are listed; of more kinks the text says how many."""
    found = report(np.ones(20), np.zeros(20), kinks=range(10, 20))
    text = str(found)
    assert "w[4]" in text
    assert "w[5]" not in text
    assert "w[14]" in text
    assert "w[15]" not in text
    assert text.endswith("... and 5 more")


def test_text_of_the_default_step():
    """Without a given step the text says that each component has its own."""
    assert "(right below 1e-07; two-sided, step chosen for each component)" in str(report([1], [1]))
