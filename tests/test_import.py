"""Importing the package: it is typed, and takes NumPy along and nothing optional."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files

import pytest

import autograd_mini as am

OPTIONAL = ("typer", "tqdm", "pandas", "matplotlib", "scipy", "graphviz", "hypothesis", "pytest")


def test_no_optional_dependency_is_imported():
    """`import autograd_mini` loads none of the extras, and no graph-drawing library either."""
    code = (
        "import sys, autograd_mini; "
        f"print([name for name in {OPTIONAL} if name in sys.modules], 'numpy' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[] True"
    assert ran.stderr == ""


def test_typed():
    """The marker that tells type checkers to read the annotations is installed."""
    assert files("autograd_mini").joinpath("py.typed").is_file()


def test_every_public_name_is_there() -> None:
    """Also those that are imported on demand; an unknown one is an AttributeError."""
    for name in am.__all__:
        assert getattr(am, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        am.nothing  # noqa: B018  # the access is what is tested
