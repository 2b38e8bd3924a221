"""Runs that are killed or interrupted, for real: nothing is lost, and the numbers are the same."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_mini.training.checkpoint import Checkpoint

for module in ("typer", "tqdm", "pandas", "matplotlib"):
    pytest.importorskip(module)
if sys.platform == "win32":
    pytest.skip("signals as POSIX has them", allow_module_level=True)

RUN = [sys.executable, "-m", "autograd_mini"]
# Dropout, Adam and small batches, so that every generator and every running mean matters.
TRAIN = ["train", "--hidden", "6", "--keep-prob", "0.7", "--batch-size", "20"]

# Sends itself a signal just before it syncs a file for the nth time, which is within writing it.
SIGNALLED_AT_SYNC = """
import os, sys
from autograd_mini.cli import run
signal, left, sync = int(sys.argv[1]), int(sys.argv[2]), os.fsync
def fsync(descriptor):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal)
    sync(descriptor)
os.fsync = fsync
sys.exit(run(sys.argv[3:]))
"""


def trained(directory: Path, epochs: int, *options: str) -> str:
    """Train to the end and return what was said."""
    command = [*RUN, *TRAIN, "--epochs", str(epochs), "--out", str(directory), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def signalled(
    directory: Path, number: signal.Signals, sync: int, *options: str
) -> subprocess.CompletedProcess[str]:
    """Train for 6 epochs with a signal in the middle of writing, and return how that ended."""
    script = [sys.executable, "-c", SIGNALLED_AT_SYNC, str(int(number)), str(sync)]
    command = [*script, *TRAIN, "--epochs", "6", "--out", str(directory), *options]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def contents(directory: Path) -> dict[str, bytes]:
    """Return the files of a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a run of 6 epochs that nothing disturbs."""
    directory = tmp_path_factory.mktemp("unbroken")
    trained(directory, 6)
    return contents(directory)


def test_killed_again_and_again_in_the_middle_of_writing(
    tmp_path: Path, unbroken: dict[str, bytes]
) -> None:
    """SIGKILL while the first, a later and the last files are written, each time resumed.

    Each file is synced once and its directory once, so an odd number falls within a file.
    """
    for sync in (1, 3, 8, 9):
        ended = signalled(tmp_path, signal.SIGKILL, sync, "--resume")
        assert ended.returncode == -signal.SIGKILL
    assert "Resumed    after epoch 6 of 6" in trained(tmp_path, 6, "--resume")
    assert contents(tmp_path) == unbroken


def test_control_c_says_how_to_go_on(tmp_path: Path, unbroken: dict[str, bytes]) -> None:
    """SIGINT in epoch 3 gives status 130 and the command that finishes the run."""
    directory = tmp_path / "a directory"
    ended = signalled(directory, signal.SIGINT, 7)
    assert ended.returncode == 130
    told, _, command = ended.stderr.splitlines()[-1].partition("; to go on: ")
    assert told == "autograd-mini: interrupted after epoch 2 of 6, the checkpoint is written"
    name, *arguments = shlex.split(command)
    assert name == "autograd-mini"
    done = subprocess.run([*RUN, *arguments], check=True, capture_output=True, text=True)
    assert "Resumed    after epoch 2 of 6" in done.stdout
    assert contents(directory) == unbroken


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_signalled_from_outside(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """A signal at any moment of a long run: it goes on from its last complete epoch."""
    command = [*RUN, *TRAIN, "--epochs", "10000", "--out", str(tmp_path / "broken")]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        assert run.stderr.readline().startswith("epoch     1/10000")
        run.send_signal(number)
        run.stderr.read()
    assert run.returncode == status
    checkpoint = Checkpoint.load(tmp_path / "broken")
    assert checkpoint is not None
    done = len(checkpoint.history)
    assert done >= 1
    said = trained(tmp_path / "broken", done + 2, "--resume")
    assert f"Resumed    after epoch {done} of {done + 2}" in said
    trained(tmp_path / "unbroken", done + 2)
    assert contents(tmp_path / "broken") == contents(tmp_path / "unbroken")
