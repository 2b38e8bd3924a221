"""Backpropagation by hand: each test writes out the formulas that must come out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn

# What makes leaves of numbers: an object array of Values, or a Tensor.
both_kinds = pytest.mark.parametrize("make", [am.values, am.Tensor], ids=["Value", "Tensor"])

EXACT = {"rtol": 1e-13, "atol": 1e-15}


def sigma(z: Any) -> Any:
    """Return 1 / (1 + e⁻ᶻ)."""
    return 1.0 / (1.0 + np.exp(-z))


def normal(z: Any) -> Any:
    """Return Φ(z), the standard normal distribution function."""
    return 0.5 * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0)))


# Each activation g with its derivative g', both written out.
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "linear": (lambda z: z, np.ones_like),
    "relu": (lambda z: z * (z > 0), lambda z: 1.0 * (z > 0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    "tanh": (np.tanh, lambda z: 1.0 / np.cosh(z) ** 2),
    "sigmoid": (sigma, lambda z: sigma(z) * (1.0 - sigma(z))),
    "softplus": (lambda z: np.log(1.0 + np.exp(z)), sigma),
    "elu": (
        lambda z: np.where(z > 0, z, np.exp(z) - 1.0),
        lambda z: np.where(z > 0, 1.0, np.exp(z)),
    ),
    "gelu": (
        lambda z: z * normal(z),
        lambda z: normal(z) + z * np.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi),
    ),
    "silu": (lambda z: z * sigma(z), lambda z: sigma(z) * (1.0 + z * (1.0 - sigma(z)))),
    "mish": (
        lambda z: z * np.tanh(np.log(1.0 + np.exp(z))),
        lambda z: (
            np.tanh(np.log(1.0 + np.exp(z))) + z * sigma(z) / np.cosh(np.log(1.0 + np.exp(z))) ** 2
        ),
    ),
}


# One neuron a layer


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_one_neuron(kind: type[am.Node]):
    """C = (a - y)²: with s = σ'(z) 2(a - y), ∂C/∂w = a_prev s, ∂C/∂b = s and ∂C/∂a_prev = w s."""
    w, b, a_prev, y = kind(0.7), kind(-0.4), kind(1.3), 1.0
    z = w * a_prev + b
    a = am.sigmoid(z)
    (a - y).square().backward()

    s = 1.0 / (1.0 + math.exp(-(0.7 * 1.3 - 0.4)))
    slope = s * (1.0 - s)
    assert_allclose(z.grad, slope * 2.0 * (s - y), **EXACT)
    assert_allclose(w.grad, 1.3 * slope * 2.0 * (s - y), **EXACT)
    assert_allclose(b.grad, slope * 2.0 * (s - y), **EXACT)
    assert_allclose(a_prev.grad, 0.7 * slope * 2.0 * (s - y), **EXACT)


def test_neuron_of_the_library():
    """`nn.Neuron` has the same three derivatives."""
    neuron = nn.Neuron(1, activation="sigmoid", rng=0)
    a_prev, y = am.values([1.3]), 0.0
    a = neuron(a_prev)
    (a - y).square().backward()

    w, b = neuron.w[0].data, neuron.b.data
    s = 1.0 / (1.0 + math.exp(-(w * 1.3 + b)))
    slope = s * (1.0 - s)
    assert_allclose(a.data, s, **EXACT)
    assert_allclose(am.grads(neuron.w), [1.3 * slope * 2.0 * (s - y)], **EXACT)
    assert_allclose(neuron.b.grad, slope * 2.0 * (s - y), **EXACT)
    assert_allclose(am.grads(a_prev), [w * slope * 2.0 * (s - y)], **EXACT)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_chain_of_neurons(kind: type[am.Node]):
    """Three layers of one neuron: the factor w σ'(z) of each later layer joins the product."""
    weights, biases = [0.7, -1.1, 0.9], [0.1, 0.2, -0.3]
    w, b = [kind(x) for x in weights], [kind(x) for x in biases]
    a = kind(0.5)
    for i in range(3):
        a = am.sigmoid(w[i] * a + b[i])
    (a - 1.0).square().backward()

    activations, slopes = [0.5], []
    for weight, bias in zip(weights, biases, strict=True):
        s = 1.0 / (1.0 + math.exp(-(weight * activations[-1] + bias)))
        activations.append(s)
        slopes.append(s * (1.0 - s))
    dz3 = slopes[2] * 2.0 * (activations[3] - 1.0)
    dz2 = slopes[1] * weights[2] * dz3
    dz1 = slopes[0] * weights[1] * dz2
    for i, dz in enumerate((dz1, dz2, dz3)):
        assert_allclose(w[i].grad, activations[i] * dz, **EXACT)
        assert_allclose(b[i].grad, dz, **EXACT)


