"""Functions as Python has them: the names in their code, their variables, where they come from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any


def names_in(code: CodeType) -> set[str]:
    """Return the names of globals and attributes in a function and in those inside of it."""
    names = {*code.co_names}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= names_in(constant)
    return names


def texts_in(code: CodeType) -> set[str]:
    """Return the texts in a function and those inside of it that may name attributes."""
    texts: set[str] = set()
    waiting = [*code.co_consts]
    while waiting:
        constant = waiting.pop()
        if isinstance(constant, str) and constant.isidentifier():
            texts.add(constant)
        elif isinstance(constant, CodeType | tuple | frozenset):
            waiting += constant.co_consts if isinstance(constant, CodeType) else constant
    return texts


def filled_cells(function: FunctionType) -> Iterator[tuple[str, CellType]]:
    """Yield the variables of the functions around that a function uses and that have a value."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cell.cell_contents  # noqa: B018  # reading it tells
        except ValueError:
            continue
        yield name, cell


MADE = 1 << 9
"""The flag of a class that a class statement made, Py_TPFLAGS_HEAPTYPE: none of the builtins."""


def package_of(x: Any) -> str:
    """Return the outermost package of a function, class or module; "" if it has none."""
    name = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None)
    if name == "builtins" and isinstance(x, type) and x.__flags__ & MADE:
        name = None  # Python says so of classes that `exec` defines where there is no `__name__`
    return (name or "").partition(".")[0]


def is_library(package: str, *, besides: str) -> bool:
    """Return whether a package is Python's, installed or this one, and not that one besides."""
    if package == __name__.partition(".")[0] or package in sys.stdlib_module_names:
        return True
    return package != besides and is_installed(package)


@cache
def is_installed(package: str) -> bool:
    """Return whether a package lies where packages are installed."""
    file = getattr(sys.modules.get(package), "__file__", None) or ""
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)
