"""What a function reaches from outside: names, functions that it calls, and what objects hold.

The names in its code are followed to their objects, and from there on into functions, containers
and objects, as long as these are the user's own: the code of libraries is not looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Set
from functools import cached_property, partial
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

import numpy as np

from autograd_mini.compiler.arguments import is_unit
from autograd_mini.compiler.tracing.code import (
    filled_cells,
    is_library,
    names_in,
    package_of,
    texts_in,
)
from autograd_mini.compiler.tracing.generators import GENERATORS, GLOBAL, watched
from autograd_mini.compiler.tracing.surroundings import (
    CONTAINERS,
    Names,
    Surroundings,
    elements,
    found_at,
)
from autograd_mini.recording import COPIED
from autograd_mini.transforms.structure import apart

REACH = 1_000
"""So many names and elements are looked at again at each replay, the nearest ones first."""

ARRAYS = 8
"""So many megabytes of arrays, too."""

PLAIN = frozenset({float, int, bool, complex, str, bytes, type(None), np.float64, np.ufunc})
"""There is nothing in objects of these classes, which are most."""

STRUCTURES = (
    *("types.SimpleNamespace", "argparse.Namespace"),
    *("collections.UserDict", "collections.UserList", "collections.ChainMap"),
)
"""Classes of Python's own library that hold what users put into them."""

ASKING = {"getattr", "hasattr"}
"""Code with one of these may use the attributes that its texts name, also those yet to come."""

WHOLE = {"getattr", "vars", "__dict__", "asdict", "astuple", "fields"}
"""Code with one of these may use any attribute of an object, else those that it names."""

CREATION = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__repr__"}
"""Special methods that do not run by themselves on an object that is there."""


def surroundings_of(f: Callable[..., Any], arguments: Any = ()) -> Surroundings:
    """Return all that is found around a function, and functions in its arguments, as it is now."""
    search = Search(f)
    search.waiting += [
        (x, f"{type(x).__name__} {i} in the arguments") for i, x in enumerate(held(arguments, {}))
    ]
    return search.run()


def held(tree: Any, seen: dict[int, Any]) -> Iterator[Any]:
    """Yield the classes, functions and generators in arguments: what has code, or draws.

    Numbers and settings in them are part of their form. `seen` gets what was looked into.
    """
    if is_unit(tree) or id(tree) in seen:
        return
    seen[id(tree)] = tree
    if isinstance(tree, list | tuple | dict):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from held(part, seen)
    elif apart(tree) is not None:
        yield type(tree)
        for part in getattr(tree, "__dict__", {}).values():
            yield from held(part, seen)
    elif callable(tree) or isinstance(tree, GENERATORS):
        yield tree


