"""`Settings`: everything that a training run is told, checked before anything else happens."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograd_mini.errors import SettingError
from autograd_mini.nn import Module
from autograd_mini.nn.mlp import ACTIVATIONS
from autograd_mini.optim import SGD, Adam, AdamW, Optimizer, RMSprop

OPTIMIZERS: dict[str, tuple[Callable[[Module, float], Optimizer], float]] = {
    "sgd": (SGD, 0.1),
    "momentum": (lambda model, lr: SGD(model, lr, momentum=0.9), 0.02),
    "rmsprop": (RMSprop, 0.003),
    "adam": (Adam, 0.01),
    "adamw": (AdamW, 0.01),
}
"""The optimisers by name, each with the learning rate that it gets unless told another."""

_LARGEST_LAYER = 100_000  # beyond it, a slip of the hand is likelier than a wish


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a training run is told; messages name a setting as the command line does.

    Attributes:
        file: a CSV file; None for the iris measurements in the package.
        target: the column to predict; None for the last.
        task: "classify", "regress", or "auto" to tell from the target.
        hidden: the number of units of each hidden layer.
        activation: of the hidden layers, a name in `nn.mlp.ACTIVATIONS`.
        kind: "tensor" for matrices on the tape, "value" for scalars.
        l2: λ of the penalty λ/(2m) Σ‖W‖_F², where m is the number of training rows.
        keep_prob: the probability to keep a unit in training; one number, or one a hidden layer.
        optimizer: a name in `OPTIMIZERS`.
        lr: the learning rate; None for the optimiser's own in `OPTIMIZERS`.
        batch_size: the number of rows in a step.
        epochs: how often to go through the training part.
        test_size: the share of the rows that are kept for the test.
        seed: of all that is random: split, first weights, order of rows, dropout.
        out: the directory for results; None for runs/NAME, where NAME is that of the file.
        resume: go on from the checkpoint in `out`, if there is one.

    Raises:
        SettingError: a setting is out of range; the message says which, and what is expected.
    """

    file: str | None = None
    target: str | None = None
    task: str = "auto"
    hidden: tuple[int, ...] = (16, 16)
    activation: str = "relu"
    kind: str = "tensor"
    l2: float = 0.5
    keep_prob: tuple[float, ...] = (1.0,)
    optimizer: str = "adam"
    lr: float | None = None
    batch_size: int = 16
    epochs: int = 60
    test_size: float = 0.2
    seed: int = 0
    out: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        choices = {
            "task": ("auto", "classify", "regress"),
            "activation": tuple(ACTIVATIONS),
            "kind": ("tensor", "value"),
            "optimizer": tuple(OPTIMIZERS),
        }
        for setting, known in choices.items():
            self._require(getattr(self, setting) in known, setting, f"one of {', '.join(known)}")
        self._require(
            all(0 < units <= _LARGEST_LAYER for units in self.hidden) and self.hidden != (),
            "hidden",
            f"whole numbers from 1 to {_LARGEST_LAYER:,}, such as 16,16",
        )
        self._require(
            all(0 < keep <= 1 for keep in self.keep_prob)
            and len(self.keep_prob) in (1, len(self.hidden)),
            "keep_prob",
            f"in (0, 1], one number or one for each of the {len(self.hidden)} hidden layers",
        )
        self._require(0 <= self.l2 < math.inf, "l2", "0 or more, and finite")
        self._require(0 < self.learning_rate < math.inf, "lr", "positive and finite")
        self._require(self.batch_size >= 1, "batch_size", "at least 1")
        self._require(self.epochs >= 1, "epochs", "at least 1")
        self._require(0 < self.test_size < 1, "test_size", "between 0 and 1, such as 0.2")
        self._require(self.seed >= 0, "seed", "0 or more")

    def _require(self, holds: bool, setting: str, expected: str) -> None:
        if not holds:
            got = getattr(self, setting)
            told = ",".join(map(str, got)) if isinstance(got, tuple) else got
            option = setting.replace("_", "-")
            raise SettingError(f"--{option} must be {expected}; got {told}")

    @property
    def learning_rate(self) -> float:
        """The learning rate, told or the optimiser's own."""
        return OPTIMIZERS[self.optimizer][1] if self.lr is None else self.lr

    @property
    def directory(self) -> Path:
        """Where results go."""
        return Path(self.out or Path("runs", Path(self.file or "iris").stem))

    def make_optimizer(self, model: Module) -> Optimizer:
        """Return the optimiser on the parameters of a model."""
        return OPTIMIZERS[self.optimizer][0](model, self.learning_rate)

    def to_json(self) -> dict[str, Any]:
        """Return the settings that decide what numbers come out, for files."""
        told = asdict(self) | {"lr": self.learning_rate}
        for setting in ("out", "resume"):
            del told[setting]
        return {name: list(x) if isinstance(x, tuple) else x for name, x in told.items()}
