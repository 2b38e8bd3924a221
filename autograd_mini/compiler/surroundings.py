"""What surrounds a function: the names from outside that it uses, and the modules that it calls.

A trace has their objects in it. They are looked at again before each replay, so that a name or an
attribute that stands for another object by then is noticed. What is inside of such an object, as
the elements of a list, is not looked at.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import CellType, CodeType
from typing import Any, NamedTuple

Names = dict[str, Any]
"""Objects by name: globals, or the attributes of a module."""


class Surroundings(NamedTuple):
    """The objects that were found around a function.

    Attributes:
        attributes: owner, name and object: variables of functions around, default arguments.
        namespaces: the objects by name now, and those of them that were found.
    """

    attributes: list[tuple[Any, str, Any]]
    namespaces: list[tuple[Names, Names]]

    def unchanged(self) -> Surroundings:
        """Return what still is as it was found."""
        return Surroundings(
            [(owner, name, x) for owner, name, x in self.attributes if getattr(owner, name) is x],
            [
                (now, {name: x for name, x in found.items() if now.get(name) is x})
                for now, found in self.namespaces
            ],
        )

    def hold(self) -> bool:
        """Return whether everything is as it was found."""
        for owner, name, x in self.attributes:
            if getattr(owner, name) is not x:
                return False
        for now, found in self.namespaces:
            for name, x in found.items():
                if now.get(name) is not x:
                    return False
        return True

    def objects(self) -> Iterator[Any]:
        """Yield the objects."""
        for _, _, x in self.attributes:
            yield x
        for _, found in self.namespaces:
            yield from found.values()


def surroundings_of(f: Callable[..., Any]) -> Surroundings:
    """Return what the names in a function stand for, and its default arguments."""
    function = inspect.unwrap(getattr(f, "__func__", f))
    code = getattr(function, "__code__", None)
    if code is None:  # written in C, or an object that can be called
        return Surroundings([], [])
    attributes = [(function, name, getattr(function, name)) for name in DEFAULTS]
    for cell in function.__closure__ or ():
        if is_filled(cell):
            attributes.append((cell, "cell_contents", cell.cell_contents))
    used = {name for part in codes(code) for name in part.co_names}
    known = function.__globals__
    return Surroundings(attributes, [(known, {name: known[name] for name in used & known.keys()})])


DEFAULTS = ("__defaults__", "__kwdefaults__")


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function, and that of the functions inside of it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def is_filled(cell: CellType) -> bool:
    """Return whether a variable of a function around has a value."""
    try:
        cell.cell_contents  # noqa: B018  # reading it tells
    except ValueError:
        return False
    return True
