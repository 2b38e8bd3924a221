"""Machine code that cannot be kept is compiled for the process alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

numba = pytest.importorskip("numba", reason="needs the extra fast")

from autograd_mini.compiler.interpreter.compilation import compiled_module  # noqa: E402

SOURCE = """
from numba import njit

@njit("float64(float64)", cache=True)
def double(x):
    return x + x
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module with a compiled function."""
    name = "autograd_mini_compiled_in_a_test"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


@pytest.mark.parametrize("can_write", [True, False])
def test_no_folder_for_compiled_code(
    module: str,
    can_write: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """Files stand in the place of all folders, since root may write to any: one line says so."""
    file = tmp_path / "file"
    file.touch()
    if not can_write:
        (tmp_path / "__pycache__").touch()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(file / "given"))
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(file / "user"))
    assert compiled_module(module).double(2.0) == 4.0
    assert capsys.readouterr().err.count("\n") == (0 if can_write else 1)
    assert can_write == any((tmp_path / "__pycache__").glob("*.nbi"))
    assert str(file / "given") == numba.config.CACHE_DIR


def test_other_errors(module: str, tmp_path: Path):
    """What is wrong with the code itself is told once."""
    (tmp_path / f"{module}.py").write_text("raise RuntimeError('wrong code')")
    with pytest.raises(RuntimeError, match="wrong code"):
        compiled_module(module)
