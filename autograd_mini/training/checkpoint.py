"""A checkpoint: all that a training run is after an epoch, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import SavedFileError, SettingError
from autograd_mini.files import (
    json_bytes,
    npz_bytes,
    read_json,
    read_npz,
    write_atomically,
)
from autograd_mini.training.settings import Settings

Array = npt.NDArray[Any]

FILE_NAME = "checkpoint.npz"
_FORMAT = "autograd_mini checkpoint"
_FORMAT_VERSION = 1
_JSON = "json"  # the entry that holds everything but arrays


class Epoch(NamedTuple):
    """What is recorded of an epoch: its number, its mean loss, the measure on both parts."""

    epoch: int
    loss: float
    train: float
    test: float


@dataclass(frozen=True)
class Checkpoint:
    """All that a training run is after an epoch, beside the data.

    Attributes:
        settings: that decide what numbers come out.
        digest: of the data file.
        history: the epochs so far.
        checks: the reports of the gradient checks so far.
        generators: the states of the random generators, by name.
        arrays: the parameters and the state of the optimiser.
    """

    settings: dict[str, Any]
    digest: str
    history: list[Epoch]
    checks: list[str]
    generators: dict[str, Any]
    arrays: dict[str, Array]

    def save(self, directory: Path) -> None:
        """Write the file atomically.

        Raises:
            OSError: it cannot be written.
        """
        document = {
            "format": _FORMAT,
            "format_version": _FORMAT_VERSION,
            "library_version": version("autograd_mini"),
            "settings": self.settings,
            "digest": self.digest,
            "history": self.history,
            "checks": self.checks,
            "generators": self.generators,
        }
        content = {_JSON: np.frombuffer(json_bytes(document), np.uint8), **self.arrays}
        write_atomically(directory / FILE_NAME, npz_bytes(content))

    @classmethod
    def load(cls, directory: Path) -> Checkpoint | None:
        """Read the checkpoint in a directory; None where there is none.

        Raises:
            OSError: the file cannot be read.
            SavedFileError: it is damaged or is not a checkpoint.
        """
        path = directory / FILE_NAME
        if not path.exists():
            return None
        arrays = read_npz(path)
        if _JSON not in arrays:
            raise SavedFileError(f"{path}: this is not an {_FORMAT}")
        document = read_json(arrays.pop(_JSON).tobytes(), path, _FORMAT, _FORMAT_VERSION)
        try:
            return cls(
                dict(document["settings"]),
                str(document["digest"]),
                [Epoch(int(row[0]), *map(float, row[1:])) for row in document["history"]],
                [str(check) for check in document["checks"]],
                dict(document["generators"]),
                arrays,
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise SavedFileError(f"{path}: the file is damaged: {error!r}") from None

    @property
    def finished(self) -> bool:
        """True where all epochs that were asked for are done."""
        return len(self.history) >= int(self.settings["epochs"])

    def check_same_run(self, settings: Settings, digest: str) -> None:
        """Raise `SettingError` unless a run with these settings and data goes on from here."""
        path = settings.directory / FILE_NAME
        if digest != self.digest:
            raise SettingError(
                f"{path} was made from other data than {settings.file or 'the iris measurements'}: "
                "give that file again, or another --out"
            )
        free = {"file", "epochs"}  # where the same file lies, and how far to go, may change
        for setting, told in settings.to_json().items():
            saved = self.settings.get(setting)
            if setting not in free and told != saved:
                raise SettingError(
                    f"{path} was made with {option(setting, saved)}, and this run has "
                    f"{option(setting, told)}: give the same, or another --out"
                )
        if settings.epochs < len(self.history):
            raise SettingError(
                f"{path} stands after epoch {len(self.history)}, and this run has "
                f"{option('epochs', settings.epochs)}: give as many or more"
            )


def option(setting: str, value: Any) -> str:
    """Return a setting as it is written on the command line."""
    told = ",".join(f"{x:g}" for x in value) if isinstance(value, list) else value
    return f"--{setting.replace('_', '-')} {told}"