@both_kinds
def test_mean_over_samples(make: Any):
    """∂J/∂w = 1/m Σ a_prev⁽ⁱ⁾ σ'(z⁽ⁱ⁾) 2(a⁽ⁱ⁾ - y⁽ⁱ⁾): the mean of what each sample asks for."""
    inputs, targets = [0.5, -1.0, 2.0, 0.3], [1.0, 0.0, 1.0, 0.0]
    w, b = make([[0.7]]), make([-0.4])
    a = am.sigmoid(am.linear(np.array(inputs)[:, None], w, b))
    nn.squared_error(a, np.array(targets)[:, None]).backward()

    dw = db = 0.0
    for x, y in zip(inputs, targets, strict=True):
        s = 1.0 / (1.0 + math.exp(-(0.7 * x - 0.4)))
        dw += x * s * (1.0 - s) * 2.0 * (s - y) / 4
        db += s * (1.0 - s) * 2.0 * (s - y) / 4
    assert_allclose(am.grads(w), [[dw]], **EXACT)
    assert_allclose(am.grads(b), [db], **EXACT)


# A layer of several neurons, a batch of several samples


@both_kinds
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layer_backward(make: Any, activation: str):
    """From da: dz = da·g'(z), dW = dzᵀ a_prev, db = Σ dz, da_prev = dz W, all written out."""
    w_ = np.array([[0.2, -0.5, 1.0], [-0.7, 0.3, 0.4]])
    b_ = np.array([0.1, -0.2])
    a_prev_ = np.array([[1.0, 0.5, -1.0], [-0.3, 2.0, 0.7], [0.9, -1.2, 0.6], [1.5, 0.8, -0.4]])
    da = np.array([[1.0, -2.0], [0.5, 0.3], [-0.7, 1.1], [0.2, -0.9]])
    layer = nn.Layer(3, 2, activation=activation, kind=am.Value if make is am.values else am.Tensor)
    layer.load_state_dict({"W": w_, "b": b_})
    a_prev = make(a_prev_)
    a = layer(a_prev)
    (a * da).sum().backward()

    g, g_prime = ACTIVATIONS[activation]
    z = np.array(
        [[sum(w_[j, k] * row[k] for k in range(3)) + b_[j] for j in range(2)] for row in a_prev_]
    )
    dz = da * g_prime(z)
    assert (z > 0).any()
    assert (z < 0).any()
    assert_allclose(am.data(a), g(z), **EXACT)
    for j in range(2):
        for k in range(3):
            dw = sum(dz[i, j] * a_prev_[i, k] for i in range(4))
            assert_allclose(am.grads(layer.W)[j, k], dw, **EXACT)
        assert_allclose(am.grads(layer.b)[j], sum(dz[i, j] for i in range(4)), **EXACT)
    for i in range(4):
        for k in range(3):
            da_prev = sum(dz[i, j] * w_[j, k] for j in range(2))
            assert_allclose(am.grads(a_prev)[i, k], da_prev, **EXACT)


