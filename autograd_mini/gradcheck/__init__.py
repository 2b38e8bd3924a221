"""Gradient checking: compare the sweep's gradient, or a hand-written one, with differences.

The parameters θ are a Module, a dict or a list, of nodes, object arrays of `Value`s or plain float
arrays. The loss J is a function of no arguments that builds the loss from the parameters, or of one
argument, which is then given the parameters. What is in the loss is checked, an L2 term included.

- `check_gradients`, `assert_gradients`: each component, or random directions of many parameters, by
  differences or the complex step; forward mode and second order too.
- `taylor_test`: whether the remainder of the Taylor polynomial is of second order.
- `check_primitive`: the rules of one primitive, of your own for instance.
- `numerical_gradient` alone, and parameters as one vector and back.
"""

from autograd_mini.gradcheck.check import assert_gradients, check_gradients
from autograd_mini.gradcheck.numerical import numerical_gradient
from autograd_mini.gradcheck.primitives import PrimitiveReport, check_primitive
from autograd_mini.gradcheck.report import Component, GradientReport
from autograd_mini.gradcheck.taylor import TaylorReport, taylor_test
from autograd_mini.gradcheck.vectors import (
    dictionary_to_vector,
    gradients_to_vector,
    vector_to_dictionary,
)

__all__ = [
    "Component",
    "GradientReport",
    "PrimitiveReport",
    "TaylorReport",
    "assert_gradients",
    "check_gradients",
    "check_primitive",
    "dictionary_to_vector",
    "gradients_to_vector",
    "numerical_gradient",
    "taylor_test",
    "vector_to_dictionary",
]
