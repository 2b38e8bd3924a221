"""Operators, methods and NumPy protocols that `Value` and `Tensor` share."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from autograd_mini.copying import copied, deep_copied, reduced
from autograd_mini.dispatch import call_function, call_ufunc
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import Primitive, apply
from autograd_mini.sweep import backward
from autograd_mini.tape import Node, next_index, primal


def binary(primitive: Primitive) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the methods `x ∘ y` and, for a plain left operand, `y ∘ x`."""

    def method(self: Node, other: Any) -> Any:
        return apply(primitive, self, other)

    def reflected(self: Node, other: Any) -> Any:
        return apply(primitive, other, self)

    return method, reflected


def unary(primitive: Primitive) -> Callable[[Any], Any]:
    """Return the method that records a primitive of one operand."""

    def method(self: Node) -> Any:
        return apply(primitive, self)

    method.__doc__ = f"Return {primitive.name}(x)."
    return method


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Node, Any], Any]:
    """Return the method that compares data: to a bool for a `Value`, an array for a `Tensor`."""

    def method(self: Node, other: Any) -> Any:
        result = compare(self.primal, primal(other))
        return result if isinstance(result, np.ndarray) else bool(result)

    return method


class Operators(Node):
    """What both kinds of node can do."""

    __slots__ = ()
    __hash__ = Node.__hash__  # Python drops it where __eq__ is defined

    __add__, __radd__ = binary(e.add)
    __sub__, __rsub__ = binary(e.subtract)
    __mul__, __rmul__ = binary(e.multiply)
    __truediv__, __rtruediv__ = binary(e.divide)
    __pow__, __rpow__ = binary(e.power)

    __lt__ = comparison(operator.lt)
    __le__ = comparison(operator.le)
    __gt__ = comparison(operator.gt)
    __ge__ = comparison(operator.ge)
    __eq__ = comparison(operator.eq)  # an array for a Tensor
    __ne__ = comparison(operator.ne)

    def __init__(self, data: Any, name: str | None) -> None:
        """Make a leaf."""
        self.primal = data
        self.changed = 0
        self.grad = None
        self.index = next_index()
        self.name = name
        self.params = None
        self.parents = ()
        self.primitive = None
        self.scope = ""

    def __copy__(self) -> Node:
        return copied(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        return deep_copied(self, memo)

    def __reduce__(self) -> tuple[Callable[..., Node], tuple[Any, ...]]:
        return reduced(self)

    def __neg__(self) -> Self:
        return apply(e.neg, self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return apply(e.abs, self)

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __float__(self) -> float:
        """Return the number of a scalar; it is on no tape."""
        return float(self.primal)

    def __format__(self, spec: str) -> str:
        return format(self.primal, spec) if spec else str(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        """Record the primitive that stands for a NumPy ufunc; compare by data."""
        return call_ufunc(ufunc, method, inputs, settings)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        """Record what stands for a NumPy function; never compute on detached data unasked."""
        return call_function(function, args, kwargs)

    def item(self) -> float:
        """Return the only element as a Python float."""
        return float(np.asarray(self.primal).item())

    def backward(self, seed: Any = None) -> None:
        """Sweep in reverse: add the derivative of this node to the `.grad` of every leaf.

        The `.grad` of interior nodes is set, not added to, so a second call is right too.

        Args:
            seed: the cotangent of this node, in its shape; by default 1, for a scalar.

        Raises:
            SeedError: this node has several elements and there is no seed, or of another shape.
        """
        backward(self, seed)

    def neg(self) -> Self:
        """Return -x."""
        return apply(e.neg, self)

    def abs(self) -> Self:
        """Return |x|; the derivative at 0 is 0."""
        return apply(e.abs, self)

    def square(self) -> Self:
        """Return x²."""
        return apply(e.square, self)

    def sqrt(self) -> Self:
        """Return √x; the derivative at 0 is infinite."""
        return apply(e.sqrt, self)

    def reciprocal(self) -> Self:
        """Return 1/x."""
        return apply(e.reciprocal, self)

    def exp(self) -> Self:
        """Return eˣ."""
        return apply(e.exp, self)

    def log(self) -> Self:
        """Return the natural logarithm."""
        return apply(e.log, self)

    def log1p(self) -> Self:
        """Return log(1 + x), exact for small x."""
        return apply(e.log1p, self)

    def sin(self) -> Self:
        """Return sin x, x in radians."""
        return apply(e.sin, self)

    def cos(self) -> Self:
        """Return cos x, x in radians."""
        return apply(e.cos, self)

    def tanh(self) -> Self:
        """Return the hyperbolic tangent."""
        return apply(e.tanh, self)

    def sigmoid(self) -> Self:
        """Return 1 / (1 + e⁻ˣ)."""
        return apply(e.sigmoid, self)

    def softplus(self) -> Self:
        """Return log(1 + eˣ), without overflow."""
        return apply(e.softplus, self)

    def relu(self) -> Self:
        """Return max(x, 0); the derivative at 0 is 0."""
        return apply(e.relu, self)

    def leaky_relu(self, slope: Any = 0.01) -> Self:
        """Return x where it is positive, else slope · x; the derivative at 0 is `slope`."""
        return e.leaky_relu(self, slope)

    def sign(self) -> Self:
        """Return -1, 0 or 1; the derivative is 0."""
        return apply(e.sign, self)

    def power(self, exponent: Any) -> Self:
        """Return x to the power of a number, an array or a node."""
        return apply(e.power, self, exponent)

    def maximum(self, other: Any) -> Self:
        """Return the larger of two; at a tie each gets half of the cotangent."""
        return apply(e.maximum, self, other)

    def minimum(self, other: Any) -> Self:
        """Return the smaller of two; at a tie each gets half of the cotangent."""
        return apply(e.minimum, self, other)

    def where(self, condition: Any, other: Any) -> Self:
        """Return this node where `condition` holds, else `other`."""
        return apply(e.where, condition, self, other)
