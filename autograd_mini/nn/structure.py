"""Modules as structures: taken apart, built anew, and told apart by what else they hold.

All of it is done at each call of a compiled function that takes a module.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from autograd_mini.nn.module import COLLECTIONS, PLAIN, Module, parameters_in
from autograd_mini.tape import Node, is_object_array
from autograd_mini.transforms.structure import Build, register_container


def apart(module: Module) -> tuple[list[Any], Build]:
    """Return the parameters of a module, and how to make one like it that has others."""
    parameters = parameters_in([module], set())

    def build(new: Iterable[Any]) -> Module:
        replaced = {id(old): other for old, other in zip(parameters, new, strict=True)}
        return _copied(module, replaced)

    return parameters, build


def _copied(x: Any, replaced: dict[int, Any]) -> Any:
    """Return a copy of the modules and collections in `x`, with other parameters in them."""
    if id(x) in replaced:
        return replaced[id(x)]
    if isinstance(x, Module):
        replaced[id(x)] = new = copy.copy(x)  # known before its parts, which may point back
        attributes = vars(new)
        for name, item in vars(x).items():
            if item.__class__ not in PLAIN:
                attributes[name] = _copied(item, replaced)
        return new
    if isinstance(x, dict):
        return {key: _copied(item, replaced) for key, item in x.items()}
    if isinstance(x, COLLECTIONS):
        return getattr(x, "_make", type(x))([_copied(item, replaced) for item in x])
    return x


def static(module: Module) -> Hashable:
    """Return all that a module holds besides parameters: settings, and the classes of modules."""
    return tuple(statics_in([("", module)], {}))


def statics_in(parts: Iterable[tuple[Any, Any]], seen: dict[int, int]) -> list[Hashable]:
    """Return the names in a module, and what stands by them, without the numbers of nodes.

    What changes inside of an object of another class, which may have no end, goes unnoticed.

    Args:
        parts: modules, collections of those, and whatever else, each with its name.
        seen: a number for each module and node that was met, by `id`; it is added to.
    """
    found: list[Hashable] = []
    for name, x in parts:
        if name in UNSEEN:
            continue
        kind = x.__class__
        found += name, kind
        if kind in PLAIN:
            found.append(x)
        elif isinstance(x, Module):
            is_new = id(x) not in seen
            found.append(seen.setdefault(id(x), len(seen)))
            if is_new:
                found.append(x.training)
                found += statics_in(vars(x).items(), seen)
        elif isinstance(x, COLLECTIONS):
            found.append(len(x))
            found += statics_in(x.items() if isinstance(x, dict) else enumerate(x), seen)
        elif isinstance(x, Node) or is_object_array(x):
            found.append(seen.setdefault(id(x), len(seen)))
        elif isinstance(x, np.ndarray):
            found += x.shape, x.dtype, x.tobytes()
        elif not isinstance(x, np.random.Generator):  # a copy of a module has another one
            found.append(x if is_hashable(x) else Same(x))
    return found


UNSEEN = {"_called", "_compiled_methods"}
"""Attributes that no result depends on: the name of a module that ran, and its programs."""


def is_hashable(x: Any) -> bool:
    """Return whether something has a hash: a text its own, a function that of its identity."""
    try:
        hash(x)
    except TypeError:
        return False
    return True


class Same:
    """What is equal for the same object alone."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.x is self.x

    def __hash__(self) -> int:
        return id(self.x)


register_container(Module, apart, static)
