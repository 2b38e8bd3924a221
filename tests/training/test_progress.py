"""Plain lines of progress: few, with the first and the last among them."""

from __future__ import annotations

import pytest

from autograd_mini.training.progress import Lines


@pytest.mark.parametrize(("epochs", "done"), [(3, 0), (60, 0), (1234, 0), (60, 31), (60, 59)])
def test_lines_are_few_and_hold_the_ends(
    capsys: pytest.CaptureFixture[str], epochs: int, done: int
) -> None:
    """About ten epochs are told of, the first after the start and the last in any case."""
    progress = Lines()
    progress.start(epochs, done, 1)
    for number in range(done + 1, epochs + 1):
        progress.epoch(number, "loss 1")
    progress.stop()
    out, err = capsys.readouterr()
    told = [int(line.split("/")[0].removeprefix("epoch")) for line in err.splitlines()]
    assert out == ""
    assert told == sorted({*told})
    assert (told[0], told[-1]) == (done + 1, epochs)
    assert len(told) <= 12
    assert all(
        f"/{epochs}  loss 1  " in line and line.endswith(" left") for line in err.splitlines()
    )


def test_results_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """What is said can be kept apart from the progress."""
    Lines().say("Test       accuracy 1")
    assert capsys.readouterr() == ("Test       accuracy 1\n", "")
