"""Operators, methods and NumPy protocols that `Value` and `Tensor` share."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from autograd_mini.copying import copied, deep_copied, reduced
from autograd_mini.dispatch import call_function, call_ufunc
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import Primitive
from autograd_mini.recording import apply
from autograd_mini.state import check_readable
from autograd_mini.sweep import backward
from autograd_mini.tape import Node, check_not_traced, next_index, primal
from autograd_mini.tracer import TRACER, told


def binary(primitive: Primitive) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the methods `x ∘ y` and, for a plain left operand, `y ∘ x`."""

    def method(self: Node, other: Any) -> Any:
        return apply(primitive, self, other)

    def reflected(self: Node, other: Any) -> Any:
        return apply(primitive, other, self)

    return method, reflected


def unary(primitive: Primitive, summary: str) -> Callable[[Any], Any]:
    """Return the method that records a primitive of one operand."""

    def method(self: Node) -> Any:
        return apply(primitive, self)

    method.__name__ = primitive.name
    method.__doc__ = summary
    return method


def comparison(question: str, compare: Callable[[Any, Any], Any]) -> Callable[[Node, Any], Any]:
    """Return the method that compares data: to a bool for a `Value`, an array for a `Tensor`."""

    def method(self: Node, other: Any) -> Any:
        result = compare(self.primal, primal(other))
        if not isinstance(result, np.ndarray):
            result = bool(result)
        tracer = TRACER.get()
        return result if tracer is None else tracer.asked(question, (self, other), result)

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
    __mod__, __rmod__ = binary(e.remainder)
    __floordiv__, __rfloordiv__ = binary(e.floor_divide)

    __lt__ = comparison("less", operator.lt)
    __le__ = comparison("less_equal", operator.le)
    __gt__ = comparison("greater", operator.gt)
    __ge__ = comparison("greater_equal", operator.ge)
    __eq__ = comparison("equal", operator.eq)  # an array for a Tensor
    __ne__ = comparison("not_equal", operator.ne)

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
        check_readable(self, "copy.copy(x)")
        told(self)
        return copied(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        told(self)
        return deep_copied(self, memo)

    def __reduce__(self) -> tuple[Callable[..., Node], tuple[Any, ...]]:
        told(self)
        return reduced(self)

    def __neg__(self) -> Self:
        return apply(e.neg, self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return apply(e.abs, self)

    def __bool__(self) -> bool:
        tracer = TRACER.get()
        if tracer is not None:
            tracer.decided(self)
        return bool(self.primal)

    def __float__(self) -> float:
        """Return the number of a scalar; it is on no tape.

        Raises:
            TapeLeftError: a function is being differentiated, which would lose the gradient.
        """
        check_readable(self, "float(x), or what calls it,")
        told(self)
        return float(self.primal)

    def __int__(self) -> int:
        """Return the whole part of the number of a scalar; it is on no tape."""
        check_readable(self, "int(x)")
        if TRACER.get() is not None:
            bool(e.trunc(self) == int(self.primal))  # a guard
        return int(self.primal)

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self // other, self % other

    def __format__(self, spec: str) -> str:
        told(self)
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
        told(self)
        return float(np.asarray(self.primal).item())

    def backward(self, seed: Any = None) -> None:
        """Sweep in reverse: add the derivative of this node to the `.grad` of every leaf.

        The `.grad` of interior nodes is set, not added to, so a second call is right too.

        Args:
            seed: the cotangent of this node, in its shape; by default 1, for a scalar.

        Raises:
            SeedError: this node has several elements and there is no seed, or of another shape.
            InPlaceError: a function is being traced, whose replays would write no `.grad`.
        """
        check_not_traced("backward()", "take grad(f)(x) in place of it")
        backward(self, seed)

    # Methods bear the names of NumPy's functions, which call them on the elements of object arrays.

    neg = negative = unary(e.neg, "Return -x.")
    abs = absolute = fabs = unary(e.abs, "Return |x|; the derivative at 0 is 0.")
    sign = unary(e.sign, "Return -1, 0 or 1; the derivative is 0.")
    square = unary(e.square, "Return x².")
    sqrt = unary(e.sqrt, "Return √x; the derivative at 0 is infinite.")
    cbrt = unary(e.cbrt, "Return the cube root, also of negative numbers.")
    reciprocal = unary(e.reciprocal, "Return 1/x.")
    exp = unary(e.exp, "Return eˣ.")
    exp2 = unary(e.exp2, "Return 2ˣ.")
    expm1 = unary(e.expm1, "Return eˣ - 1, exact for small x.")
    log = unary(e.log, "Return the natural logarithm.")
    log2 = unary(e.log2, "Return the logarithm to base 2.")
    log10 = unary(e.log10, "Return the logarithm to base 10.")
    log1p = unary(e.log1p, "Return log(1 + x), exact for small x.")
    sin = unary(e.sin, "Return sin x, x in radians.")
    cos = unary(e.cos, "Return cos x, x in radians.")
    tan = unary(e.tan, "Return tan x, x in radians.")
    arcsin = unary(e.arcsin, "Return the angle in [-π/2, π/2] whose sine is x.")
    arccos = unary(e.arccos, "Return the angle in [0, π] whose cosine is x.")
    arctan = unary(e.arctan, "Return the angle in [-π/2, π/2] whose tangent is x.")
    sinh = unary(e.sinh, "Return the hyperbolic sine.")
    cosh = unary(e.cosh, "Return the hyperbolic cosine.")
    tanh = unary(e.tanh, "Return the hyperbolic tangent.")
    arcsinh = unary(e.arcsinh, "Return the number whose hyperbolic sine is x.")
    arccosh = unary(e.arccosh, "Return the number from 0 on whose hyperbolic cosine is x.")
    arctanh = unary(e.arctanh, "Return the number whose hyperbolic tangent is x.")
    sinc = unary(e.sinc, "Return sin(πx)/(πx), which is 1 at 0.")
    erf = unary(e.erf, "Return the error function.")
    erfc = unary(e.erfc, "Return 1 - erf(x), exact for large x.")
    lgamma = unary(e.lgamma, "Return log |Γ(x)|; needs SciPy.")
    digamma = unary(e.digamma, "Return the derivative of lgamma; needs SciPy.")
    sigmoid = unary(e.sigmoid, "Return 1 / (1 + e⁻ˣ).")
    softplus = unary(e.softplus, "Return log(1 + eˣ), without overflow.")
    relu = unary(e.relu, "Return max(x, 0); the derivative at 0 is 0.")
    silu = unary(e.silu, "Return x · sigmoid(x).")
    mish = unary(e.mish, "Return x · tanh(softplus(x)).")
    leaky_relu = e.leaky_relu
    elu = e.elu
    gelu = e.gelu
    floor = __floor__ = unary(e.floor, "Return x rounded down; the derivative is 0.")
    ceil = __ceil__ = unary(e.ceil, "Return x rounded up; the derivative is 0.")
    trunc = __trunc__ = unary(e.trunc, "Return x rounded towards 0; the derivative is 0.")
    rint = unary(e.rint, "Return x rounded, halves to even; the derivative is 0.")
    round = e.round
    deg2rad = radians = e.deg2rad
    rad2deg = degrees = e.rad2deg
    clip = e.clip

    def __round__(self, decimals: int | None = None) -> Self:
        return e.round(self, decimals or 0)

    def conjugate(self) -> Self:
        """Return the node itself, which is real."""
        return self

    conj = conjugate

    def arctan2(self, other: Any) -> Self:
        """Return the angle of the point (other, x) in the plane, in [-π, π]."""
        return apply(e.arctan2, self, other)

    def hypot(self, other: Any) -> Self:
        """Return √(x² + other²), without overflow; the derivatives at (0, 0) are 0."""
        return apply(e.hypot, self, other)

    def logaddexp(self, other: Any) -> Self:
        """Return log(eˣ + exp(other)), without overflow."""
        return apply(e.logaddexp, self, other)

    def remainder(self, other: Any) -> Self:
        """Return x - n · other, n = ⌊x/other⌋: with the sign of `other`."""
        return apply(e.remainder, self, other)

    def fmod(self, other: Any) -> Self:
        """Return x - n · other, n being x/other rounded towards 0: with the sign of x."""
        return apply(e.fmod, self, other)

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
