"""`Tensor`: a node that holds a NumPy array of real numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import DataError, DispatchError, InPlaceError
from autograd_mini.operators import Operators, binary
from autograd_mini.ops import elementwise, linalg, reductions, shaping
from autograd_mini.ops.reductions import Axis
from autograd_mini.ops.shaping import Shape
from autograd_mini.primitive import Primitive
from autograd_mini.tape import Node, contains_node, primal


class Tensor(Operators):
    """An array on the tape; operations follow NumPy's rules of broadcasting and indexing.

    Args:
        data: real numbers in any shape; copied. Integers and booleans become float64.
        dtype: a floating-point dtype; by default that of `data`, or float64.
        name: what tables, pictures and explanations call it.

    Raises:
        DataError: `data` is not made of real numbers, or `dtype` is not a floating-point one.
    """

    __slots__ = ()
    rank = 2

    def __init_subclass__(cls) -> None:
        raise TypeError("a Tensor cannot be subclassed; hold one in an attribute instead")

    def __init__(
        self, data: Any, *, dtype: npt.DTypeLike | None = None, name: str | None = None
    ) -> None:
        if isinstance(data, Node):
            raise DataError(
                f"a Tensor is made from numbers, got a {type(data).__name__}; use it as it is, or "
                ".detach() for a copy without history"
            )
        if contains_node(data):
            raise DataError("a Tensor is made from numbers, got a list of nodes; use stack(...)")
        array = np.array(data)
        if array.dtype.kind not in "fiub":
            remedy = " (an object array of Values is used as it is)" * (array.dtype == object)
            raise DataError(f"a Tensor holds real numbers, got {array.dtype}{remedy}")
        if dtype is None and array.dtype.kind != "f":
            dtype = np.float64
        if dtype is not None:
            array = array.astype(shaping.floating(dtype))
        super().__init__(array, name)

    @staticmethod
    def compute(
        primitive: Primitive, data: list[Any], params: Mapping[str, Any] | None
    ) -> npt.NDArray[Any]:
        """Run the primitive on arrays."""
        z = primitive.array(*data, **params) if params else primitive.array(*data)
        return z if z.__class__ is np.ndarray else np.asarray(z)

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floating-point type of the elements."""
        return self.data.dtype

    @property
    def T(self) -> Self:  # noqa: N802  # NumPy's name
        """The tensor with its axes reversed."""
        return shaping.transpose(self)

    def numpy(self) -> npt.NDArray[Any]:
        """Return a copy of the data as an array, which is on no tape."""
        return np.array(self.data)

    __matmul__, __rmatmul__ = binary(linalg.matmul)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Self:
        return shaping.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise InPlaceError(
            "a Tensor cannot be changed in place: its tape may still need the old numbers. Build a "
            "new one with where(condition, x, y), concatenate or stack, or change a copy of the "
            "data, x.numpy(), and make a Tensor from it"
        )

    def __contains__(self, number: Any) -> bool:
        return bool(np.any(self.data == primal(number)))

    def __repr__(self) -> str:
        text = np.array2string(self.data, separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"Tensor({text}{dtype}{f', name={self.name!r}' if self.name else ''})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Let NumPy read the data; what it computes from it is on no tape."""
        return np.array(self.data, dtype=dtype, copy=copy)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        """Record what stands for a NumPy function; never compute on detached data unasked."""
        if function in _READERS:
            return function(*map(primal, args), **kwargs)
        if function in _BY_FUNCTION:
            return _BY_FUNCTION[function](*args, **kwargs)
        raise DispatchError(
            f"{function.__module__}.{function.__name__} has no rule for a Tensor; those that have "
            f"one: {', '.join(sorted(f.__name__ for f in _BY_FUNCTION))}. To leave the tape, pass "
            "x.numpy()"
        )

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the sum over `axis`: all axes, one, or a tuple of them."""
        return reductions.sum(self, axis, keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the mean over `axis`."""
        return reductions.mean(self, axis, keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the largest element along `axis`; tied elements share the cotangent equally."""
        return reductions.max(self, axis, keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the smallest element along `axis`; tied elements share the cotangent equally."""
        return reductions.min(self, axis, keepdims)

    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return log(sum(exp(x))) over `axis`, without overflow."""
        return reductions.logsumexp(self, axis, keepdims)

    def log_softmax(self, axis: int = -1) -> Self:
        """Return the logarithm of the softmax along `axis`, without overflow."""
        return reductions.log_softmax(self, axis)

    def reshape(self, *shape: Any) -> Self:
        """Return the same elements in another shape, given as one tuple or as integers."""
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Self:
        """Return the tensor with its axes permuted, by default reversed."""
        return shaping.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def expand_dims(self, axis: Shape) -> Self:
        """Return the tensor with axes of length 1 inserted at the positions `axis`."""
        return shaping.expand_dims(self, axis)

    def broadcast_to(self, shape: Shape) -> Self:
        """Return the tensor repeated to `shape` by NumPy's rules."""
        return shaping.broadcast_to(self, shape)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """Return the tensor in another floating-point precision."""
        return shaping.astype(self, dtype)


_READERS = {np.shape, np.ndim, np.size, np.array_equal, np.allclose, np.isclose, np.array2string}

_BY_FUNCTION: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: reductions.sum,
    np.mean: reductions.mean,
    np.max: reductions.max,
    np.min: reductions.min,
    np.reshape: shaping.reshape,
    np.transpose: shaping.transpose,
    np.expand_dims: shaping.expand_dims,
    np.broadcast_to: shaping.broadcast_to,
    np.concatenate: shaping.concatenate,
    np.stack: shaping.stack,
    np.where: elementwise.where,
}
