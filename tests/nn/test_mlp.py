"""`MLP`, `Layer` and `Neuron`: both kinds alike, activations, dropout by layer, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import DataError, KeepProbError, ShapeError

both_kinds = pytest.mark.parametrize("kind", [am.Value, am.Tensor])

X = np.random.default_rng(0).normal(size=(6, 3))
Y = np.random.default_rng(1).normal(size=(6, 2))

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "leaky_relu": lambda z: np.where(z > 0.0, z, 0.01 * z),
    "softplus": lambda z: np.log(1.0 + np.exp(z)),
    "elu": lambda z: np.where(z > 0.0, z, np.exp(z) - 1.0),
    "gelu": lambda z: z * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0))) / 2.0,
    "silu": lambda z: z / (1.0 + np.exp(-z)),
    "mish": lambda z: z * np.tanh(np.log(1.0 + np.exp(z))),
}

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


@both_kinds
@every_activation
def test_forward(kind: type[am.Node], activation: str):
    """Hidden layers are g(x Wᵀ + b), the last one is linear; the result has one row a sample."""
    model = nn.MLP(3, [5, 4, 2], activation=activation, kind=kind, rng=2)
    out = model(X)
    a = X
    for i, layer in enumerate(model.layers):
        a = a @ am.data(layer.W).T + am.data(layer.b)
        a = ACTIVATIONS[activation](a) if i < 2 else a
    assert np.shape(am.data(out)) == (6, 2)
    assert_allclose(am.data(out), a, rtol=1e-13, atol=1e-14)


@every_activation
@pytest.mark.parametrize("keep_prob", [1.0, 0.7])
def test_kinds_agree(activation: str, keep_prob: float):
    """From one seed, Values and Tensors give the same outputs and gradients, dropout included."""
    models = [
        nn.MLP(3, [5, 4, 2], activation=activation, keep_prob=keep_prob, kind=kind, rng=3)
        for kind in (am.Value, am.Tensor)
    ]
    outputs = [model(X) for model in models]
    assert outputs[0].dtype == object
    assert type(outputs[1]) is am.Tensor
    assert_allclose(am.data(outputs[0]), am.data(outputs[1]), rtol=1e-13, atol=1e-15)
    for model, out in zip(models, outputs, strict=True):
        (nn.squared_error(out, Y) + nn.l2_penalty(model.weights(), 0.1, 6)).backward()
    for a, b in zip(models[0].arrays().values(), models[1].arrays().values(), strict=True):
        assert_allclose(am.grads(a), am.grads(b), rtol=1e-13, atol=1e-15)


@every_activation
def test_against_torch(activation: str):
    """Outputs and gradients are those of the same network in PyTorch."""
    torch = pytest.importorskip("torch", reason="PyTorch, the reference, is not installed")
    model = nn.MLP(3, [5, 4, 2], activation=activation, kind=am.Tensor, rng=4)
    theirs = [torch.tensor(array, requires_grad=True) for array in model.state_dict().values()]
    f = torch.nn.functional
    a = torch.tensor(X)
    for i in range(3):
        a = f.linear(a, theirs[2 * i], theirs[2 * i + 1])
        a = getattr(f, activation)(a) if i < 2 else a
    f.mse_loss(a, torch.tensor(Y)).backward()  # the mean over 6 samples and 2 outputs
    (nn.squared_error(model(X), Y) / 2).backward()
    for ours, expected in zip(model.parameters(), theirs, strict=True):
        assert_allclose(ours.grad, expected.grad.numpy(), rtol=1e-11, atol=1e-15)


@both_kinds
def test_single_sample_and_batch(kind: type[am.Node]):
    """A sample (nin,) gives the scores (nout,) that it has as a row of a batch."""
    model = nn.MLP(3, [4, 2], kind=kind, rng=5)
    rows = [am.data(model(x)) for x in X]
    assert rows[0].shape == (2,)
    assert_allclose(rows, am.data(model(X)), rtol=1e-13)


def test_micrograd_call():
    """A list of numbers or Values gives a list of Values, or the only Value."""
    several, one = nn.MLP(3, [4, 2], rng=6), nn.MLP(3, [4, 1], rng=6)
    for x in ([1, 2.0, -1.0], (1.0, 2.0, -1.0), [am.Value(v) for v in (1.0, 2.0, -1.0)]):
        scores = several(x)
        assert type(scores) is list
        assert [type(score) for score in scores] == [am.Value, am.Value]
        assert [s.data for s in scores] == list(am.data(several(np.array([1.0, 2.0, -1.0]))))
        assert type(one(x)) is am.Value


def test_gradient_of_the_inputs():
    """Inputs that are nodes get their gradient too: W of a linear network, row by row."""
    model = nn.MLP(3, [1], rng=7)
    x = [am.Value(v) for v in (1.0, 2.0, -1.0)]
    model(x).backward()
    assert_allclose([v.grad for v in x], am.data(model.layers[0].W)[0], rtol=1e-15)
    tensor = nn.MLP(3, [1], kind=am.Tensor, rng=7)
    batch = am.Tensor(X)
    tensor(batch).sum().backward()
    assert_allclose(batch.grad, np.tile(tensor.layers[0].W.data, (6, 1)), rtol=1e-15)


@both_kinds
def test_start(kind: type[am.Node]):
    """One seed, one start, whatever the kind; biases start at 0; another seed is another start."""
    state = nn.MLP(3, [4, 2], kind=kind, rng=8).state_dict()
    twin = nn.MLP(3, [4, 2], kind=am.Tensor, rng=np.random.default_rng(8)).state_dict()
    other = nn.MLP(3, [4, 2], kind=kind, rng=9).state_dict()
    for name, array in state.items():
        assert_array_equal(array, twin[name])
        assert name.endswith("W") or not array.any()
    assert (state["layers.0.W"] != other["layers.0.W"]).all()


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", 2.0), ("leaky_relu", 2.0), ("tanh", 1.0)]
)
def test_variance_of_the_start(activation: str, gain: float):
    """Weights have mean 0 and variance gain/n_in.

    Of n normal numbers the variance has a relative standard error of √(2/n); five are allowed.
    """
    layer = nn.Layer(50, 400, activation=activation, kind=am.Tensor, rng=10)
    n = layer.W.size
    assert abs(layer.W.data.var() / (gain / 50) - 1.0) < 5.0 * np.sqrt(2.0 / n)
    assert abs(layer.W.data.mean()) < 5.0 * np.sqrt(gain / 50 / n)


# Dropout


@both_kinds
@pytest.mark.parametrize(
    ("keep_prob", "expected"),
    [
        (0.5, [0.5, 0.5, 1.0]),
        ([0.5, 0.8], [0.5, 0.8, 1.0]),
        ((0.5, 0.8, 1.0), [0.5, 0.8, 1.0]),
        (np.array([0.5, 0.8]), [0.5, 0.8, 1.0]),
        (1, [1.0, 1.0, 1.0]),
    ],
    ids=["a number", "one a hidden layer", "one a layer", "an array", "an integer"],
)
def test_keep_prob_by_layer(kind: type[am.Node], keep_prob: Any, expected: list[float]):
    """One number, or one a layer; the outputs are never dropped."""
    model = nn.MLP(3, [4, 4, 2], keep_prob=keep_prob, kind=kind, rng=11)
    assert [layer.keep_prob for layer in model.layers] == expected


def test_dropout_in_training_only():
    """Training drops units anew at each call; `eval()` gives the network without dropout."""
    model = nn.MLP(3, [50, 2], keep_prob=0.5, kind=am.Tensor, rng=12)
    plain = nn.MLP(3, [50, 2], kind=am.Tensor)
    plain.load_state_dict(model.state_dict())
    first, second = model(X).data, model(X).data
    assert (first != second).any()
    assert_array_equal(model.eval()(X).data, plain(X).data)
    assert (model.train()(X).data != plain(X).data).any()


def test_masks_on_the_tape():
    """Two tapes of one network hold two masks, one for each hidden layer that drops."""
    model = nn.MLP(3, [20, 20, 2], keep_prob=[0.5, 1.0], kind=am.Tensor, rng=13)
    drawn = []
    for _ in range(2):
        tape = model(X).tape()
        (mask,) = [node for node in tape if node.primitive and not node.parents]
        assert mask.data.shape == (6, 20)
        drawn.append(mask.data)
    assert (drawn[0] != drawn[1]).any()


def test_all_units_kept_draws_nothing():
    """Where no layer drops, a call leaves the generator as it was."""
    rng = np.random.default_rng(14)
    model = nn.MLP(3, [4, 2], rng=rng)
    before = rng.bit_generator.state
    model(X)
    assert rng.bit_generator.state == before


# Layers and neurons


@pytest.mark.parametrize("nin", [1, 3])
def test_neurons_are_the_rows_of_a_layer(nin: int):
    """Each neuron computes one unit, with the very parameters of the layer."""
    layer = nn.Layer(nin, 4, activation="tanh", rng=15)
    x = X[0, :nin]
    assert [neuron(x).data for neuron in layer.neurons] == pytest.approx(am.data(layer(x)))
    assert layer.neurons[2].w[0] is layer.W[2, 0]
    assert layer.neurons[2].b is layer.b[2]
    layer.neurons[2](x).backward()
    assert am.grads(layer.W[2]) == pytest.approx(layer.b[2].grad * x)


def test_neuron():
    """A neuron is g(w·x + b), for numbers, arrays and Values alike."""
    neuron = nn.Neuron(3, activation="softplus", rng=16)
    w, b = am.data(neuron.w), neuron.b.data
    for x in (X[0], list(X[0]), [am.Value(v) for v in X[0]]):
        assert neuron(x).data == pytest.approx(np.log1p(np.exp(w @ X[0] + b)))
    assert len(neuron.parameters()) == 4


def test_repr():
    """A network says what it is made of."""
    model = nn.MLP(2, [16, 16, 1])
    assert repr(model) == (
        "MLP of [Layer(2 -> 16, relu), Layer(16 -> 16, relu), Layer(16 -> 1, linear)]"
    )
    assert repr(nn.MLP(2, [1], kind=am.Tensor)) == "MLP of [Layer(2 -> 1, linear)]"
    assert repr(nn.Neuron(3, activation="tanh")) == "Neuron(3, tanh)"


# Errors


@both_kinds
@pytest.mark.parametrize("x", [np.ones((6, 2)), np.ones(4), np.ones((3, 6)), 1.0, []])
def test_wrong_inputs(kind: type[am.Node], x: Any):
    """Inputs of another width raise, with both shapes."""
    with pytest.raises(ShapeError, match=r"takes shape \(m, 3\), got \("):
        nn.MLP(3, [2], kind=kind)(x)
    with pytest.raises(ShapeError, match=r"a neuron with 3 inputs got shape"):
        nn.Neuron(3)(x)


def test_kinds_do_not_mix():
    """A network of one kind refuses inputs of the other, rather than lose a gradient."""
    with pytest.raises(DataError):
        nn.MLP(3, [2], kind=am.Value)(am.Tensor(X))
    with pytest.raises(DataError):
        nn.MLP(3, [2], kind=am.Tensor)(am.values(X))


def test_list_of_tensors():
    """A list of Tensors is not read as numbers."""
    for kind in (am.Value, am.Tensor):
        with pytest.raises(DataError, match="stack"):
            nn.MLP(2, [1], kind=kind)([am.Tensor(1.0), am.Tensor(2.0)])


@pytest.mark.parametrize(("nin", "nouts"), [(0, [1]), (2, [3, 0, 1]), (2, [-1])])
def test_empty_layers(nin: int, nouts: list[int]):
    """A layer has at least one input and one unit."""
    with pytest.raises(ShapeError, match="at least one input and one unit"):
        nn.MLP(nin, nouts)


@pytest.mark.parametrize("nouts", [[], 3, [[3, 1]]])
def test_no_layers(nouts: Any):
    """A network has at least one layer; the units of each stand in a list."""
    with pytest.raises(ShapeError, match="at least one layer"):
        nn.MLP(2, nouts)


def test_unknown_kind():
    """There are two kinds."""
    with pytest.raises(ValueError, match="kind is Value or Tensor, got 'tensor'"):
        nn.MLP(2, [1], kind="tensor")  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [nn.MLP, nn.Layer], ids=["MLP", "Layer"])
def test_unknown_activation(make: Any):
    """An unknown activation raises, and the message names those there are."""
    with pytest.raises(ValueError, match=r"no activation 'swish'.*leaky_relu, tanh"):
        make(2, [1] if make is nn.MLP else 1, activation="swish")


@pytest.mark.parametrize("keep_prob", [0.0, -0.1, 1.5, float("nan"), [0.5, 0.0]])
def test_keep_prob_outside(keep_prob: Any):
    """A probability outside (0, 1] is found when the network is made."""
    with pytest.raises(KeepProbError, match=r"\(0, 1\]"):
        nn.MLP(2, [3, 3, 1], keep_prob=keep_prob)


@pytest.mark.parametrize("keep_prob", [[0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], []])
def test_wrong_number_of_keep_probs(keep_prob: list[float]):
    """Neither too few nor too many; nor may the outputs be dropped."""
    with pytest.raises(ShapeError, match=f"keep_prob has {len(keep_prob)} numbers"):
        nn.MLP(2, [3, 3, 1], keep_prob=keep_prob)
