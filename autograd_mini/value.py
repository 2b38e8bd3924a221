"""`Value`: a node that holds one float; and NumPy object arrays of `Value`s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from autograd_mini.changes import read_only
from autograd_mini.errors import DataError, NoGradientError
from autograd_mini.operators import Operators
from autograd_mini.ops import elementwise as e
from autograd_mini.primitive import Primitive
from autograd_mini.recording import apply, on_floats, record
from autograd_mini.tape import NONE, Node, check_not_traced, is_object_array, next_index, primal
from autograd_mini.tracer import TRACER, told


def fast_binary(primitive: Primitive) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the methods `x ∘ y` and `y ∘ x` of `Value`, with a short way for floats.

    They do what `operators.binary` does. Sums and products of `Value`s and floats are nearly all
    that a scalar graph consists of, and this way builds it in half the time.
    """
    scalar = primitive.scalar
    assert scalar is not None

    def method(self: Value, other: Any) -> Any:
        try:
            if other.__class__ is Value:
                return record(Value, scalar(self.primal, other.primal), primitive, (self, other))
            if other.__class__ is float or other.__class__ is int:
                return record(Value, scalar(self.primal, other), primitive, (self, other))
        except ArithmeticError:  # apply() knows the IEEE result
            pass
        return apply(primitive, self, other)

    def reflected(self: Value, other: Any) -> Any:
        try:
            if other.__class__ is float or other.__class__ is int:
                return record(Value, scalar(other, self.primal), primitive, (other, self))
        except ArithmeticError:
            pass
        return apply(primitive, other, self)

    return method, reflected


class Value(Operators):
    """A scalar on the tape.

    Args:
        data: a real number; kept as a Python float.
        name: what tables, pictures and explanations call it.

    Raises:
        DataError: `data` is not one real number.
    """

    __slots__ = ()
    rank = 1

    def __init_subclass__(cls) -> None:
        raise TypeError("a Value cannot be subclassed; hold one in an attribute instead")

    def __init__(self, data: Any, *, name: str | None = None) -> None:
        super().__init__(self.checked(data), name)

    def checked(self, data: Any) -> float:
        """Return one real number as a float."""
        if data.__class__ is float:  # most often
            return data
        if isinstance(data, np.ndarray | np.generic) and data.ndim == 0:
            data = data.item()
        if not isinstance(data, Real):
            remedy = ""
            if isinstance(data, Node):
                remedy = "; use it as it is, or .detach() for a copy without history"
            elif isinstance(data, np.ndarray | list | tuple):
                remedy = "; use Tensor(...) for an array, values(...) for an array of Values"
            raise DataError(
                f"a Value holds one real number, got {type(data).__name__} {data!r:.60}{remedy}"
            )
        return float(data)

    @staticmethod
    def compute(primitive: Primitive, data: list[Any], params: Mapping[str, Any] | None) -> float:
        """Run the primitive on floats."""
        if primitive.scalar is None:
            raise DataError(
                f"{primitive.name} works on arrays and a Value is one number; use a Tensor, or an "
                "object array of Values"
            )
        return on_floats(primitive, data)

    __add__, __radd__ = fast_binary(e.add)
    __sub__, __rsub__ = fast_binary(e.subtract)
    __mul__, __rmul__ = fast_binary(e.multiply)
    __truediv__, __rtruediv__ = fast_binary(e.divide)

    def conjugate(self) -> Value:
        """Return the number itself, which is real: NumPy's var and std of objects ask for it."""
        return self

    def __repr__(self) -> str:
        told(self)
        return f"Value({self.primal!r}{f', name={self.name!r}' if self.name else ''})"


def values(array: Any, *, name: str | None = None) -> Any:
    """Return an object array of `Value`s, one leaf for each number of `array`.

    With a name, the element at [i, j] is called `name[i,j]`.
    """
    numbers = np.asarray(array)
    flat = numbers.ravel().tolist()
    made = floats(flat) if numbers.dtype == float else map(Value, flat)
    nodes = np.fromiter(made, object, numbers.size)  # slices would ask each node for its length
    for node, index in zip(nodes if name else (), np.ndindex(numbers.shape), strict=False):
        node.name = f"{name}[{','.join(map(str, index))}]" if index else name
    return nodes.reshape(numbers.shape)


def floats(numbers: list[float]) -> list[Value]:
    """Return a leaf for each float, as `Value(x)` is one; without a call for each it is fast."""
    new, kind, index, none = Value.__new__, Value, next_index, NONE
    nodes = []
    for x in numbers:
        node = new(kind)
        node.primal = x
        node.changed = 0
        node.grad = node.name = node.params = node.primitive = None
        node.index = index()
        node.operand0 = node.operand1 = none
        node.scope = ""
        nodes.append(node)
    return nodes


def data(a: Any) -> Any:
    """Return the primals of a node, or of an (object) array of nodes and numbers, as floats."""
    if TRACER.get() is not None:
        for x in [a] if isinstance(a, Node) else np.asarray(a, dtype=object).flat:
            told(x)
    return primals(a)


def primals(a: Any) -> Any:
    """Return the same where the numbers steer nothing, as those that are only checked."""
    if isinstance(a, Node):
        return read_only(a.primal) if a.rank > 1 else a.primal
    a = np.asarray(a)
    return a if a.dtype != object else np.asarray(np.frompyfunc(primal, 1, 1)(a), dtype=float)


def write(a: Any, numbers: Any) -> None:
    """Set the primals of a node or of an object array, or the elements of a plain array.

    The data of a `Tensor` are replaced by the array `numbers` itself; a plain array is changed in
    place.
    """
    check_not_traced("an optimiser or load_state_dict()", "update parameters outside of it")
    if isinstance(a, Node):
        a.primal = numbers if a.rank > 1 else float(numbers)
        a.changed = next_index()
    elif is_object_array(a):
        for node, number in zip(a.flat, np.ravel(numbers), strict=True):
            write(node, number)
    else:
        a[...] = numbers


def grads(a: Any) -> Any:
    """Return the adjoints of a node, or of an object array of `Value`s, as floats.

    Raises:
        NoGradientError: an element has none: not computed is not zero.
    """
    nodes = [a] if isinstance(a, Node) else list(np.asarray(a, dtype=object).flat)
    missing = sum(not isinstance(x, Node) or x.grad is None for x in nodes)
    if missing:
        raise NoGradientError(
            f"{missing} of {len(nodes)} nodes have no gradient; call backward() on an output that "
            "depends on them. (NumPy's maximum and max of an object array pick one object, and the "
            "others are on no tape; relu and am.maximum keep all of them)"
        )
    if isinstance(a, Node):
        return a.grad
    return np.array([x.grad for x in nodes], dtype=float).reshape(np.shape(a))
