"""Compiled methods: for each object a compiled function, which lives as long as the object.

They lie in the object's `__dict__`, as what `functools.cached_property` keeps does. A table beside
the objects, also one of weak references, would keep alive each object that is reached from what its
programs look at again.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

from autograd_mini.errors import DataError

if TYPE_CHECKING:
    from autograd_mini.compiler.compiled import Compiled

KEPT_AS = "_compiled_methods"
"""The name of the attribute of an object that holds its compiled methods."""


class Methods:
    """The compiled methods of one object or class, by the compiled function in the class body.

    A pickle or a deep copy of them is empty, and a copy of the object finds that they are not its
    own: programs are made for one object, and are never those of another.
    """

    def __init__(self, owner: Any = None) -> None:
        self.owner = owner
        self.compiled: dict[Compiled, Compiled] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Methods, ()


def methods_of(owner: Any) -> dict[Compiled, Compiled]:
    """Return the compiled methods of an object or class, to be looked up and added to.

    Raises:
        DataError: an object has no `__dict__`, where they are kept.
    """
    attributes = getattr(owner, "__dict__", None)
    if attributes is None:
        kind = type(owner).__name__
        raise DataError(
            f"compiled methods keep their programs in the __dict__ of each object, and {kind} has "
            f"none: add '__dict__' to its __slots__, or call {kind}.method(object, ...), which "
            "takes the object apart if it is a structure of numbers, as a NamedTuple is"
        )
    methods = attributes.get(KEPT_AS)
    if methods is None or methods.owner is not owner:
        methods = Methods(owner)
        if isinstance(owner, type):
            type.__setattr__(owner, KEPT_AS, methods)
        else:
            attributes[KEPT_AS] = methods  # also of a frozen dataclass
    return methods.compiled


def bound(f: Callable[..., Any], instance: Any, kind: type | None) -> MethodType | None:
    """Return what Python makes of f as an attribute of an object or class: a method, or nothing."""
    get = getattr(type(f), "__get__", None)
    method = None if get is None else get(f, instance, kind)
    return method if isinstance(method, MethodType) and method is not f else None
