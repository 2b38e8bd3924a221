"""What surrounds a function: the names from outside that it uses, and the modules that it calls.

A trace has their objects in it. They are looked at again before each replay, so that a name or an
attribute that stands for another object by then is noticed, and so are other numbers in an array.
What is inside of another object, as the elements of a list, is not looked at.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.primitive import Primitive
from autograd_mini.recording import COPIED

Names = dict[str, Any]
"""Objects by name: globals, or the attributes of a module."""


class Surroundings(NamedTuple):
    """The objects that were found around a function.

    Attributes:
        attributes: owner, name and object: variables of functions around, default arguments.
        namespaces: the objects by name now, and those of them that were found.
        contents: the arrays among the objects, of up to a megabyte, with their bytes.
    """

    attributes: list[tuple[Any, str, Any]]
    namespaces: list[tuple[Names, Names]]
    contents: list[tuple[Any, bytes]]

    def unchanged(self) -> Surroundings:
        """Return what still is as it was found."""
        return Surroundings(
            [(owner, name, x) for owner, name, x in self.attributes if getattr(owner, name) is x],
            [
                (now, {name: x for name, x in found.items() if now.get(name) is x})
                for now, found in self.namespaces
            ],
            [(array, seen) for array, seen in self.contents if array.tobytes() == seen],
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
        return all(array.tobytes() == seen for array, seen in self.contents)

    def tokens(self) -> tuple[str, ...] | None:
        """Return what tells the objects apart in every process; None where something does not."""
        objects = [(name, x) for _, name, x in self.attributes]
        for _, found in self.namespaces:
            objects += sorted(found.items())
        found_tokens = [(name, token(x)) for name, x in objects]
        if any(text is None for _, text in found_tokens):
            return None
        return tuple(f"{name}: {text}" for name, text in found_tokens)


def surroundings_of(f: Callable[..., Any]) -> Surroundings:
    """Return what the names in a function stand for, its default arguments, and what is in `self`.

    The `self` is that of a method, or an object that is called like a function.
    """
    while isinstance(f, partial):
        f = f.func
    function: Any = inspect.unwrap(f)
    owner = getattr(function, "__self__", None)
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__"):
        owner, function = function, type(function).__call__
    code = getattr(function, "__code__", None)
    if code is None:  # written in C
        return Surroundings([], [], [])
    attributes = [(function, name, getattr(function, name)) for name in DEFAULTS]
    for cell in function.__closure__ or ():
        if is_filled(cell):
            attributes.append((cell, "cell_contents", cell.cell_contents))
    used = {name for part in codes(code) for name in part.co_names}
    known = function.__globals__
    namespaces = [(known, {name: known[name] for name in used & known.keys()})]
    if hasattr(owner, "__dict__") and not isinstance(owner, type):
        namespaces.append((vars(owner), {**vars(owner)}))
    objects = [x for *_, x in attributes]
    for _, found in namespaces:
        objects += found.values()
    arrays = [x for x in objects if isinstance(x, np.ndarray) and x.nbytes <= COPIED]
    contents = [(x, x.tobytes()) for x in arrays if x.dtype.kind in "fiub"]
    return Surroundings(attributes, namespaces, contents)


def token(x: Any) -> str | None:
    """Return what is the same in every process for the same number, text, function or module."""
    if x is None or isinstance(x, bool | int | float | complex | str | np.ufunc | Primitive):
        return f"{type(x).__name__} {x!r}"
    if isinstance(x, ModuleType):
        return f"module {x.__name__}"
    x = inspect.unwrap(x) if callable(x) else x  # a compiled function is what it was made from
    if isinstance(x, FunctionType):
        return f"{x.__module__}.{x.__qualname__}, line {x.__code__.co_firstlineno}"
    if isinstance(x, type | BuiltinFunctionType):
        return f"{x.__module__}.{x.__qualname__}"
    if isinstance(x, tuple):
        parts = [token(part) for part in x]
        return None if None in parts else f"({', '.join(map(str, parts))})"
    return None


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
