"""Recording: `apply` computes a primitive and writes the node of the result onto the tape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.anomaly import of_traced
from autograd_mini.changes import Watch
from autograd_mini.errors import DataError
from autograd_mini.state import SCOPE
from autograd_mini.tape import Node, contains_node, is_object_array, next_index
from autograd_mini.threads import pause_collector, resume_collector
from autograd_mini.tracer import TRACER

if TYPE_CHECKING:
    from autograd_mini.primitive import Primitive


def apply(primitive: Primitive, *operands: Any, params: Mapping[str, Any] | None = None) -> Any:
    """Compute a primitive on nodes and constants and record the result; the one way to do so.

    Without a node among the operands the result is a plain number or array, which is how the rules
    run in a sweep that is not recorded. A `Value` beside a Tensor becomes one. Object arrays of
    `Value`s give object arrays of `Value`s.

    Raises:
        DataError: an operand is not made of real numbers, or is an object array of `Value`s beside
            a Tensor.
    """
    kind: type[Node] | None = None
    data = []
    numbers = True  # every constant is a Python number
    unusual = False  # some constant had to be converted, or is an object array
    for x in operands:
        if isinstance(x, Node):
            if kind is None:
                kind = x.__class__
            elif kind is not x.__class__:
                return apply(primitive, *map(as_tensor_like(operands), operands), params=params)
            if x.changed.__class__ is Watch:
                x.changed.look()  # what was written until now is what is computed with
            data.append(x.primal)
        elif x.__class__ is float or x.__class__ is int:
            data.append(x)
        else:
            numbers = False
            if x.__class__ is not np.ndarray or x.dtype.kind not in "fb":
                x = constant(primitive.name, x)
                unusual = True
            data.append(x)
    if unusual or (not numbers and kind is not None and kind.rank == 1):
        if any(map(is_object_array, data)) or (
            kind is not None and kind.rank == 1 and any(map(np.ndim, data))
        ):
            return apply_to_objects(primitive, kind, operands, params)
        if kind is not None and kind.rank == 1:
            data = [float(x) for x in data]
        operands = tuple(
            x if isinstance(x, Node) else c for x, c in zip(operands, data, strict=True)
        )
    if not numbers and kind is not None:
        operands = tuple(map(kept, operands))
    if kind is None:
        if numbers and primitive.scalar is not None:
            return on_floats(primitive, data)
        return primitive.array(*data, **params) if params else primitive.array(*data)
    try:
        z = kind.compute(primitive, data, params)
    except (FloatingPointError, RuntimeWarning):  # NumPy was told to raise
        with np.errstate(all="ignore"):  # detect_anomaly() has more to say about the result
            record(kind, kind.compute(primitive, data, params), primitive, operands, params)
        raise
    return record(kind, z, primitive, operands, params)


COPIED = 2**20
"""Constant arrays of up to so many bytes are copied onto the tape."""


def kept(x: Any) -> Any:
    """Return a constant as the tape keeps it, safe from later changes: a buffer may be used again.

    Copying a large array would cost as much as computing with it, and its memory: it is kept as it
    is, like one that cannot be written to.
    """
    if x.__class__ is np.ndarray and x.nbytes <= COPIED and x.flags.writeable:
        return x.copy()
    return x


def as_tensor_like(operands: Sequence[Any]) -> Callable[[Any], Any]:
    """Return what makes a Tensor of each `Value` among operands of both kinds.

    As a Python float beside an array does, it takes on the precision of the others.
    """
    kind = next(x.__class__ for x in operands if isinstance(x, Node) and x.rank > 1)
    arrays = [x.primal if isinstance(x, Node) else x for x in operands]
    dtype = np.result_type(1.0, *[x.dtype for x in arrays if isinstance(x, np.ndarray)])
    if dtype.kind != "f":  # an object array, which apply() refuses
        dtype = np.dtype(float)
    return lambda x: kind.of_value(x, dtype) if isinstance(x, Node) and x.rank == 1 else x


_new, _current_scope = object.__new__, SCOPE.get  # looked up once: record() makes every node


def record(
    kind: type[Node],
    data: Any,
    primitive: Primitive,
    parents: tuple[Any, ...],
    params: Mapping[str, Any] | None = None,
) -> Any:
    """Make the node of a result; under `no_grad()` it is a leaf."""
    node = _new(kind)
    node.primal = data
    node.changed = 0
    node.grad = None
    node.index = next_index()
    node.name = None
    where = _current_scope()
    if where.__class__ is str or (
        where is not None
        and (where := of_traced(where, node.index, data, primitive, parents)) is not None
    ):
        node.primitive = primitive
        if len(parents) == 2:  # most often; what the setter of `parents` does, without the call
            node.operand0, node.operand1 = parents
        else:
            node.parents = parents
        node.params = params
        node.scope = where
        return node
    node.scope = ""
    tracer = TRACER.get()
    if tracer is not None:  # a program computes it anew, and sends no gradient through it
        node.primitive, node.parents, node.params = primitive, parents, params
        return tracer.unlinked(node)
    node.primitive, node.parents, node.params = None, (), None
    return node


def on_floats(primitive: Primitive, data: Sequence[float]) -> float:
    """Run a primitive on floats, with IEEE results (inf, nan) where Python's math would raise."""
    assert primitive.scalar is not None
    try:
        return primitive.scalar(*data)
    except (ArithmeticError, ValueError):
        return float(primitive.array(*map(np.float64, data)))


def apply_to_objects(
    primitive: Primitive,
    kind: type[Node] | None,
    operands: Sequence[Any],
    params: Mapping[str, Any] | None,
) -> Any:
    """Run a primitive on object arrays of `Value`s: on each element, or as NumPy itself does."""
    if kind is not None and kind.rank > 1:
        raise DataError(
            f"{primitive.name}: a Tensor does not mix with an object array of Values; use one kind "
            "(a function that has Tensors around it is compiled with compile(f, kind=Tensor))"
        )
    pause_collector()
    try:
        if primitive.scalar is not None:
            boxed = [boxed_node(x) if isinstance(x, Node) else x for x in operands]
            return np.frompyfunc(primitive, len(operands), 1)(*boxed)
        return primitive.array(*operands, **(params or {}))
    finally:
        resume_collector()


def boxed_node(node: Node) -> Any:
    """Return a 0-d object array of a node, which NumPy broadcasts without asking what is in it."""
    box = np.empty((), dtype=object)
    box[()] = node
    return box


def constant(operation: str, x: Any) -> Any:
    """Return a plain operand as a float, a NumPy scalar or an array, of numbers or of objects.

    Integers become float64, as in a `Tensor`.
    """
    if isinstance(x, list | tuple):
        if contains_node(x, rank=2):
            raise DataError(f"{operation}: got a list of Tensors; join them with stack(...)")
        x = np.asarray(x)
    if isinstance(x, np.matrix | np.ma.MaskedArray):
        raise DataError(
            f"{operation}: got a {type(x).__name__}, whose operations are not those of an array; "
            "give np.asarray(x), or where(mask, x, 0.0)"
        )
    if isinstance(x, np.ndarray | np.generic):
        if x.dtype.kind in "iu":
            return x.astype(np.float64)
        if x.dtype.kind in "fbO":
            return x
    elif isinstance(x, Real):
        return float(x)
    raise DataError(f"{operation}: expected real numbers, got {type(x).__name__} {x!r:.60}")
