"""The sweeps: chain rules derived by hand, accumulation, seeds, failure, higher orders."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.errors import SeedError
from autograd_mini.primitive import Elementwise
from autograd_mini.sweep import forward, reverse

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


@KINDS
def test_readme_example(kind: type[am.Node]):
    """With c = tanh(ab + eᵃ): ∂c/∂a = (1 - c²)(b + eᵃ) and ∂c/∂b = (1 - c²) a."""
    a, b = kind(2.0, name="a"), kind(-3.0, name="b")
    c = (a * b + a.exp()).tanh()
    assert (a.grad, b.grad, c.grad) == (None, None, None)
    c.backward()
    s = 2.0 * -3.0 + math.exp(2.0)
    slope = 1.0 - math.tanh(s) ** 2
    assert_allclose(c.data, math.tanh(s))
    assert_allclose(a.grad, slope * (-3.0 + math.exp(2.0)))
    assert_allclose(b.grad, slope * 2.0)


@KINDS
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: x * x, 6.0),  # both operands are x: x + x
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: x**x, 27.0 * (1.0 + math.log(3.0))),  # xˣ (1 + log x)
        (lambda x: am.maximum(x, x), 1.0),
        (lambda x: x * x * x + x, 28.0),  # 3x² + 1
    ],
)
def test_shared_operand(kind: type[am.Node], f, slope: float):
    """An operand that is used twice gets the sum of two cotangents."""
    x = kind(3.0)
    z = f(x)
    z.backward()
    assert_allclose(x.grad, slope)
    assert_allclose(forward([z], {x: 1.0})[0], slope)


@KINDS
def test_diamond(kind: type[am.Node]):
    """Two ways from x to z join: z = sin(y) y with y = x², so z' = (y cos y + sin y) 2x."""
    x = kind(1.5)
    y = x.square()
    z = y.sin() * y
    z.backward()
    y_bar = 2.25 * math.cos(2.25) + math.sin(2.25)
    assert_allclose(y.grad, y_bar)
    assert_allclose(x.grad, y_bar * 3.0)


@KINDS
def test_leaves_accumulate_and_interior_nodes_do_not(kind: type[am.Node]):
    """A second `backward()` doubles the gradient of the leaves and only sets the others."""
    x = kind(3.0)
    y = x * x
    z = y * 2.0
    for sweeps in (1, 2, 3):
        z.backward()
        assert (x.grad, y.grad, z.grad) == (12.0 * sweeps, 2.0, 1.0)
    (x * 5.0).backward()
    assert x.grad == 41.0


@KINDS
def test_output_that_is_a_leaf(kind: type[am.Node]):
    """The derivative of x with respect to x is 1."""
    x = kind(3.0)
    x.backward()
    assert x.grad == 1.0


@KINDS
def test_sweep_from_the_middle(kind: type[am.Node]):
    """Nodes after the output of a sweep are not touched by it."""
    x = kind(3.0)
    y = x * x
    z = y.exp()
    y.backward()
    assert (x.grad, y.grad, z.grad) == (6.0, 1.0, None)


def test_gradients_are_plain():
    """The gradient of a `Value` is a float; that of a `Tensor` an array of its shape and dtype."""
    x = am.Value(3)
    (x * np.float64(2.0) + x).backward()
    assert type(x.grad) is float
    for data in (np.float32(3.0), np.ones(2, dtype=np.float32), np.ones((2, 2))):
        t = am.Tensor(data)
        z = (t * t).sum()
        for _ in range(2):
            z.backward()
            for node in z.tape():
                assert type(node.grad) is np.ndarray
                assert node.grad.shape == node.shape
                assert node.grad.dtype == node.dtype


def test_gradients_do_not_share_memory():
    """Scaling one gradient in place, as clipping does, leaves every other one alone."""
    a, b = am.Tensor([1.0, 2.0]), am.Tensor([3.0, 4.0])
    seed = np.ones(2)
    c = a + b
    z = c.reshape(2, 1).reshape(2)
    z.backward(seed)
    a.grad *= 10.0
    assert_array_equal(b.grad, [1.0, 1.0])
    assert_array_equal(c.grad, [1.0, 1.0])
    assert_array_equal(seed, [1.0, 1.0])
    (a.sum() + b.sum()).backward()
    assert_array_equal(a.grad, [11.0, 11.0])
    assert_array_equal(b.grad, [2.0, 2.0])


