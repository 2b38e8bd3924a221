"""Reverse-mode automatic differentiation over a graph tape, of floats and of NumPy arrays."""

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
)
from autograd_mini.ops.linalg import linear, matmul
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
from autograd_mini.primitive import no_grad
from autograd_mini.tape import Node, Tape
from autograd_mini.tensor import Tensor
from autograd_mini.value import Value, data, grads, values
