"""Declaring primitives: what registration refuses, and what it makes possible."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.errors import DerivativeError, RegistrationError
from autograd_mini.primitive import REGISTRY, ArrayPrimitive, Elementwise, Primitive
from autograd_mini.sweep import forward

pytestmark = pytest.mark.usefixtures("scratch_registry")


def cube(x: Any) -> Any:
    """Return x³."""
    return x * x * x


def test_one_declaration_is_enough():
    """From one entry come both sweeps, higher orders, both kinds of node and plain numbers."""
    cubed = Elementwise("cubed", cube, cube, lambda z, x: 3.0 * x * x)
    assert cubed(2.0) == 8.0
    assert cubed(np.array([1.0, 2.0])).tolist() == [1.0, 8.0]
    for kind in (am.Value, am.Tensor):
        x = kind(2.0)
        z = cubed(x)
        z.backward()
        assert (z.data, x.grad) == (8.0, 12.0)
        assert forward([z], {x: 1.0})[0] == 12.0


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_constant_partials(kind: type[am.Node]):
    """A number serves as a partial, whatever it is: here z = 2x - 3y."""
    planted = Elementwise("planted", lambda x, y: 2 * x - 3 * y, lambda x, y: 2 * x - 3 * y, 2, -3)
    x, y = kind(5.0), kind(7.0)
    z = planted(x, y)
    z.backward()
    assert (z.data, x.grad, y.grad) == (-11.0, 2.0, -3.0)
    assert forward([z], {x: 1.0, y: 1.0})[0] == -1.0


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Elementwise("planted", cube, cube, lambda z: z),
        lambda: Elementwise("planted", cube, cube, lambda z, x, y: z),
        lambda: Elementwise("planted", cube, cube, lambda z, x, y: z, lambda z, x: z),
        lambda: ArrayPrimitive("planted", cube, [lambda z_bar, z: z_bar], "linear"),
        lambda: ArrayPrimitive("planted", cube, [lambda z_bar, z, x: z_bar], []),
        lambda: ArrayPrimitive(
            "planted", cube, [lambda z_bar, z, x: z_bar], [lambda x_dot, z, x, axis: x_dot]
        ),
    ],
)
def test_wrong_arity(declare: Callable[[], Primitive]):
    """Rules that do not fit the operands are refused at registration, and leave no trace."""
    with pytest.raises(RegistrationError, match="planted"):
        declare()
    assert "planted" not in REGISTRY


def test_name_is_taken():
    """A second primitive of the same name is refused, and the first one stays."""
    with pytest.raises(RegistrationError, match="'exp' is registered already"):
        Elementwise("exp", math.exp, np.exp, lambda z, x: z)
    assert REGISTRY["exp"] is am.exp


def test_no_derivative():
    """A primitive without rules computes, and a sweep through it says what to do."""
    rounded = Primitive("rounded", np.round, arity=1)
    x = am.Tensor([1.4, 2.6])
    z = rounded(x)
    assert z.data.tolist() == [1.0, 3.0]
    message = r"rounded is registered as having no derivative.*\.detach\(\)"
    with pytest.raises(DerivativeError, match=message):
        z.backward(np.ones(2))
    with pytest.raises(DerivativeError, match=message):
        forward([z], {x: np.ones(2)})
    assert x.grad is None
    (rounded(x).detach() * x).backward(np.ones(2))
    assert x.grad.tolist() == [1.0, 3.0]


def test_numpy_calls_a_primitive_by_its_ufunc():
    """A primitive whose array function is a ufunc is what NumPy's call of that ufunc records."""
    gap = Elementwise("gap", lambda x: float(np.spacing(x)), np.spacing, 0.0)
    x = am.Tensor([1.0, 2.0])
    z = np.spacing(x)
    assert z.primitive is gap
    assert z.data.tolist() == [2.0**-52, 2.0**-51]


@pytest.mark.parametrize("wrong", ["2", None, 1j, np.array(["a"]), np.array([1j]), object()])
def test_operands_that_are_no_real_numbers(wrong: Any):
    """The message names the operation and what it got."""
    for kind in (am.Value, am.Tensor):
        with pytest.raises(TypeError, match="multiply: expected real numbers, got"):
            kind(2.0) * wrong
        with pytest.raises(TypeError, match="multiply: expected real numbers, got"):
            am.multiply(wrong, kind(2.0))


def test_repr():
    """A primitive is called by its name."""
    assert repr(am.exp) == "<primitive exp>"


def test_registered_without_a_jvp():
    """A rule that was not given is not made up: a forward sweep raises, a reverse one goes."""
    power = am.register_primitive(
        "running_square",
        lambda x: np.cumsum(x) ** 2,
        vjps=[lambda z_bar, z, x: am.flip(am.cumsum(am.flip(2.0 * z_bar * am.cumsum(x))))],
    )
    x = np.array([1.0, 2.0, 4.0])
    assert am.grad(lambda x: np.sum(power(x)))(x).tolist() == [22.0, 20.0, 14.0]
    with pytest.raises(DerivativeError, match="running_square is registered without a JVP"):
        am.jvp(power, (x,), (x,))


def test_registered_with_one_partial():
    """The partial of the only operand needs no list around it."""
    twice = am.register_primitive("twice", lambda x: 2.0 * x, partials=lambda z, x: 2.0)
    assert am.grad(twice)(3.0) == 2.0
    with pytest.raises(RegistrationError, match="either partials, or vjps"):
        am.register_primitive("nothing", lambda x: x)
