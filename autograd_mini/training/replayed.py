"""A network of `Value`s in training, replayed: one row becomes a program, and each row a lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini import nn
from autograd_mini.compiler import compile
from autograd_mini.compiler.executors import Engine
from autograd_mini.training.prepare import Part
from autograd_mini.transforms.structure import rebuilt

Array = npt.NDArray[Any]

WORTH_NUMBA = 20_000
"""So many parameters an epoch, each counted once a step: with fewer, NumPy is done with the usual
60 epochs before numba is ready on a new machine. How many epochs are asked for has no part in it,
so that a run that is prolonged goes on with the same bits."""


class Replayed:
    """The loss and the scores of a network of `Value`s, in which no step builds a graph.

    Args:
        model: the network; its parameters are read at each replay.
        loss: the loss of some rows as a node, by another network like it.
        steps_per_epoch: how often an epoch replays the loss.
    """

    def __init__(
        self, model: nn.MLP, loss: Callable[[Part, nn.MLP], Any], steps_per_epoch: int
    ) -> None:
        self.parameters = model.parameters()
        work = len(self.parameters) * steps_per_epoch
        engine: Engine = "auto" if work >= WORTH_NUMBA else "numpy"

        def with_parameters(theta: Any) -> nn.MLP:
            return rebuilt(model, iter(theta))

        def row_loss(theta: Any, x: Any, y: Any) -> Any:
            return loss(Part(x, y), with_parameters(theta))

        def row_scores(theta: Any, x: Any) -> Any:
            return with_parameters(theta)(x)

        self._loss = compile(row_loss, engine=engine).batched((None, 0, 0))
        self._scores = compile(row_scores, engine=engine).batched((None, 0), reduce=None)

    def backward(self, part: Part) -> float:
        """Set the `.grad` of every parameter and return the loss: the mean over the rows."""
        # Each lane has a part of one row, for losses take batches.
        x, y = part.x[:, np.newaxis], part.y[:, np.newaxis]
        loss, gradient = self._loss.value_and_grad(self._theta(), x, y)
        for p, g in zip(self.parameters, gradient.tolist(), strict=True):
            p.grad = g
        return float(loss)

    def scores(self, part: Part) -> Array:
        """Return the scores of the rows, (m, k)."""
        return np.asarray(self._scores(self._theta(), part.x))

    def _theta(self) -> Array:
        return np.array([p.primal for p in self.parameters])
