"""Neural networks, losses and regularisation, as ordinary graph operations."""

import autograd_mini.nn.structure  # noqa: F401  # tells the transforms what a Module is made of
from autograd_mini.nn.dropout import dropout
from autograd_mini.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge,
    softmax_cross_entropy,
    squared_error,
)
from autograd_mini.nn.mlp import MLP, Layer, Neuron
from autograd_mini.nn.module import Module
from autograd_mini.nn.penalty import l2_penalty

__all__ = [
    "MLP",
    "Layer",
    "Module",
    "Neuron",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "dropout",
    "hinge",
    "l2_penalty",
    "softmax_cross_entropy",
    "squared_error",
]
