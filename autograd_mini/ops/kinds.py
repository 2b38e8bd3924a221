"""From one kind of node to the other: what is recorded where a `Value` meets a `Tensor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.primitive import ArrayPrimitive
from autograd_mini.recording import record
from autograd_mini.tape import Node

__all__: list[str] = []


def to_tensor(x: Any, kind: type[Node], dtype: Any) -> Any:
    """Return a Tensor without axes, the number of a `Value`."""
    return record(kind, np.array(x.primal, dtype), _to_tensor, (x,), {"dtype": dtype})


def _to_value(x: Any, value: Any) -> Any:
    """Return a Tensor without axes as a node of the kind of `value`; plain numbers as they are."""
    if not isinstance(x, Node) or x.rank == 1:
        return x
    return record(type(value), float(x.primal), _to_number, (x,))


def _as_tensor(x: Any, z: Any) -> Any:
    """Return a number in the kind of `z`: a `Value` as a Tensor, a float as an array."""
    if isinstance(x, Node) and x.rank == 1:
        return to_tensor(x, type(z), z.primal.dtype)
    return x if isinstance(x, Node) else np.asarray(x)


_to_tensor = ArrayPrimitive(
    "to_tensor",
    lambda x, dtype: np.array(x, dtype),
    [lambda z_bar, z, x, dtype: _to_value(z_bar, x)],
    [lambda x_dot, z, x, dtype: _as_tensor(x_dot, z)],
    analytic=lambda x, dtype: np.array(x),
    latex=["{dz}"],
    formula="{x}",
)
_to_number = ArrayPrimitive(
    "to_number",
    float,
    [lambda z_bar, z, x: _as_tensor(z_bar, x)],
    [lambda x_dot, z, x: _to_value(x_dot, z)],
    analytic=lambda x: x,
    latex=["{dz}"],
    formula="{x}",
)

NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {}
