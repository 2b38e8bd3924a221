"""Two published cases of a university course: see `tests/data/README.md`. Samples are columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_mini as am
from autograd_mini import gradcheck, nn

CASES = json.loads((Path(__file__).parents[1] / "data" / "course_cases.json").read_text("utf-8"))
NETWORK, L2 = CASES["gradient_check_n"], CASES["l2_cost"]
NAMES = tuple(NETWORK["parameters"])

both_kinds = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])


def parameters(case: dict[str, Any], make: Any) -> dict[str, Any]:
    """Return the parameters of a case as nodes."""
    return {name: make(numbers) for name, numbers in case["parameters"].items()}


def cost(p: dict[str, Any]) -> Any:
    """Return the cross-entropy of the network 4-5-3-1 on its three samples."""
    a1 = am.relu(p["W1"] @ np.array(NETWORK["X"]) + p["b1"])
    a2 = am.relu(p["W2"] @ a1 + p["b2"])
    a3 = am.sigmoid(p["W3"] @ a2 + p["b3"])
    return nn.binary_cross_entropy(a3[0], NETWORK["Y"])


def published_gradients() -> dict[str, Any]:
    """Return the right gradients by the names of the parameters."""
    return {name: np.array(NETWORK["gradients_correct"][f"d{name}"]) for name in NAMES}


@both_kinds
def test_cost(make: Any):
    """The cost is the published one."""
    assert_allclose(am.data(cost(parameters(NETWORK, make))), NETWORK["cost"], rtol=1e-14)


@both_kinds
def test_gradients(make: Any):
    """The sweep gives the published gradients, the zeros of dead units included."""
    p = parameters(NETWORK, make)
    cost(p).backward()
    for name, expected in published_gradients().items():
        assert_allclose(am.grads(p[name]), expected, rtol=1e-12, atol=0, err_msg=name)


@both_kinds
def test_two_planted_bugs_are_found(make: Any):
    """dW2 times 2 and db1 times 4 give the published difference, and are the worst components."""
    bugs = published_gradients()
    bugs["W2"] *= NETWORK["planted_bugs"]["dW2_times"]
    bugs["b1"] *= NETWORK["planted_bugs"]["db1_times"]
    p = parameters(NETWORK, make)
    report = gradcheck.check_gradients(
        lambda: cost(p), p, gradients=bugs, eps=NETWORK["epsilon"], method="two-sided"
    )
    assert abs(report.difference - NETWORK["difference_with_bugs"]) < 1e-8
    assert report.verdict == "wrong"
    assert {
        name: report.verdict_of(name) for name in NAMES if report.verdict_of(name) == "wrong"
    } == {
        "W2": "wrong",
        "b1": "wrong",
    }
    wrong = {(name, tuple(i)) for name in ("W2", "b1") for i in np.argwhere(bugs[name])}
    assert {(c.name, c.index) for c in report.worst(len(wrong))} == wrong


@both_kinds
def test_right_gradients_pass(make: Any):
    """The right gradients, published or swept, pass at the default step."""
    p = parameters(NETWORK, make)
    for gradients in (None, published_gradients()):
        report = gradcheck.assert_gradients(lambda: cost(p), p, gradients=gradients)
        assert report.difference < report.threshold


@both_kinds
def test_right_gradients_at_the_published_step(make: Any):
    """With ε = 1e-7 the rounding of log(1 - a), where 1 - a is small, shows in the difference."""
    p = parameters(NETWORK, make)
    report = gradcheck.check_gradients(lambda: cost(p), p, eps=NETWORK["epsilon"])
    assert_allclose(report.difference, NETWORK["difference_without_bugs"], rtol=0.5)
    assert report.verdict == "look closer"


@both_kinds
def test_l2_cost(make: Any):
    """Cross-entropy, L2 term and their sum are the published ones."""
    p = parameters(L2, make)
    weights = [array for name, array in p.items() if name.startswith("W")]
    labels = np.array(L2["Y"])
    cross_entropy = nn.binary_cross_entropy(make(L2["A3"]).T, labels.T)
    penalty = nn.l2_penalty(weights, L2["lambd"], labels.size)
    assert_allclose(am.data(cross_entropy), L2["cross_entropy"], rtol=1e-14)
    assert_allclose(am.data(penalty), L2["l2_term"], rtol=1e-14)
    assert_allclose(am.data(cross_entropy + penalty), L2["cost"], rtol=1e-14)


@both_kinds
def test_l2_belongs_to_the_check(make: Any):
    """A gradient that forgets (λ/m) W fails the check of a cost with L2; the swept one passes."""
    p, m = parameters(NETWORK, make), len(NETWORK["Y"])
    weights = {name: p[name] for name in NAMES if name.startswith("W")}

    def regularised() -> Any:
        return cost(p) + nn.l2_penalty(weights.values(), L2["lambd"], m)

    assert gradcheck.check_gradients(regularised, p).passed
    forgetful = gradcheck.check_gradients(regularised, p, gradients=published_gradients())
    assert forgetful.verdict == "wrong"
    shrunk = published_gradients()
    for name in weights:
        shrunk[name] += L2["lambd"] / m * am.data(p[name])
    assert gradcheck.check_gradients(regularised, p, gradients=shrunk).passed
