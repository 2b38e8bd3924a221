"""Arguments and results as users nest them: containers within containers, with leaves in them.

Containers are dicts, lists, tuples, named tuples, dataclasses, object arrays, and what
`register_container` was told of (`Module`, for one). Leaves are numbers, arrays and nodes. All else
(a string, None, True, a function) is left as it is and has no derivative.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from numbers import Real
from typing import Any

import numpy as np

from autograd_mini.tape import Node, is_object_array

Build = Callable[[Iterable[Any]], Any]
"""From new parts, in order, to a container like the one that they replace the parts of."""

_REGISTERED: dict[type, Callable[[Any], tuple[list[Any], Build]]] = {}
_STATIC: dict[type, Callable[[Any], Hashable]] = {}


def register_container(
    kind: type,
    taken_apart: Callable[[Any], tuple[list[Any], Build]],
    static: Callable[[Any], Hashable] = lambda tree: None,
) -> None:
    """Let transforms look into objects of a class and its subclasses.

    Args:
        kind: the class.
        taken_apart: returns the parts of an object, and a function that builds another one from as
            many new parts.
        static: returns what else a result can depend on, such as settings.
    """
    _REGISTERED[kind], _STATIC[kind] = taken_apart, static


def static_of(tree: Any) -> Hashable:
    """Return what a result can depend on of a container besides its parts."""
    for kind, static in _STATIC.items():
        if isinstance(tree, kind):
            return static(tree)
    if isinstance(tree, dict):
        return repr([*tree])
    return tree.shape if is_object_array(tree) else None


def leaves(tree: Any) -> Iterator[Any]:
    """Yield the leaves of a structure in order."""
    parts = apart(tree)
    if parts is None:
        if is_leaf(tree):
            yield tree
        return
    for part in parts[0]:
        if isinstance(part, Node):  # as thousands may be, in an object array
            yield part
        else:
            yield from leaves(part)


def rebuilt(tree: Any, new: Iterator[Any], other: Callable[[Any], Any] = lambda x: x) -> Any:
    """Return a structure like `tree` with its leaves replaced, one after the other, by `new`.

    `other` says what stands in the place of something that is no leaf.
    """
    parts = apart(tree)
    if parts is None:
        return next(new) if is_leaf(tree) else other(tree)
    children, build = parts
    return build([next(new) if isinstance(x, Node) else rebuilt(x, new, other) for x in children])


def is_leaf(x: Any) -> bool:
    """Return whether something is a number, an array of numbers or a node."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "fiu"
    return isinstance(x, Node) or (isinstance(x, Real) and not isinstance(x, bool | np.bool_))


def apart(tree: Any) -> tuple[list[Any], Build] | None:
    """Return the parts of a container and how to build another one; None for what is none."""
    if tree.__class__ is float or (tree.__class__ is np.ndarray and tree.dtype.char != "O"):
        return None  # most often
    for kind, taken_apart in _REGISTERED.items():
        if isinstance(tree, kind):
            return taken_apart(tree)
    if isinstance(tree, dict):
        return [*tree.values()], lambda new: _like(tree, zip(tree, new, strict=True))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [*tree], lambda new: type(tree)(*new)
    if isinstance(tree, list | tuple):
        return [*tree], type(tree)
    if is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in fields(tree)]
        return [getattr(tree, name) for name in names], lambda new: _with(tree, names, new)
    if is_object_array(tree):
        return [*tree.flat], lambda new: _array([*new], tree.shape)
    return None


def _like(tree: dict[Any, Any], items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    new = copy.copy(tree)  # an OrderedDict stays one, a defaultdict keeps its default
    new.update(items)
    return new


def _with(tree: Any, names: list[str], new: Iterable[Any]) -> Any:
    changed = copy.copy(tree)
    for name, part in zip(names, new, strict=True):
        object.__setattr__(changed, name, part)  # of a frozen dataclass, too
    return changed


def _array(parts: list[Any], shape: tuple[int, ...]) -> Any:
    """Return an array of numbers, or an object array where a part is a node or something else."""
    if all(isinstance(x, float | np.ndarray) and not is_object_array(x) for x in parts) and parts:
        return np.reshape(np.stack(parts), (*shape, *np.shape(parts[0])))
    array = np.empty(len(parts), dtype=object)
    for i, part in enumerate(parts):
        array[i] = part
    return array.reshape(shape)