def test_gradients_of_a_sum_are_arrays_of_their_own():
    """The operands of the output itself get its cotangent, each in its own memory."""
    a, b = am.Tensor([1.0, 2.0]), am.Tensor([3.0, 4.0])
    c = a + b
    c.backward(np.ones(2))
    a.grad *= 10.0
    assert_array_equal(b.grad, [1.0, 1.0])
    assert_array_equal(c.grad, [1.0, 1.0])


def test_gradients_keep_no_view_of_the_data():
    """Changing a parameter in place, as an optimiser does, leaves gradients alone."""
    x, w = am.Tensor([1.0, 2.0]), am.Tensor([3.0, 4.0])
    (x * w).sum().backward()
    (x * 1.0 + w.reshape(2)).backward(w.data)
    w.data += 100.0
    assert_array_equal(x.grad, [6.0, 8.0])


def test_seed():
    """The seed is the cotangent of the output, in its shape; one element needs none."""
    x = am.Value(3.0)
    (x * x).backward(10.0)
    assert x.grad == 60.0
    t = am.Tensor([1.0, 2.0, 3.0])
    (t * t).backward([1.0, 0.0, -1.0])
    assert_array_equal(t.grad, [2.0, 0.0, -6.0])
    t = am.Tensor([1.0, 2.0])
    (t * t).backward(am.Tensor([1.0, 1.0]))
    assert_array_equal(t.grad, [2.0, 4.0])
    one = am.Tensor([[5.0]])
    (one * one).backward()
    assert_array_equal(one.grad, [[10.0]])


def test_wrong_seed():
    """Without a seed, or with one of another shape, the message says what to pass."""
    t = am.Tensor([1.0, 2.0, 3.0])
    with pytest.raises(SeedError, match=r"output of shape \(3,\) needs a seed.*sum\(\)\.backward"):
        (t * t).backward()
    with pytest.raises(SeedError, match=r"seed has shape \(3, 1\), the output \(3,\)"):
        (t * t).backward(np.ones((3, 1)))
    with pytest.raises(SeedError, match=r"seed has shape \(2,\), the output \(\)"):
        am.Value(1.0).backward([1.0, 1.0])
    assert t.grad is None


@pytest.mark.usefixtures("scratch_registry")
@KINDS
def test_failure_leaves_gradients(kind: type[am.Node]):
    """When a rule fails in the middle of a sweep, the leaves keep the gradient they had."""

    def failing(z, x):
        raise KeyError("planted")

    broken = Elementwise("broken", lambda x: x, lambda x: x, failing)
    x, y = kind(2.0), kind(3.0)
    (x * y).backward()
    z = broken(x) * 2.0 + y
    with pytest.raises(KeyError, match="planted"):
        z.backward()
    assert (x.grad, y.grad) == (3.0, 2.0)


def test_broadcast_cotangents_are_summed():
    """A column times a row is an outer product: each operand gets its sum over the other."""
    x, y = am.Tensor([[1.0], [2.0]]), am.Tensor([10.0, 20.0, 30.0])
    (x * y).sum().backward()
    assert_array_equal(x.grad, [[60.0], [60.0]])
    assert_array_equal(y.grad, [3.0, 3.0, 3.0])


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize(
    ("shape", "axes"), [((1, 1, 1), (0, 1)), ((2, 1, 1), (1,)), ((1, 1), (0, 1)), ((1,), (0, 1))]
)
def test_only_repeated_axes_are_summed(shape: tuple[int, ...], axes: tuple[int, ...], record: bool):
    """An axis of length 1 that meets one of length 1 is not a repeated one."""
    x, y = am.Tensor(np.ones(shape)), np.arange(8.0).reshape(2, 4, 1)
    x_bar = dict(reverse({x * y: np.ones((2, 4, 1))}, record=record))[x]
    assert_array_equal(am.data(x_bar), y.sum(axis=axes, keepdims=True).reshape(shape))


