"""`Tensor`: a node that holds a NumPy array of real numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt

from autograd_mini.changes import Watch, read_only
from autograd_mini.conditions import Conditions
from autograd_mini.errors import DataError, InPlaceError
from autograd_mini.operators import Operators, binary
from autograd_mini.ops import (
    indexing,
    linalg,
    moving,
    products,
    reductions,
    scans,
    shaping,
    softmaxes,
    statistics,
    subscripts,
)
from autograd_mini.ops.kinds import to_tensor
from autograd_mini.ops.updates import At
from autograd_mini.primitive import Primitive
from autograd_mini.state import check_readable
from autograd_mini.tape import Node, contains_node, primal
from autograd_mini.tracer import told


class Tensor(Conditions, Operators):
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
        array = self.checked(data)
        if dtype is not None:
            array = array.astype(shaping.floating(dtype))
        super().__init__(array, name)

    def checked(self, data: Any) -> npt.NDArray[Any]:
        """Return real numbers as an array of its own; integers and booleans become float64."""
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
        return array if array.dtype.kind == "f" else array.astype(np.float64)

    @property
    def data(self) -> npt.NDArray[Any]:
        """The array itself; see `Node.data`. Elements may be written to between sweeps, too."""
        told(self)
        if not isinstance(self.changed, Watch):
            if self.primal.base is not None:  # a view of an array that other nodes have as well
                self.primal = self.primal.copy()
            self.changed = Watch(self.primal, self.changed)
        return self.primal

    @data.setter
    def data(self, data: Any) -> None:
        if data is self.primal:  # as in p.data -= ..., which the watch sees
            return
        Node.data.fset(self, data)  # type: ignore[attr-defined]  # a property has it

    @classmethod
    def of_value(cls, x: Any, dtype: Any = np.float64) -> Self:
        """Return the number of a `Value` as a Tensor without axes, recorded."""
        return to_tensor(x, cls, dtype)

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
        return self.primal.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.primal.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.primal.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floating-point type of the elements."""
        return self.primal.dtype

    @property
    def T(self) -> Self:  # noqa: N802  # NumPy's name
        """The tensor with its axes reversed."""
        return shaping.transpose(self)

    @property
    def mT(self) -> Self:  # noqa: N802  # NumPy's name
        """The tensor with its last two axes interchanged."""
        return shaping.matrix_transpose(self)

    @property
    def at(self) -> At:
        """What names elements to change: `x.at[index].set(y)` returns a new tensor."""
        return At(self)

    def numpy(self) -> npt.NDArray[Any]:
        """Return a copy of the data as an array, which is on no tape."""
        told(self)
        return np.array(self.primal)

    def tolist(self) -> Any:
        """Return the data as Python floats, in lists as deep as there are axes."""
        told(self)
        return self.primal.tolist()

    __matmul__, __rmatmul__ = binary(linalg.matmul)

    def __len__(self) -> int:
        return len(self.primal)

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Self:
        return indexing.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise InPlaceError(
            "a Tensor cannot be changed in place: its tape may still need the old numbers. Build a "
            "new one with x.at[index].set(y), where(condition, x, y), concatenate or stack, or "
            "change a copy of the data, x.numpy(), and make a Tensor from it"
        )

    def __contains__(self, number: Any) -> bool:
        told(self)
        told(number)
        return bool(np.any(self.primal == primal(number)))

    def __repr__(self) -> str:
        told(self)
        text = np.array2string(self.primal, separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"Tensor({text}{dtype}{f', name={self.name!r}' if self.name else ''})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Let NumPy read the data; what it computes from it is on no tape."""
        check_readable(self, "np.asarray(x), np.array([x, y]) or what calls it,")
        told(self)
        if copy is not True and dtype in (None, self.primal.dtype):
            return read_only(self.primal)
        return np.array(self.primal, dtype=dtype, copy=copy)

    def reshape(self, *shape: Any, order: str = "C") -> Self:
        """Return the same elements in another shape, given as one tuple or as integers."""
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape, order)

    def transpose(self, *axes: Any) -> Self:
        """Return the tensor with its axes permuted, by default reversed."""
        return shaping.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Return the place of the largest element, the first if tied; on no tape."""
        told(self)
        return np.argmax(self.primal, axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Return the place of the smallest element, the first if tied; on no tape."""
        told(self)
        return np.argmin(self.primal, axis, keepdims=keepdims)

    def argsort(self, axis: int | None = -1) -> Any:
        """Return the places that sort the elements, tied ones in their order; on no tape."""
        told(self)
        return np.argsort(self.primal, axis, kind="stable")

    # Functions of the table whose first operand is this tensor, as methods.
    sum = reductions.sum
    mean = reductions.mean
    max = reductions.max
    min = reductions.min
    ravel = flatten = shaping.ravel
    squeeze = shaping.squeeze
    swapaxes = shaping.swapaxes
    copy = shaping.copy
    dot = products.dot
    trace = subscripts.trace
    prod = reductions.prod
    logsumexp = softmaxes.logsumexp
    softmax = softmaxes.softmax
    log_softmax = softmaxes.log_softmax
    var = statistics.var
    std = statistics.std
    ptp = statistics.ptp
    cumsum = scans.cumsum
    cumprod = scans.cumprod
    expand_dims = shaping.expand_dims
    broadcast_to = shaping.broadcast_to
    astype = shaping.astype
    take = indexing.take
    diagonal = indexing.diagonal
    repeat = moving.repeat
