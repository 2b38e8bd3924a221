"""The README's examples run and print what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
OUTPUTS = re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL)


def printed(source: str) -> str:
    """Return what an example prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "README.md", "exec"), {})
    return out.getvalue()


def test_first_example_prints_what_stands_below_it() -> None:
    """The ten-line example prints the derivatives and the tape, to the letter."""
    assert printed(EXAMPLES[0]) == OUTPUTS[0]


def test_gradient_check_example_prints_its_verdict() -> None:
    """The gradient check of the README finds its gradient right."""
    assert printed(EXAMPLES[5]) == "right\n"
    assert "print(gradcheck.check_gradients(loss, [w]).verdict)  # right" in EXAMPLES[5]


def test_replayed_training_comes_to_the_loss_that_stands_below() -> None:
    """300 replayed steps of gradient descent end where the README says."""
    assert printed(EXAMPLES[4]) == OUTPUTS[3]


def test_derivatives_are_those_that_stand_below() -> None:
    """Gradient, Hessian and second derivative of NumPy code come out to the letter."""
    assert printed(EXAMPLES[3]) == OUTPUTS[2]


def test_explanation_is_the_one_that_stands_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The explanation comes out to the letter, and the drawing that follows it is saved."""
    monkeypatch.chdir(tmp_path)
    assert printed(EXAMPLES[1] + EXAMPLES[2]) == OUTPUTS[1]
    assert (tmp_path / "neuron.svg").read_text(encoding="utf-8").startswith("<?xml")
