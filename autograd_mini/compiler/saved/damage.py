"""Damage: what is raised where a document does not hold what it should, and where that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from autograd_mini.errors import AutogradError, RegistrationError, SavedFileError

Read = TypeVar("Read")

DAMAGE = (
    *(AutogradError, ArithmeticError, AttributeError, LookupError),
    *(MemoryError, RecursionError, TypeError, ValueError),
)
"""What a wrong document makes Python and NumPy raise."""


def each(name: str, parts: Any, read: Callable[[int, Any], Read]) -> list[Read]:
    """Return what `read` makes of each part of a list, by its position and the part.

    Args:
        name: of the list.
        parts: the list.
        read: reads a part.

    Raises:
        SavedFileError: a part is damaged; it says which.
    """
    found: list[Read] = []
    try:
        for i, part in enumerate(check(parts, list)):
            found.append(read(i, part))
    except RegistrationError:  # that is no damage
        raise
    except DAMAGE as error:
        raise SavedFileError(f"{name}[{len(found)}]: {described(error)}") from None
    return found


def described(error: BaseException) -> str:
    """Return what an error says: where the damage is, if it knows, and what it is."""
    return str(error) if isinstance(error, SavedFileError) else f"{error!r:.200}"


def check(x: Any, kind: type) -> Any:
    """Return something of exactly that type."""
    if type(x) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {x!r:.60}")
    return x
