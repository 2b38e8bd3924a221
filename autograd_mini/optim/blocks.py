"""The blocks in which parameters are updated: each Tensor alone, all Values as one array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import ShapeError
from autograd_mini.tensor import Tensor
from autograd_mini.value import Value, write

Array = npt.NDArray[Any]

Update = Callable[[Array, Array, list[Array], Any, float], tuple[Array, list[Array]]]
"""`Optimizer.update`: from theta, g, state, t, lr to the new theta and the new state."""


class TensorBlock:
    """One Tensor.

    Attributes:
        updates: how many updates the tensor has had.
        state: for each slot of the method an array of the shape and dtype of the tensor.
    """

    def __init__(self, tensor: Tensor, slots: Sequence[str]) -> None:
        self.tensor = tensor
        self.updates: Any = np.array(0)
        self.state: dict[str, Array] = {slot: np.zeros_like(tensor.primal) for slot in slots}

    def check(self) -> None:
        """Raise `ShapeError` if the gradient or the state would be broadcast."""
        tensor = self.tensor
        for name, array in {"grad": tensor.grad, **self.state}.items():
            if array is not None and np.shape(array) != tensor.shape:
                raise ShapeError(
                    f"{name} has shape {np.shape(array)} and its parameter"
                    f"{f' {tensor.name!r}' if tensor.name else ''} {tensor.shape}; they must agree"
                )

    def step(self, update: Update, lr: float) -> None:
        """Update the tensor, if it has a gradient."""
        tensor = self.tensor
        if tensor.grad is None:
            return
        self.updates = self.updates + 1
        g = np.asarray(tensor.grad, dtype=tensor.dtype)
        # t is an int because a NumPy integer would make float64 of float32 on the way
        theta, state = update(tensor.primal, g, list(self.state.values()), int(self.updates), lr)
        # NumPy makes scalars of arrays without axes, and a setting may be a NumPy float64
        write(tensor, np.asarray(theta, dtype=tensor.dtype))
        for slot, array in zip(self.state, state, strict=True):
            self.state[slot] = np.asarray(array, dtype=tensor.dtype)


class ValueBlock:
    """All `Value`s of an optimiser: one array operation for all is faster than one for each.

    Attributes:
        updates: how many updates each of them has had.
        state: for each slot of the method a float64 array, one element a Value.
    """

    def __init__(self, values: Sequence[Value], slots: Sequence[str]) -> None:
        self.values = values
        self.updates: Any = np.zeros(len(values), dtype=int)
        self.state: dict[str, Array] = {slot: np.zeros(len(values)) for slot in slots}

    def check(self) -> None:
        """Do nothing: a float has no shape."""

    def step(self, update: Update, lr: float) -> None:
        """Update those Values that have a gradient."""
        live = np.array([p.grad is not None for p in self.values])
        values = [p for p in self.values if p.grad is not None]
        self.updates[live] += 1
        theta, state = update(
            np.array([p.primal for p in values]),
            np.array([p.grad for p in values], dtype=float),
            [array[live] for array in self.state.values()],
            self.updates[live],
            lr,
        )
        for p, number in zip(values, theta.tolist(), strict=True):
            write(p, number)
        for array, changed in zip(self.state.values(), state, strict=True):
            array[live] = changed
