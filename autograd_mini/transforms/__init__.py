"""Functions from functions to their derivatives, of any order."""

from autograd_mini.transforms.checkpointing import checkpoint
from autograd_mini.transforms.gradients import elementwise_grad, grad, value_and_grad
from autograd_mini.transforms.matrices import hessian, jacobian
from autograd_mini.transforms.products import hvp, jvp, vjp

__all__ = [
    "checkpoint",
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
]