def test_mixed_precision():
    """Each operand gets its cotangent in its own precision."""
    x, y = am.Tensor([1.0, 2.0], dtype=np.float32), am.Tensor([3.0, 4.0])
    z = x * y
    z.backward(np.ones(2))
    assert (z.dtype, x.grad.dtype, y.grad.dtype) == (np.float64, np.float32, np.float64)
    bars = dict(reverse({z: np.ones(2)}, record=True))
    assert (bars[x].dtype, bars[y].dtype) == (np.float32, np.float64)
    assert bars[y].primitive.name == "multiply"  # and no cast
    w = am.Tensor([1.0, 2.0], dtype=np.float32)
    assert (w * 2.0 + 1).dtype == np.float32  # a Python number has no precision of its own


@KINDS
def test_goals_behind_a_goal(kind: type[am.Node]):
    """The sweep ends at a goal, and goes on with what else leads to the others."""
    early, x = kind(5.0), kind(3.0)
    y = (x * x).exp()
    z = y * early
    bars = dict(reverse({z: z.data * 0.0 + 1.0}, wrt=[early, x, y]))
    assert (bars[early], bars[y]) == (y.data, 5.0)
    assert x not in bars


@KINDS
def test_third_derivative(kind: type[am.Node]):
    """Recording three times: x⁴ has derivatives 4x³, 12x², 24x."""
    x = kind(3.0)
    z = x * x * x * x
    for expected in (108.0, 108.0, 72.0):
        z = dict(reverse({z: kind(1.0)}, record=True))[x]
        assert_allclose(z.data, expected)


@KINDS
def test_recorded_sweep_touches_no_gradient(kind: type[am.Node]):
    """`reverse` and `forward` keep cotangents and tangents to themselves."""
    x = kind(3.0)
    z = x.exp() * x
    list(reverse({z: 1.0}))
    list(reverse({z: 1.0}, record=True))
    forward([z], {x: 1.0})
    assert [node.grad for node in z.tape()] == [None] * 3


def test_forward_leaves_out_what_no_tangent_reaches():
    """An output that does not depend on the chosen inputs has tangent None; others sum terms."""
    x, y = am.Value(2.0), am.Value(3.0)
    assert forward([y.exp(), x * y, x], {x: 1.0}) == [None, 3.0, 1.0]
    assert forward([x * y], {x: 1.0, y: 10.0}) == [23.0]


def test_forward_broadcasts_tangents():
    """The tangent of a sum has the shape of the sum, whichever operand it comes from."""
    x, y = am.Tensor([1.0, 2.0, 3.0]), am.Tensor([[1.0], [2.0]])
    dot = forward([x + y], {y: np.array([[1.0], [5.0]])})[0]
    assert_array_equal(dot, [[1.0, 1.0, 1.0], [5.0, 5.0, 5.0]])


def test_reverse_from_several_outputs():
    """Cotangents of several outputs are swept in one pass and add up."""
    x = am.Value(2.0)
    y, z = x.square(), x * 3.0
    bars = dict(reverse({y: 10.0, z: 1.0}))
    assert bars[x] == 43.0


def test_no_grad_is_per_thread():
    """What one thread does not record, another does."""
    x, found = am.Value(2.0), []
    with am.no_grad():
        thread = threading.Thread(target=lambda: found.append((x * x).is_leaf))
        thread.start()
        thread.join()
        found.append((x * x).is_leaf)
    assert found == [False, True]


@pytest.mark.parametrize("record", [True, False])
def test_divisions_by_the_number_zero(record: bool) -> None:
    """d(x / 0)/dx = 1/0 = inf by IEEE, which Python's floats refuse, times the cotangent."""
    x = am.Value(3.0)
    with np.errstate(divide="ignore"):
        bars = dict(reverse({x / 0.0: -2.0}, record=record))
    assert am.data(bars[x]) == -np.inf
