"""A module of every kind of parameter and part."""

from __future__ import annotations

import numpy as np

import autograd_mini as am
from autograd_mini import nn


class Network(nn.Module):
    """A module of every kind of parameter and part, none of it registered."""

    def __init__(self) -> None:
        self.scale = am.Value(2.0)
        self.heads = [Head(10.0), Head(20.0)]
        self.W = am.Tensor([[1.0, 2.0], [3.0, 4.0]])
        self.bias = am.values([0.5, -0.5])
        self.out = Head(30.0)
        self.named = {"first": (Head(40.0), "not a module")}
        self.scalars = [am.Value(50.0), am.Value(51.0)]
        self.size = 7  # neither a parameter nor a part
        self.buffer = np.ones(3)


class Head(nn.Module):
    """A part with one weight and one number."""

    def __init__(self, start: float) -> None:
        self.w = am.values([start, start + 1.0])
        self.b = am.Tensor(start, dtype=np.float32)
