"""Reverse-mode automatic differentiation over a graph tape, of floats and of NumPy arrays."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd_mini import linalg, ops
from autograd_mini.ops import *  # noqa: F403  # the table says what is public in it
from autograd_mini.primitive import register_primitive
from autograd_mini.state import detect_anomaly, no_grad, scope
from autograd_mini.tape import Node, Tape
from autograd_mini.tensor import Tensor
from autograd_mini.transforms import (
    checkpoint,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from autograd_mini.value import Value, data, grads, values

if TYPE_CHECKING:
    from autograd_mini import gradcheck, nn, optim
    from autograd_mini.chainrule import explain
    from autograd_mini.compiler import compile, load_program
    from autograd_mini.render import draw

__all__ = [
    "Node",
    "Tape",
    "Tensor",
    "Value",
    "checkpoint",
    "compile",
    "data",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "explain",
    "grad",
    "gradcheck",
    "grads",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linalg",
    "load_program",
    "nn",
    "no_grad",
    "optim",
    "register_primitive",
    "scope",
    "value_and_grad",
    "values",
    "vjp",
]
__all__ += ops.__all__

_ON_DEMAND = {
    "compile": "autograd_mini.compiler",
    "draw": "autograd_mini.render",
    "explain": "autograd_mini.chainrule",
    "gradcheck": "autograd_mini",
    "load_program": "autograd_mini.compiler",
    "nn": "autograd_mini",
    "optim": "autograd_mini",
}


def __dir__() -> list[str]:
    """Return the public names, those that are imported on demand with them."""
    return [*__all__, "__version__"]


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
