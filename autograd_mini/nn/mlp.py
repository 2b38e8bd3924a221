"""The multi-layer perceptron: `MLP` of `Layer`s; `Neuron` is one row of a layer, as scalars.

One implementation serves both kinds: with `kind=Value` the parameters are object arrays of scalars
and every multiplication is a node of its own; with `kind=Tensor` they are matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.nn.dropout import check_keep_prob, dropout
from autograd_mini.nn.module import Module
from autograd_mini.ops import elementwise as e
from autograd_mini.ops.linalg import linear
from autograd_mini.recording import constant
from autograd_mini.tape import Node, primal
from autograd_mini.tensor import Tensor
from autograd_mini.value import Value, values

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "relu": e.relu,
    "leaky_relu": lambda z: e.leaky_relu(z, 0.01),
    "tanh": e.tanh,
    "sigmoid": e.sigmoid,
    "softplus": e.softplus,
    "elu": e.elu,
    "gelu": e.gelu,
    "silu": e.silu,
    "mish": e.mish,
}


class MLP(Module):
    """A stack of fully connected layers; the last one is linear and gives scores.

    Weights start as normal numbers with variance 2/n_in before a ReLU (He et al. 2015,
    arXiv:1502.01852) and 1/n_in otherwise, biases at 0.

    Args:
        nin: the number of inputs.
        nouts: the number of units of each layer, the last being the outputs.
        activation: of the hidden layers, a name in `ACTIVATIONS`.
        keep_prob: the probability to keep a unit of a hidden layer in training, in (0, 1]; one
            number, or one a layer. The outputs are never dropped: theirs is 1.0 or left out.
        kind: `Value` for scalars, `Tensor` for matrices.
        rng: a `np.random.Generator`, or a seed for one; draws the weights and the dropout masks.
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str = "relu",
        keep_prob: Any = 1.0,
        kind: type[Node] = Value,
        rng: Any = None,
    ) -> None:
        if np.ndim(nouts) != 1 or not len(nouts):
            raise ShapeError(
                "an MLP needs at least one layer: nouts lists the units of each, as in "
                f"[16, 16, 1]; got {nouts!r}"
            )
        hidden = len(nouts) - 1
        keep: list[Any] = [keep_prob] * hidden if np.ndim(keep_prob) == 0 else [*keep_prob]
        if len(keep) == hidden + 1 and keep[-1] == 1.0:
            keep.pop()
        if len(keep) != hidden:
            raise ShapeError(
                f"keep_prob has {len(keep)} numbers for {hidden} hidden layers; give one number, "
                "or one for each hidden layer (and 1.0 for the outputs, which are never dropped)"
            )
        check_activation(activation)
        self.kind = kind
        self.rng = np.random.default_rng(rng)
        self.layers = [
            Layer(
                n_in,
                n_out,
                activation=activation if i < hidden else "linear",
                keep_prob=keep[i] if i < hidden else 1.0,
                kind=kind,
                rng=self.rng,
            )
            for i, (n_in, n_out) in enumerate(zip([nin, *nouts], nouts, strict=False))
        ]
        for name, parameter in self.named_parameters():
            parameter.name = name

    def forward(self, x: Any) -> Any:
        """Return the scores of a batch (m, nin) as (m, nout), or of one sample (nin,) as (nout,).

        A list of numbers or `Value`s gives a list of `Value`s, or the only one, as in micrograd.
        """
        scalars = self.kind is Value and isinstance(x, list | tuple) and np.ndim(x) == 1
        out = constant("MLP", x) if isinstance(x, list | tuple) else x
        for layer in self.layers:
            out = layer(out)
        if not scalars:
            return out
        return out[0] if len(out) == 1 else list(out)

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


class Layer(Module):
    """A fully connected layer: a = g(x Wᵀ + b), with inverted dropout on a in training.

    Args:
        nin: the number of inputs.
        nout: the number of units.
        activation: g, a name in `ACTIVATIONS`.
        keep_prob: the probability to keep a unit in training, in (0, 1].
        kind: `Value` for scalars, `Tensor` for matrices.
        rng: a `np.random.Generator`, or a seed for one.

    Attributes:
        W: the weights, (nout, nin).
        b: the biases, (nout,).
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        *,
        activation: str = "relu",
        keep_prob: float = 1.0,
        kind: type[Node] = Value,
        rng: Any = None,
    ) -> None:
        if nin < 1 or nout < 1:
            raise ShapeError(f"a layer needs at least one input and one unit, got ({nin}, {nout})")
        if kind not in (Value, Tensor):
            raise ValueError(f"kind is Value or Tensor, got {kind!r}")
        self.activation = check_activation(activation)
        self.keep_prob = check_keep_prob(keep_prob)
        self.rng = np.random.default_rng(rng)
        gain = 2.0 if "relu" in activation else 1.0
        weights = self.rng.normal(size=(nout, nin)) * math.sqrt(gain / nin)
        make: Callable[[Any], Any] = values if kind is Value else Tensor
        self.W = make(weights)
        self.b = make(np.zeros(nout))

    def forward(self, x: Any) -> Any:
        """Return the activations: (m, nout) for a batch (m, nin), (nout,) for one sample."""
        shape, nin = np.shape(primal(x)), np.shape(primal(self.W))[1]
        if not shape or shape[-1] != nin:
            raise ShapeError(f"a layer with {nin} inputs takes shape (m, {nin}), got {shape}")
        a = ACTIVATIONS[self.activation](linear(x, self.W, self.b))
        return dropout(a, self.keep_prob, rng=self.rng, training=self.training)

    @property
    def neurons(self) -> list[Neuron]:
        """The rows of a layer of `Value`s, sharing its parameters."""
        return [Neuron.of(w, b, self.activation) for w, b in zip(self.W, self.b, strict=True)]

    def __repr__(self) -> str:
        nout, nin = np.shape(primal(self.W))
        return f"Layer({nin} -> {nout}, {self.activation})"


class Neuron(Module):
    """One unit of a layer, as scalars: a = g(w·x + b).

    Args:
        nin: the number of inputs.
        activation: g, a name in `ACTIVATIONS`.
        rng: a `np.random.Generator`, or a seed for one.

    Attributes:
        w: the weights, an object array of `Value`s (nin,).
        b: the bias, a `Value`.
    """

    def __init__(self, nin: int, *, activation: str = "relu", rng: Any = None) -> None:
        layer = Layer(nin, 1, activation=activation, rng=rng)
        self.activation, self.w, self.b = activation, layer.W[0], layer.b[0]

    @classmethod
    def of(cls, w: Any, b: Value, activation: str) -> Neuron:
        """Return a neuron on existing parameters."""
        neuron = cls.__new__(cls)
        neuron.activation, neuron.w, neuron.b = activation, w, b
        return neuron

    def forward(self, x: Any) -> Value:
        """Return the activation, a `Value`, for numbers or `Value`s `x` of shape (nin,)."""
        if np.shape(x) != self.w.shape:
            raise ShapeError(f"a neuron with {len(self.w)} inputs got shape {np.shape(x)}")
        return ACTIVATIONS[self.activation](self.w @ np.asarray(x) + self.b)

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, {self.activation})"


def check_activation(name: str) -> str:
    """Return the name of an activation, or raise `ValueError` with those there are."""
    if name not in ACTIVATIONS:
        raise ValueError(f"no activation {name!r}; there are {', '.join(ACTIVATIONS)}")
    return name
