"""Reverse-mode automatic differentiation over a graph tape, of floats and of NumPy arrays."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd_mini.ops import (
    elementwise,
    exponentials,
    linalg,
    ordering,
    reductions,
    scans,
    shaping,
    statistics,
)
from autograd_mini.ops.elementwise import *  # noqa: F403  # each room says what is public in it
from autograd_mini.ops.exponentials import *  # noqa: F403
from autograd_mini.ops.linalg import *  # noqa: F403
from autograd_mini.ops.ordering import *  # noqa: F403
from autograd_mini.ops.reductions import *  # noqa: F403
from autograd_mini.ops.scans import *  # noqa: F403
from autograd_mini.ops.shaping import *  # noqa: F403
from autograd_mini.ops.statistics import *  # noqa: F403
from autograd_mini.primitive import no_grad, register_primitive, scope
from autograd_mini.tape import Node, Tape
from autograd_mini.tensor import Tensor
from autograd_mini.value import Value, data, grads, values

if TYPE_CHECKING:
    from autograd_mini import gradcheck, nn, optim
    from autograd_mini.chainrule import explain
    from autograd_mini.render import draw

__all__ = [
    "Node",
    "Tape",
    "Tensor",
    "Value",
    "data",
    "draw",
    "explain",
    "gradcheck",
    "grads",
    "nn",
    "no_grad",
    "optim",
    "register_primitive",
    "scope",
    "values",
]
__all__ += elementwise.__all__
__all__ += exponentials.__all__
__all__ += linalg.__all__
__all__ += ordering.__all__
__all__ += reductions.__all__
__all__ += scans.__all__
__all__ += shaping.__all__
__all__ += statistics.__all__

_ON_DEMAND = {
    "draw": "autograd_mini.render",
    "explain": "autograd_mini.chainrule",
    "gradcheck": "autograd_mini",
    "nn": "autograd_mini",
    "optim": "autograd_mini",
}


def __getattr__(name: str) -> Any:
    """Import what the engine itself does not need when it is asked for: importing stays quick."""
    if name == "__version__":
        from importlib.metadata import version

        return version("autograd_mini")
    if name not in _ON_DEMAND:
        raise AttributeError(f"module 'autograd_mini' has no attribute {name!r}")
    home = _ON_DEMAND[name]
    if home == __name__:
        return import_module(f"{home}.{name}")
    return getattr(import_module(home), name)
