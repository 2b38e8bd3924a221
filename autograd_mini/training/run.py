"""`Run`: a network in training, and everything that changes from step to step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini import nn
from autograd_mini.errors import DivergenceError, SavedFileError
from autograd_mini.gradcheck import GradientReport, check_gradients
from autograd_mini.optim import Optimizer
from autograd_mini.state import no_grad
from autograd_mini.tape import primal
from autograd_mini.tensor import Tensor
from autograd_mini.training.checkpoint import FILE_NAME, Checkpoint, Epoch
from autograd_mini.training.prepare import Part, prepare
from autograd_mini.training.replayed import Replayed
from autograd_mini.training.settings import Settings
from autograd_mini.training.tabular import read_table
from autograd_mini.value import Value, data

Array = npt.NDArray[Any]

_CHECKED_ROWS = 4
_CHECKED_NUMBERS = {"tensor": 5000, "value": 500}  # each takes two runs of the network


class Run:
    """A network in training.

    Args:
        settings: what to do.

    Attributes:
        settings: with target and task filled in.
        prepared: the data.
        model: the network.
        optimizer: what moves its parameters.
        generators: the random generators that training draws from, by name.
        history: the epochs so far.
        checks: the reports of the gradient checks so far.
        replayed: what stands in for the network where it is one of `Value`s.

    Raises:
        OSError: the data file cannot be read.
        TableError: it cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        split, weights, order = (
            np.random.default_rng(seed) for seed in np.random.SeedSequence(settings.seed).spawn(3)
        )
        self.prepared = prepare(read_table(settings.file), settings, split)
        task, keep_prob = self.prepared.task, settings.keep_prob
        self.settings = replace(settings, target=task.target, task=task.name)
        self.model = nn.MLP(
            len(self.prepared.features),
            [*settings.hidden, task.outputs],
            activation=settings.activation,
            keep_prob=keep_prob[0] if len(keep_prob) == 1 else keep_prob,
            kind=Tensor if settings.kind == "tensor" else Value,
            rng=weights,
        )
        self.optimizer = settings.make_optimizer(self.model)
        self.generators = {"dropout": weights, "order": order}
        self.history: list[Epoch] = []
        self.checks: list[str] = []
        self.replayed: Replayed | None = None
        if settings.kind == "value":
            self.replayed = Replayed(self.model, self.loss, self.steps_per_epoch)

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches that the training part makes; the last may be smaller."""
        return -(-len(self.prepared.train) // self.settings.batch_size)

    def epoch(self, after_step: Callable[[], None]) -> Epoch:
        """Go through the training part once, in random order, and add to the history.

        Raises:
            DivergenceError: the loss or a score is not finite.
        """
        train, total = self.prepared.train, 0.0
        order = self.generators["order"].permutation(len(train))
        for rows in np.split(
            order, range(self.settings.batch_size, len(train), self.settings.batch_size)
        ):
            total += self.step(Part(train.x[rows], train.y[rows])) * len(rows)
            after_step()
        record = Epoch(
            len(self.history) + 1,
            total / len(train),
            self.quality(train),
            self.quality(self.prepared.test),
        )
        self.history.append(record)
        return record

    def step(self, batch: Part) -> float:
        """Take one step of the optimiser and return the loss before it.

        Raises:
            DivergenceError: the loss is not finite.
        """
        self.model.train()
        self.optimizer.zero_grad()
        with np.errstate(over="ignore", invalid="ignore"):  # seen in the loss, and told better
            if self.replayed is not None:
                loss = self.replayed.backward(batch)
            else:
                node = self.loss(batch)
                node.backward()
                loss = float(primal(node))
            self.optimizer.step()
        self._check_finite("the loss", loss)
        return loss

    def loss(self, part: Part, model: nn.MLP | None = None) -> Any:
        """Return the loss of some rows as a node: the task's, plus the L2 penalty.

        The penalty is that of the whole training part, so that the mean over the batches is the
        loss of the part, however the rows are dealt out.
        """
        model = model or self.model
        loss = self.prepared.task.loss(model(part.x), part.y)
        if self.settings.l2 == 0:
            return loss
        return loss + nn.l2_penalty(model.weights(), self.settings.l2, len(self.prepared.train))

    def scores(self, part: Part) -> Array:
        """Return the scores of some rows, (m, k), without dropout.

        Raises:
            DivergenceError: a score is not finite.
        """
        self.model.eval()
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            scores = self.replayed.scores(part) if self.replayed else data(self.model(part.x))
        self._check_finite("a score of the network", scores)
        return scores

    def quality(self, part: Part) -> float:
        """Return the task's measure on some rows."""
        return self.prepared.task.quality(self.scores(part), part.y)

    def check_gradients(self, when: str) -> str:
        """Compare the gradient of the loss on a few rows with differences; return it in a line.

        Dropout is off and L2 is on. Of a large network only the smaller parameters are checked,
        for each number takes two runs of it. The full report is added to `checks`.
        """
        train = self.prepared.train
        few = Part(train.x[:_CHECKED_ROWS], train.y[:_CHECKED_ROWS])
        arrays = self.model.eval().arrays()
        sizes = {name: np.size(primal(array)) for name, array in arrays.items()}
        smallest_first = sorted(sizes, key=lambda name: sizes[name])
        fitting = np.cumsum([sizes[name] for name in smallest_first])
        count = int(np.sum(fitting <= _CHECKED_NUMBERS[self.settings.kind]))
        skipped = smallest_first[count:]
        report = check_gradients(
            lambda: self.loss(few), {name: arrays[name] for name in arrays if name not in skipped}
        )
        line = f"{when}: {in_a_line(report)}, on {len(few)} rows"
        if skipped:
            line += f"; too large to check: {', '.join(skipped)}"
        self.checks.append(f"{line}\n\n{report}\n")
        return line

    def save(self) -> None:
        """Write the checkpoint.

        Raises:
            OSError: it cannot be written.
        """
        Checkpoint(
            self.settings.to_json(),
            self.prepared.table.digest,
            self.history,
            self.checks,
            {name: rng.bit_generator.state for name, rng in self.generators.items()},
            {
                f"{part}/{name}": array
                for part, owner in self._owners.items()
                for name, array in owner.state_dict().items()
            },
        ).save(self.settings.directory)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Become what the checkpoint holds.

        Raises:
            SavedFileError: it is damaged.
            SettingError: it is of a run with other settings or data.
        """
        checkpoint.check_same_run(self.settings, self.prepared.table.digest)
        try:
            for part, owner in self._owners.items():
                names = [name for name in checkpoint.arrays if name.startswith(f"{part}/")]
                owner.load_state_dict(
                    {name.removeprefix(f"{part}/"): checkpoint.arrays[name] for name in names}
                )
            for name, rng in self.generators.items():
                rng.bit_generator.state = checkpoint.generators[name]
        except (KeyError, TypeError, ValueError) as error:
            path = self.settings.directory / FILE_NAME
            raise SavedFileError(f"{path}: the file is damaged: {error!r}") from None
        self.history, self.checks = checkpoint.history, checkpoint.checks

    @property
    def _owners(self) -> dict[str, nn.MLP | Optimizer]:
        return {"model": self.model, "optimizer": self.optimizer}

    def _check_finite(self, what: str, numbers: Any) -> None:
        if not np.all(np.isfinite(numbers)):
            raise DivergenceError(
                f"{what} is no longer a finite number in epoch {len(self.history) + 1}: lower --lr "
                f"(now {self.settings.learning_rate:g})"
            )


def in_a_line(report: GradientReport) -> str:
    """Return the verdict of a gradient check, and what it rests on."""
    kinks = f", {len(report.kinks)} at a kink left out" if report.kinks else ""
    return (
        f"{report.verdict}, difference {report.difference:.2g} over "
        f"{len(report.components)} parameters{kinks}"
    )
