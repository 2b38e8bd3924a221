"""A `Value` beside a `Tensor` becomes one: results, both sweeps and every order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.render import draw
from autograd_mini.sweep import reverse

X = np.array([0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    "f",
    [
        lambda a, x: a * x,
        lambda a, x: x - a,
        lambda a, x: np.sin(a * x) / (1.0 + a * a),
        lambda a, x: np.stack([x, x * a]),
        lambda a, x: np.where(x > 1.0, a, x) * a,
        lambda a, x: np.maximum(x, a) ** a,
        lambda a, x: np.linalg.norm(x) * a + np.sum(x) / a,
    ],
)
def test_every_order(f: Any):
    """Derivatives by a number and an array are those by two arrays, to the third order."""
    s = lambda a, x: np.sum(np.cos(f(a, x)))  # noqa: E731
    mixed, arrays = (0.7, X), (np.array(0.7), X)
    for mode in ("reverse", "forward"):
        found = am.jacobian(f, (0, 1), mode=mode)(*mixed)
        expected = am.jacobian(f, (0, 1), mode=mode)(*arrays)
        for a, b in zip(found, expected, strict=True):
            assert_allclose(a, b, rtol=1e-12)
    assert type(am.grad(s, (0, 1))(*mixed)[0]) is float
    found, expected = am.hessian(s, (0, 1))(*mixed), am.hessian(s, (0, 1))(*arrays)
    for i in range(2):
        for j in range(2):
            assert_allclose(found[i][j], expected[i][j], rtol=1e-11, atol=1e-13)
    constant = am.Tensor(X)
    third = [am.grad(am.grad(am.grad(s)))(a, constant) for a in (0.7, np.array(0.7))]
    assert_allclose(third[0], third[1], rtol=1e-10)
    products = [am.hvp(s, (0, 1))(*p, (p[0], X)) for p in (mixed, arrays)]
    for a, b in zip(*products, strict=True):
        assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_backward():
    """The gradient of the Value is a float, of every use together."""
    v, t = am.Value(2.0, name="v"), am.Tensor(X, name="t")
    z = (v * t).sum() * v
    assert type(z) is am.Tensor
    z.backward()
    assert type(v.grad) is float
    assert v.grad == 4.0 * X.sum()
    assert_array_equal(t.grad, [4.0, 4.0, 4.0])
    assert "to_tensor" in str(z.tape())
    assert "dv = " in str(am.explain(z, v))
    assert "to_tensor" in draw(z).source


def test_a_recorded_cotangent_is_of_the_kind_of_its_node():
    """That of a Value is a Value again, and that of a Tensor a Tensor."""
    v, t = am.Value(2.0), am.Tensor(X)
    bars = dict(reverse({(v * t * v).sum(): am.Tensor(1.0)}, record=True))
    assert (type(bars[v]), type(bars[t])) == (am.Value, am.Tensor)
    assert bars[v].data == 4.0 * X.sum()
    bars[v].backward()
    assert (v.grad, type(v.grad)) == (2.0 * X.sum(), float)
    assert_array_equal(t.grad, [4.0, 4.0, 4.0])


def test_nested_structures_of_numbers_and_arrays():
    """As users keep parameters: a weight that is an array, and a bias that is a number."""
    g = am.grad(lambda p: np.sum(X * p["w"] + p["b"]))({"w": X, "b": 1.0})
    assert_array_equal(g["w"], X)
    assert g["b"] == 3.0


def test_object_arrays_stay_apart():
    """An object array of Values has no place in a Tensor."""
    with pytest.raises(TypeError, match="does not mix with an object array of Values"):
        am.Tensor(X) * am.values(X)
