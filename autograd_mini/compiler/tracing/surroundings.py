"""What surrounds a function: objects from outside that a trace has in it, looked at again later.

Before each replay they are compared with what was found when the function was traced: whether a
name or an attribute still stands for the same object, a container has the same objects in it, and
an array the same numbers. What is looked at is found by `reach.py`.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from operator import is_
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.tracing.generators import Watched
from autograd_mini.primitive import Primitive

Names = dict[str, Any]
"""Objects by name: globals, or the attributes of an object."""

GONE = object()
"""What stands for an attribute that was deleted."""

CONTAINERS = (list, dict, set, deque, bytearray, tuple, frozenset, np.ndarray)


class Surroundings(NamedTuple):
    """The objects that were found around a function. Each entry ends with what it is called.

    Attributes:
        attributes: owner, name and object: variables of functions around, default arguments.
        namespaces: the objects by name now, and those of them that were found.
        containers: lists, dicts, sets and object arrays, and what was in them.
        arrays: those of numbers, and their bytes.
        generators: those of random numbers, as they were; a trace may not have drawn from them.
        complete: whether all that the function reaches was looked at.
    """

    attributes: list[tuple[Any, str, Any, str]]
    namespaces: list[tuple[Mapping[str, Any], Names, str]]
    containers: list[tuple[Any, tuple[Any, ...], str]]
    arrays: list[tuple[Any, bytes, str]]
    generators: list[Watched]
    complete: bool = True

    def hold(self) -> bool:
        """Return whether everything is as it was found."""
        try:
            for owner, name, x, _ in self.attributes:
                if getattr(owner, name, GONE) is not x:
                    return False
        except ValueError:  # a variable that was deleted
            return False
        for now, found, _ in self.namespaces:
            for name, x in found.items():
                if now.get(name) is not x:
                    return False
        for container, seen, _ in self.containers:
            if not same(elements(container), seen):
                return False
        for array, content, _ in self.arrays:  # noqa: SIM110  # any() would take longer
            if array.tobytes() != content:
                return False
        return True

    def changed(self) -> Iterator[str]:
        """Yield what those things are called that are not as they were found: none if `hold()`."""
        for owner, name, x, called in self.attributes:
            if found_at(owner, name) is not x:
                yield called.lstrip(".")
        for now, found, called in self.namespaces:
            for name, x in found.items():
                if now.get(name) is not x:
                    yield f"{called}.{name}".lstrip(".")
        for container, seen, called in self.containers:
            if not same(elements(container), seen):
                yield called.lstrip(".")
        for array, content, called in self.arrays:
            if array.tobytes() != content:
                yield called.lstrip(".")

    def unchanged(self) -> Surroundings:
        """Return what still is as it was found, each namespace once; it is for later replays."""
        merged: dict[int, tuple[Mapping[str, Any], Names, str]] = {}
        for now, found, called in reversed(self.namespaces):
            _, others, _ = merged.get(id(now), (now, {}, called))
            kept = {name: x for name, x in found.items() if now.get(name) is x}
            merged[id(now)] = now, {**others, **kept}, called
        for x, seen, called in self.containers:
            if isinstance(x, dict) and not same(elements(x), seen):  # the rest of it stays
                found = zip(seen, seen[len(seen) // 2 :], strict=False)
                merged[id(x)] = x, {name: y for name, y in found if x.get(name) is y}, called
        return self._replace(
            attributes=[x for x in self.attributes if found_at(*x[:2]) is x[2]],
            namespaces=[*merged.values()],
            containers=[entry for entry in self.containers if same(elements(entry[0]), entry[1])],
            arrays=[entry for entry in self.arrays if entry[0].tobytes() == entry[1]],
            generators=[],  # a replay does not ask for their states
        )

    def like(self, tokens: Mapping[str, Any]) -> Surroundings:
        """Return this without the containers that have no token: a function changes them itself."""
        kept = [entry for entry in self.containers if f"in {entry[-1]}" in tokens]
        return self._replace(containers=kept)

    def tokens(self) -> dict[str, str | None]:
        """Return what tells each object apart in every process, None where something does not."""
        objects = {called: x for *_, x, called in self.attributes}
        for _, found, called in self.namespaces:
            objects |= {f"{called}.{name}": x for name, x in found.items()}
        for container, seen, called in self.containers:
            objects[f"in {called}"] = type(container)
            objects |= {f"{called}[{i}]": x for i, x in enumerate(seen)}
        tokens = {called: token(x) for called, x in objects.items()}
        return tokens if self.complete else tokens | {"what was not looked at": None}


def found_at(owner: Any, name: str) -> Any:
    """Return an attribute, or the variable in a cell; `GONE` if it was deleted."""
    try:
        return getattr(owner, name, GONE)
    except ValueError:  # a variable that was deleted
        return GONE


def elements(container: Collection[Any]) -> tuple[Any, ...]:
    """Return what is in a container: of a dict its keys and its values."""
    if isinstance(container, dict):
        return (*container, *container.values())
    return (*container.flat,) if isinstance(container, np.ndarray) else (*container,)


def same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    """Return whether two tuples are of the same objects."""
    return len(some) == len(others) and all(map(is_, some, others))


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
    if type(x) is list or type(x) is dict:  # what is in them has tokens of its own
        return type(x).__name__
    if isinstance(x, tuple):
        parts = [token(part) for part in x]
        return None if None in parts else f"({', '.join(map(str, parts))})"
    return None
