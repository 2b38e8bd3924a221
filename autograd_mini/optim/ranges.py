"""The check that every setting of an optimiser or a schedule goes through."""

from __future__ import annotations

from autograd_mini.errors import SettingError


def require(holds: bool, setting: str, got: object, expected: str) -> None:
    """Raise `SettingError` unless `holds`; a comparison with NaN never does."""
    if not holds:
        raise SettingError(f"{setting} must be {expected}, got {got!r}")