@both_kinds
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "sigmoid", "softplus"])
def test_three_layers_backward(make: Any, activation: str):
    """From the loss to the first layer, da⁽ˡ⁻¹⁾ = dz⁽ˡ⁾ W⁽ˡ⁾ carries the cotangent along."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    kind = am.Value if make is am.values else am.Tensor
    model = nn.MLP(2, [4, 3, 2], activation=activation, kind=kind, rng=rng)
    for layer in model.layers:  # biases other than 0
        layer.load_state_dict({"W": am.data(layer.W), "b": rng.normal(size=len(layer.b))})
    loss = nn.squared_error(model(x), y)
    loss.backward()

    a, zs = [x], []
    names = [activation, activation, "linear"]
    for name, layer in zip(names, model.layers, strict=True):
        zs.append(a[-1] @ am.data(layer.W).T + am.data(layer.b))
        a.append(ACTIVATIONS[name][0](zs[-1]))
    assert_allclose(loss.data, np.sum((a[-1] - y) ** 2) / 5, **EXACT)
    da = 2.0 * (a[-1] - y) / 5
    for i in (2, 1, 0):
        dz = da * ACTIVATIONS[names[i]][1](zs[i])
        assert_allclose(am.grads(model.layers[i].W), dz.T @ a[i], rtol=1e-12, atol=1e-15)
        assert_allclose(am.grads(model.layers[i].b), dz.sum(axis=0), rtol=1e-12, atol=1e-15)
        da = dz @ am.data(model.layers[i].W)


@both_kinds
def test_matrix_derivative(make: Any):
    """Z = W X, samples as columns: the mean over samples has dz/dW = 1 Xᵀ / m, 1 being all ones."""
    w, x = make([[0.2, -0.5, 1.0], [-0.7, 0.3, 0.4]]), np.arange(12.0).reshape(3, 4)
    ((w @ x).sum() / 4).backward()
    assert_allclose(am.grads(w), np.ones((2, 4)) @ x.T / 4, **EXACT)


def test_every_multiplication_of_a_product_is_a_node():
    """[[w11 w12], [w21 w22]] X: dz/dw11 = (x1⁽¹⁾ + x1⁽²⁾) / 2 and so on, each written out."""
    w = am.values([[0.2, -0.5], [-0.7, 0.3]])
    (x11, x12), (x21, x22) = x = [[1.0, 3.0], [-2.0, 0.5]]  # x11: input 1 of sample 1
    z = w @ np.array(x)
    assert_allclose(am.data(z[0, 1]), 0.2 * x12 - 0.5 * x22, **EXACT)
    (z.sum() / 2).backward()
    row = [(x11 + x12) / 2, (x21 + x22) / 2]
    assert_allclose(am.grads(w), [row, row], **EXACT)


# Regularisation


@both_kinds
def test_l2_adds_to_the_weights_only(make: Any):
    """J + λ/(2m) Σ‖W‖²: dW gains (λ/m) W, the biases gain nothing."""
    rng = np.random.default_rng(4)
    x, y, l2, m = rng.normal(size=(6, 3)), rng.normal(size=(6, 1)), 0.7, 6
    kind = am.Value if make is am.values else am.Tensor
    model = nn.MLP(3, [4, 1], activation="tanh", kind=kind, rng=rng)

    nn.squared_error(model(x), y).backward()
    without = {name: am.grads(array) for name, array in model.arrays().items()}
    model.zero_grad()
    (nn.squared_error(model(x), y) + nn.l2_penalty(model.weights(), l2, m)).backward()
    for name, array in model.arrays().items():
        gain = l2 / m * am.data(array) if name.endswith("W") else 0.0
        assert_allclose(am.grads(array), without[name] + gain, rtol=1e-13, atol=1e-15)


class Listed:
    """A generator that gives the numbers it was told."""

    def __init__(self, *numbers: Any) -> None:
        self.numbers = [np.array(each) for each in numbers]

    def random(self, shape: Any) -> Any:
        """Return the next array."""
        drawn = self.numbers.pop(0)
        assert drawn.shape == tuple(shape)
        return drawn


@both_kinds
def test_dropout_backward(make: Any):
    """A·D/p forward; backward dA is masked by the same D and divided by the same p."""
    a_ = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
    u = [[0.1, 0.79, 0.95], [0.8, 0.0, 0.81]]  # kept where u < 0.8: 0.8 itself is not
    d = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    da_out = np.array([[0.3, -0.6, 1.0], [2.0, 0.4, 0.7]])
    a = make(a_)
    out = nn.dropout(a, 0.8, rng=Listed(u))
    (out * da_out).sum().backward()
    assert_allclose(am.data(out), a_ * d / 0.8, **EXACT)
    assert_allclose(am.grads(a), da_out * d / 0.8, **EXACT)


@both_kinds
def test_dropout_between_layers(make: Any):
    """A dropped unit gives no gradient to its weights and bias, nor its outgoing weight any."""
    x, y = np.array([[1.0, 2.0]]), np.array([[0.0]])
    w1, b1, w2, b2 = (
        make([[1.0, 0.5], [0.3, 0.4]]),
        make([0.1, 0.2]),
        make([[0.7, 0.9]]),
        make([0.0]),
    )
    a1 = am.tanh(am.linear(x, w1, b1))
    nn.squared_error(am.linear(nn.dropout(a1, 0.5, rng=Listed([[0.2, 0.6]])), w2, b2), y).backward()

    t = math.tanh(1.0 * 1.0 + 0.5 * 2.0 + 0.1)  # the unit that is kept, doubled by 1/keep_prob
    score = 0.7 * 2.0 * t
    dz1 = 2.0 * score * 0.7 * 2.0 * (1.0 - t * t)
    assert_allclose(am.grads(w2), [[2.0 * score * 2.0 * t, 0.0]], **EXACT)
    assert_allclose(am.grads(b2), [2.0 * score], **EXACT)
    assert_allclose(am.grads(w1), [[dz1 * 1.0, dz1 * 2.0], [0.0, 0.0]], **EXACT)
    assert_array_equal(am.grads(b1)[1], 0.0)
    assert_allclose(am.grads(b1)[0], dz1, **EXACT)
