"""Optional dependencies: asked for by name, before the work that needs them begins."""

from __future__ import annotations

from importlib.util import find_spec

from autograd_mini.errors import MissingExtraError


def require_modules(*modules: str, extra: str) -> None:
    """Raise `MissingExtraError`, naming the extra, for the first module that is not installed."""
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtraError(module, extra)
