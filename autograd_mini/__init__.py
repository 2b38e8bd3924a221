"""Reverse-mode automatic differentiation over a graph tape, of floats and of NumPy arrays."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd_mini.ops.elementwise import (
    abs,
    add,
    cos,
    divide,
    exp,
    greater,
    greater_equal,
    leaky_relu,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    neg,
    not_equal,
    power,
    reciprocal,
    relu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    square,
    subtract,
    tanh,
    where,
    xlog1py,
    xlogy,
)
from autograd_mini.ops.linalg import linear, matmul, vdot
from autograd_mini.ops.reductions import log_softmax, logsumexp, max, mean, min, sum
from autograd_mini.ops.shaping import (
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    reshape,
    stack,
    transpose,
)
from autograd_mini.primitive import no_grad, scope
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
    "abs",
    "add",
    "astype",
    "broadcast_to",
    "concatenate",
    "cos",
    "data",
    "divide",
    "draw",
    "exp",
    "expand_dims",
    "explain",
    "gradcheck",
    "grads",
    "greater",
    "greater_equal",
    "leaky_relu",
    "linear",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "neg",
    "nn",
    "no_grad",
    "not_equal",
    "optim",
    "power",
    "reciprocal",
    "relu",
    "reshape",
    "scope",
    "sigmoid",
    "sign",
    "sin",
    "softplus",
    "sqrt",
    "square",
    "stack",
    "subtract",
    "sum",
    "tanh",
    "transpose",
    "values",
    "vdot",
    "where",
    "xlog1py",
    "xlogy",
]

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