class Search:
    """A search through what a function reaches, breadth first.

    Args:
        f: the function, a method, a partial one, or an object that is called like one.

    Attributes:
        names: all names in code that was reached; attributes of these names are looked at.
        asked: those that are looked at also where there is no such attribute yet.
        waiting: objects that were found and not looked into yet, with what they are called.
        owners: objects with attributes, with those that were found already.
        left: how many names and elements may still be looked at.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self.around = Surroundings([], [], [], [], [])
        self.root: Any = f
        while isinstance(self.root, partial | MethodType):
            self.root = self.root.func if isinstance(self.root, partial) else self.root.__func__
        self.names = {"forward", "data", "maps"}  # of a Module, a UserDict and a ChainMap
        self.asked: set[str] = set()
        self.waiting: deque[tuple[Any, str]] = deque([(f, "")])
        self.owners: dict[int, tuple[Any, Names, str]] = {}
        self.seen: dict[int, Any] = {}
        self.left, self.bytes_left, self.complete = REACH, ARRAYS * COPIED, True

    def run(self) -> Surroundings:
        """Return what was found, when nothing is left to look into."""
        while self.waiting:
            while self.waiting:
                self.visit(*self.waiting.popleft())
            for owner in self.owners.values():  # there may be more names now
                self.look_up(*owner)
        for rng in GLOBAL.values() if "random" in self.names else ():
            self.visit(rng, "")  # of which module it is, the names do not say
        return self.around._replace(complete=self.complete)

    def visit(self, x: Any, called: str) -> None:
        """Look into an object."""
        if x.__class__ in PLAIN or id(x) in self.seen:
            return
        self.seen[id(x)] = x
        if isinstance(x, GENERATORS):
            self.around.generators.append(watched(x, called))
        elif isinstance(x, CONTAINERS):
            self.visit_container(x, called)
        elif isinstance(x, FunctionType):
            self.visit_function(x, called)
        elif isinstance(x, type | ModuleType):
            if isinstance(x, ModuleType) and x in GLOBAL:  # under whatever name
                self.waiting.append((GLOBAL[x], called))
            elif self.is_own(x):
                self.add_owner(x, called)
                made_by = sorted(CREATION & vars(x).keys()) if isinstance(x, type) else ()
                self.waiting += [(vars(x)[name], f"{called}.{name}") for name in made_by]
        elif isinstance(x, MethodType):
            self.waiting += [(x.__self__, f"{called}.self"), (x.__func__, called)]
        elif isinstance(x, BuiltinFunctionType):
            if isinstance(x.__self__, GENERATORS):
                self.waiting.append((x.__self__, called))
        elif isinstance(x, partial):
            own = {"func": x.func, "args": x.args, "keywords": x.keywords}
            self.waiting += [(part, f"{called}.{name}") for name, part in own.items()]
        elif isinstance(x, classmethod | staticmethod):
            self.waiting.append((x.__func__, called))
        elif isinstance(x, property | cached_property):
            self.waiting.append((x.fget if isinstance(x, property) else x.func, called))
        elif "__wrapped__" in getattr(x, "__dict__", {}):  # compiled, or with a cache
            self.waiting.append((x.__wrapped__, called))
        elif x is self.root or self.is_own(type(x)) or is_structure(x):
            self.add_owner(x, called)
            for kind in filter(self.is_own, type(x).__mro__):
                self.add_owner(kind, f"{called}.{kind.__name__}")

    def visit_function(self, function: FunctionType, called: str) -> None:
        """Look at the variables of functions around, the defaults, and the names in the code."""
        for name, cell in filled_cells(function):
            self.add_attribute(cell, "cell_contents", f"{called}.{name}")
        if function is not self.root and not self.is_own(function):
            return
        for name in ("__defaults__", "__kwdefaults__"):
            if getattr(function, name) is not None:  # else each call gives everything
                self.add_attribute(function, name, f"{called}.{name}")
        used = names_in(function.__code__)
        self.names |= used
        if used & ASKING:
            self.asked |= texts_in(function.__code__)
        known = function.__globals__
        found = {name: known[name] for name in sorted(used & known.keys())}
        if self.spend(len(found)):
            module = function.__module__
            self.around.namespaces.append((known, found, module))
            self.waiting += [(x, f"{module}.{name}") for name, x in found.items()]

    def visit_container(self, container: Any, called: str) -> None:
        """Look at the elements of a list, dict, set, tuple or array."""
        if isinstance(container, np.ndarray) and container.dtype.char != "O":
            size = container.nbytes
            if container.dtype.kind in "fiub" and size <= min(COPIED, self.bytes_left):
                self.bytes_left -= size
                self.around.arrays.append((container, container.tobytes(), called))
        elif self.spend(container.size if isinstance(container, np.ndarray) else len(container)):
            found = elements(container)
            if not isinstance(container, tuple | frozenset):
                self.around.containers.append((container, found, called))
            self.waiting += [(x, f"{called}[{i}]") for i, x in enumerate(found)]

    def add_attribute(self, owner: Any, name: str, called: str) -> None:
        """Look at something that is not in a namespace."""
        if self.spend(1):
            x = found_at(owner, name)
            self.around.attributes.append((owner, name, x, called))
            self.waiting.append((x, called))

    def add_owner(self, owner: Any, called: str) -> None:
        """Look at those attributes of an object, class or module that code names."""
        if id(owner) not in self.owners:
            found: Names = {}
            self.owners[id(owner)] = owner, found, called
            self.around.namespaces.append((getattr(owner, "__dict__", {}), found, called))
            self.look_up(owner, found, called)

    def look_up(self, owner: Any, found: Names, called: str) -> None:
        """Look at the attributes of an owner whose names came up since."""
        kind, now = type(owner), getattr(owner, "__dict__", {})
        new = (self.names & now.keys()) | self.asked
        if isinstance(owner, type):
            methods = {name for name, x in now.items() if isinstance(x, FunctionType)}
            new |= {name for name in methods - CREATION if name.startswith("__")}
        elif not isinstance(owner, ModuleType):
            # What is set for an object later hides what its class has by that name.
            new |= {name for name in self.names - now.keys() if hasattr(kind, name)}
        self.look_at(owner, new, found, called)
        if WHOLE & self.names and not isinstance(owner, type | ModuleType):
            slots = {name for name in dir(kind) if is_slot(kind, name)}
            self.look_at(owner, now.keys() | slots, found, called)
            if {"vars", "__dict__"} & self.names:
                self.visit(now, called)  # which tells of attributes to come

    def look_at(self, owner: Any, names: Set[str], found: Names, called: str) -> None:
        """Look at attributes of an owner that are not among those that were found."""
        now = getattr(owner, "__dict__", {})
        new = names - found.keys()
        if not self.spend(len(new)):
            return
        for name in sorted(new):
            found[name] = x = now.get(name)
            self.waiting.append((x, f"{called}.{name}"))
            if is_slot(type(owner), name):
                self.add_attribute(owner, name, f"{called}.{name}")

    def spend(self, count: int) -> bool:
        """Return whether so many more may be looked at."""
        if count > self.left:
            self.complete = False
            return False
        self.left -= count
        return True

    def is_own(self, x: Any) -> bool:
        """Return whether a function, class or module is no library's, or of the function's own."""
        return not is_library(package_of(x), besides=package_of(self.root))


def is_slot(kind: type, name: str) -> bool:
    """Return whether instances of a class keep the attribute of that name outside of `__dict__`."""
    return isinstance(getattr(kind, name, None), MemberDescriptorType)


def is_structure(x: Any) -> bool:
    """Return whether something is an object with attributes, though its class is a library's."""
    kind = type(x)
    is_module = hasattr(kind, "forward")
    return is_module or f"{kind.__module__}.{kind.__name__}" in STRUCTURES
