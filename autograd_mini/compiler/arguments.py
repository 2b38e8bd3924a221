"""The arguments of a compiled function, taken apart: units of numbers, and all else as a key.

A unit is a number, an array, a node, or an object array of those. What has the same key can be
replayed by one program: containers, shapes, and whatever holds no number is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from operator import attrgetter
from types import BuiltinFunctionType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy import ndarray

from autograd_mini.compiler.aim import Aim
from autograd_mini.errors import DataError
from autograd_mini.primitive import Primitive
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tensor import Tensor
from autograd_mini.transforms.structure import apart, is_leaf, static_of
from autograd_mini.value import Value, values

Array = npt.NDArray[Any]

NUMBERS = frozenset(np.typecodes["AllInteger"] + np.typecodes["Float"])
"""The codes of the dtypes of arrays of real numbers."""


def taken(tree: Any, units: list[Any], axis: int | None = None) -> Any:
    """Append the units of a structure, as floats and arrays, to `units`; return its key.

    Args:
        tree: the structure.
        units: what is appended to.
        axis: along which the lanes lie, whose number does not matter.

    Raises:
        DataError: there is something in it that cannot be compared with that of the next call.
    """
    kind = tree.__class__
    if kind is ndarray and tree.dtype.char in NUMBERS:
        units.append(tree)
        if axis is None:
            return tree.shape
        shape = tree.shape
        return shape[1:] if axis == 0 and shape else of_lane(shape, axis)
    if kind is float:
        units.append(tree)
        return float
    if kind is list or kind is tuple:
        return kind, tuple([taken(part, units, axis) for part in tree])
    if kind is dict:
        return tuple(tree), tuple([taken(part, units, axis) for part in tree.values()])
    if kind is Tensor and axis is None:
        units.append(tree.primal)
        return kind, tree.primal.shape, tree.primal.dtype
    if kind is ndarray and tree.dtype.char == "O" and (numbers := node_numbers(tree)) is not None:
        units.append(numbers)
        return of_lane(tree.shape, axis), True
    if is_unit(tree):
        units.append(numbers_of(tree))
        return unit_key(tree, axis)
    parts = apart(tree)
    if parts is not None:
        return kind, static_of(tree), tuple([taken(part, units, axis) for part in parts[0]])
    if axis is not None and isinstance(tree, np.ndarray | bool | str | bytes):
        what = f"an array of {tree.dtype}" if isinstance(tree, np.ndarray) else repr(tree)
        raise DataError(
            f"{what} was given where in_axes says that each lane has its own part, and only arrays "
            "of numbers are taken apart: give x.astype(float), or say None for what is shared"
        )
    if isinstance(tree, np.ndarray):  # of booleans, or texts
        return tree.shape, tree.dtype.char, tree.tobytes()
    if not is_settled(tree):
        raise DataError(
            f"a compiled function was given {kind.__name__} {tree!r:.60}, which can change without "
            "being noticed; give numbers, arrays of NumPy (np.asarray makes one), nodes, "
            "structures of those (dict, list, tuple, dataclass, Module), or what is hashed by its "
            "value, as a string is; a compiled method is called on its object, net.loss(x)"
        )
    return kind, tree


def is_settled(x: Any) -> bool:
    """Return whether the hash of an object says all that a function can see of it."""
    if hasattr(x, "__array__") and not isinstance(x, np.generic):  # another library's array
        return False
    try:
        hash(x)
    except TypeError:
        return False
    return (
        type(x).__hash__ is not object.__hash__  # type: ignore[comparison-overlap]  # may be its own
        or isinstance(x, SETTLED)
        or hasattr(x, "__wrapped__")  # a decorated function
        or hasattr(x, "random")  # a generator, which draws anew at each replay
    )


SETTLED = (
    NoneType,
    type,
    FunctionType,
    BuiltinFunctionType,
    ModuleType,
    np.ufunc,
    partial,
    Primitive,
)
"""What is hashed by its identity and stays as it is."""

LEAVES = frozenset({Value, Tensor, float, int})
"""The classes of what there is in most object arrays."""

RETURNED = (str, bytes, bool, complex, np.generic, Enum, type, NoneType)
"""What a compiled function may return besides numbers, and gives at each replay."""


def blank(tree: Any) -> Any:
    """Return what a function returned with zeros in the place of its units.

    Raises:
        DataError: there is something in it that may hold nodes unseen.
    """
    zeros = (np.zeros(np.shape(primal(unit))) for unit in units_in(tree))
    return with_units(tree, (x if x.ndim else 0.0 for x in zeros), returned)


def returned(x: Any) -> Any:
    """Return something that holds no numbers as it is, an array as a copy."""
    if isinstance(x, np.ndarray):
        return x.copy()
    if not isinstance(x, RETURNED):
        raise DataError(
            f"a compiled function returned {type(x).__name__} {x!r:.60}, which a replay cannot "
            "make anew; return numbers, arrays, nodes, strings, None, or structures of those "
            "(dict, list, tuple, dataclass)"
        )
    return x


def unit_key(unit: Any, axis: int | None) -> Any:
    """Return what must be the same of a unit: its shape, and of a node its kind and dtype."""
    if isinstance(unit, Node):
        dtype = getattr(unit.primal, "dtype", None)
        return type(unit), of_lane(np.shape(unit.primal), axis), dtype
    if isinstance(unit, np.ndarray):
        return of_lane(unit.shape, axis), of_nodes(unit)
    return float


def of_lane(shape: tuple[int, ...], axis: int | None) -> tuple[Any, ...]:
    """Return a shape without the axis along which the lanes lie; it is marked if it has none."""
    if axis is None:
        return shape
    if not -len(shape) <= axis < len(shape):
        return "no axis", *shape
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def is_unit(x: Any) -> bool:
    """Return whether something is taken as one: a leaf, or an object array of leaves."""
    if is_object_array(x):
        return LEAVES.issuperset(map(type, x.ravel().tolist())) or all(map(is_leaf, x.flat))
    return is_leaf(x)


def units_in(tree: Any) -> Iterator[Any]:
    """Yield the units of a structure in order."""
    if is_unit(tree):
        yield tree
        return
    parts = apart(tree)
    for part in () if parts is None else parts[0]:
        yield from units_in(part)


def with_units(tree: Any, new: Iterator[Any], other: Callable[[Any], Any] = lambda x: x) -> Any:
    """Return a structure like `tree` with its units replaced, one after the other, by `new`.

    `other` says what stands in the place of something that is none.
    """
    kind = tree.__class__
    if kind is float or (kind is np.ndarray and tree.dtype.char in NUMBERS):
        return next(new)
    if kind is list or kind is tuple:
        return kind([with_units(part, new, other) for part in tree])
    if is_unit(tree):
        return next(new)
    parts = apart(tree)
    if parts is None:
        return other(tree)
    return parts[1]([with_units(part, new, other) for part in parts[0]])


def numbers_of(unit: Any) -> Any:
    """Return a unit as a number or as an array of numbers."""
    if isinstance(unit, np.ndarray):
        if unit.dtype.char != "O":
            return unit
        numbers = node_numbers(unit)
        if numbers is None:
            numbers = np.array([primal(x) for x in unit.flat], dtype=float).reshape(unit.shape)
        return numbers
    number = primal(unit)
    return number if isinstance(number, np.ndarray | np.generic | int) else float(number)


def node_numbers(array: Array) -> Array | None:
    """Return the numbers in an object array of nodes; None if there is something else in it."""
    try:
        numbers = [*map(PRIMAL, array.flat)]
    except AttributeError:
        return None
    return np.array(numbers, dtype=float).reshape(array.shape)


PRIMAL = attrgetter("primal")


def of_nodes(unit: Any) -> bool:
    """Return whether a unit is a node, or an array with a node in it."""
    if isinstance(unit, Node):
        return True
    return is_object_array(unit) and any(isinstance(x, Node) for x in unit.flat)


def form_of(unit: Any) -> Callable[[Any], Any]:
    """Return what gives numbers the form of a unit: a float, an array, or nodes."""
    if isinstance(unit, Node):
        return type(unit)
    if isinstance(unit, np.ndarray):
        return values if of_nodes(unit) else np.asarray
    return float


def zeros_like(unit: Any, axis: int | None) -> Any:
    """Return zeros in the form of a unit, with one lane along `axis`."""
    shape = [*np.shape(numbers_of(unit))]
    if axis is not None:
        shape[axis] = 1
    return form_of(unit)(np.zeros(shape))


def in_structure(aim: Aim, args: Sequence[Any], arrays: Iterable[Any]) -> Any:
    """Return arrays, one a unit, in the structure of the arguments that are differentiated by."""
    remaining = iter(arrays)
    found = [with_units(args[position], remaining, lambda other: None) for position in aim.argnums]
    return found[0] if aim.single else tuple(found)


def whole_of(tree: Any, is_part: Callable[[Any], bool]) -> Callable[[Iterator[Any]], Any] | None:
    """Return what makes something like `tree` of new parts; None where that is not simple.

    It is for a part by itself, and for a list, tuple or dict of parts.
    """
    if is_part(tree):
        return next
    kind = tree.__class__
    if kind is dict and all(map(is_part, tree.values())):
        names = [*tree]
        return lambda parts: dict(zip(names, parts, strict=True))
    if (kind is list or kind is tuple) and all(map(is_part, tree)):
        return kind
    return None


def paths_in(tree: Any, name: str) -> Iterator[str]:
    """Yield what each unit of a structure is called, as `W.hidden` or `layers.0`."""
    if is_unit(tree):
        yield name
        return
    parts = apart(tree)
    if parts is None:
        return
    keys: Sequence[Any] = range(len(parts[0]))
    if isinstance(tree, dict):
        keys = [*tree]
    elif is_dataclass(tree):
        keys = [field.name for field in fields(tree)]
    for key, part in zip(keys, parts[0], strict=True):
        yield from paths_in(part, f"{name}.{key}")
