"""Damage: what is raised where a document does not hold what it should, and where that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autograd_mini.errors import AutogradError, RegistrationError, SavedFileError

DAMAGE = (
    *(AutogradError, ArithmeticError, AttributeError, LookupError),
    *(MemoryError, RecursionError, TypeError, ValueError),
)
"""What a wrong document makes Python and NumPy raise."""


@contextmanager
def at(place: Callable[[], str]) -> Iterator[None]:
    """Say of damage that is found inside where it is.

    Args:
        place: returns what to call it.

    Raises:
        SavedFileError: something is damaged.
    """
    try:
        yield
    except RegistrationError:  # that is no damage
        raise
    except DAMAGE as error:
        found = error if isinstance(error, SavedFileError) else f"{error!r:.200}"
        raise SavedFileError(f"{place()}: {found}") from None
