"""The chain rule between Tensors: matrix forms, against backpropagation written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.chainrule import Explanation, explain

M, N_IN, N_OUT = 5, 2, 3


def layer() -> tuple[am.Tensor, dict[str, am.Tensor], dict[str, Any]]:
    """Return the loss of one layer on a batch, its tensors, and by hand the derivative of each."""
    rng = np.random.default_rng(7)
    numbers = {
        "a_prev": rng.normal(size=(M, N_IN)),
        "W": rng.normal(size=(N_OUT, N_IN)),
        "b": rng.normal(size=N_OUT),
    }
    y = rng.normal(size=(M, N_OUT))
    leaves = {name: am.Tensor(x, name=name) for name, x in numbers.items()}
    a = am.sigmoid(am.linear(leaves["a_prev"], leaves["W"], leaves["b"]))
    loss = nn.squared_error(a, y)

    out = 1.0 / (1.0 + np.exp(-(numbers["a_prev"] @ numbers["W"].T + numbers["b"])))
    da = 2.0 * (out - y) / M
    dz = da * out * (1.0 - out)
    by_hand = {"a_prev": dz @ numbers["W"], "W": dz.T @ numbers["a_prev"], "b": dz.sum(axis=0)}
    return loss, leaves, by_hand | {"da": da, "dz": dz}


def step(explained: Explanation, left: str) -> tuple[str, str, Any]:
    """Return formula, shapes below and cotangent of the line that begins with `left`."""
    (line,) = (line for line in explained.lines if line.text.split("=")[0].strip() == left)
    rows = line.text.split("\n")
    formula = rows[0].split("=")[1].split("‖")[0]
    return " ".join(formula.split()), " ".join(rows[-1].split()), line.contribution


@pytest.mark.parametrize(
    ("name", "formula", "shapes"),
    [
        ("W", "dzᵀ · a_prev", "(3, 2) (3, 5) (5, 2)"),
        ("b", "Σ dz", "(3,) (5, 3)"),
        ("a_prev", "dz · W", "(5, 2) (5, 3) (3, 2)"),
    ],
)
def test_a_layer_in_matrix_form(name: str, formula: str, shapes: str):
    """The forms dW = dzᵀ·a_prev, db = Σ dz, da_prev = dz·W, with shapes and numbers by hand."""
    loss, leaves, by_hand = layer()
    explained = explain(loss, leaves[name])
    written, below, cotangent = step(explained, f"d{name}")
    assert (written, below) == (formula, shapes)
    assert_allclose(cotangent, by_hand[name], rtol=1e-12)
    loss.backward()
    assert_array_equal(explained.total, leaves[name].grad)


def test_the_steps_above_the_layer():
    """Above it are da = 2(a − y)/m, in two steps, and dz = da ⊙ σ'(z), with σ' defined."""
    loss, leaves, by_hand = layer()
    explained = explain(loss, leaves["W"])
    formula, shapes, da = step(explained, "da")
    assert (formula, shapes) == ("dv₂ ⊙ 2(a − k₁)", "(5, 3) (5, 3) (5, 3)")
    assert_allclose(da, by_hand["da"], rtol=1e-12)
    formula, _, dz = step(explained, "dz")
    assert formula == "da ⊙ σ'(z)"
    assert_allclose(dz, by_hand["dz"], rtol=1e-12)
    assert "σ'(z) = a(1 − a)" in explained.text
    assert "k₁ = a constant array of shape (5, 3)" in explained.text
    assert "z = a_prev·Wᵀ + b    shape (5, 3)" in explained.text


def test_the_gradient_is_shown():
    """The last line holds the elements of a small gradient, as text and as a LaTeX matrix."""
    x = am.Tensor([[1.0, -2.0], [3.0, 4.0]], name="x")
    explained = explain(am.sum(x * x), x)
    assert explained.foot is not None
    assert explained.foot.text == "dx = [[ 2., −4.],\n      [ 6.,  8.]]"
    assert r"\begin{bmatrix}2 & -4 \\ 6 & 8\end{bmatrix}" in explained.latex
    assert r"\underset{(2, 2)}{dx}" in explained.latex


def test_a_large_gradient_is_summed_up():
    """Of many elements the last line gives shape, norm and range."""
    x = am.Tensor(np.arange(100.0), name="x")
    explained = explain(am.sum(x * 0.5), x)
    assert explained.foot is not None
    expected = "an array of shape (100,) and norm 5, from 0.5 to 0.5"
    assert explained.foot.text == f"dx = {expected}"


def test_every_use_is_a_term():
    """A tensor used twice has a sum of two terms: d/dx of Σx² + Σxy is 2x + y."""
    x, y = am.Tensor([1.0, 2.0], name="x"), am.Tensor([5.0, 7.0], name="y")
    explained = explain(am.sum(am.square(x)) + am.sum(x * y), x)
    formula, shapes, dx = step(explained, "dx")
    assert formula == "dv₁ ⊙ 2x + dv₃ ⊙ y"
    assert shapes == "(2,) (2,) (2,) (2,) (2,)"
    assert_allclose(dx, [2 * 1.0 + 5.0, 2 * 2.0 + 7.0])
    assert explained.paths == 2


def test_broadcasting_is_summed():
    """A vector added to each row of a matrix gets the sum over the rows."""
    x, y = am.Tensor([1.0, 2.0], name="x"), am.Tensor(np.ones((3, 2)), name="y")
    explained = explain(am.sum((y + x) * y), x)
    formula, _, dx = step(explained, "dx")
    assert formula == "Σ dv₁"
    assert_allclose(dx, [3.0, 3.0])


def test_differences_are_merged():
    """Σ(y − x)² has no line of its own for y − x: dx is −(dv ⊙ 2(y − x))."""
    x, y = am.Tensor([1.0, 2.0], name="x"), am.Tensor([4.0, 4.0], name="y")
    explained = explain(am.sum(am.square(y - x)), x)
    formula, _, dx = step(explained, "dx")
    assert formula == "−dv₂ ⊙ 2(y − x)"
    assert_allclose(dx, [-6.0, -4.0])
    assert len(explained.lines) == 3


def test_a_scalar_tensor():
    """Tensors without axes have no shapes and no matrices: d/dt sin³t = 3 sin²t cos t."""
    t = am.Tensor(2.0, name="t")
    text = explain(am.sin(t) ** 3, t).text
    assert "dv = dC · 3v² = " in text
    assert text.endswith(
        f"dt = dv · cos(t) = {3 * np.sin(2.0) ** 2 * np.cos(2.0):.6g}".replace("-", "−")
    )


def test_a_long_sweep_is_cut():
    """Of 10⁴ steps both ends are shown, and how many lie between."""
    y = x = am.Tensor([0.5, 0.6], name="x")
    for _ in range(10_000):
        y = am.sin(y)
    explained = explain(am.sum(y), x)
    assert "… 9,978 steps not shown …" in explained.text
    assert len(explained.lines) == 25


def test_an_empty_array():
    """A gradient without elements is said to have none."""
    x = am.Tensor(np.zeros((2, 0, 3)), name="x")
    text = explain(am.sum(x), x).text
    assert text.endswith("dx = an array of shape (2, 0, 3), without elements")


def test_linear_algebra():
    """The result stands transposed in the slope of an inverse; a norm has its double bars."""
    rng = np.random.default_rng(3)
    x = am.Tensor(rng.normal(size=(3, 3)), name="X")
    z = am.linalg.inv(x)
    z.name = "Z"
    c = am.linalg.norm(z)
    c.name = "C"
    explained = explain(c, x)
    assert "C = ‖Z‖" in str(explained)
    assert step(explained, "dX")[0] == "− Zᵀ · dZ · Zᵀ"
    assert step(explained, "dZ")[0] == "dC/C ⊙ Z"
