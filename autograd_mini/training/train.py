"""The main job: `train` makes a network from a CSV file, as told by `Settings`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import numpy as np

from autograd_mini import nn
from autograd_mini.errors import DivergenceError, SettingError
from autograd_mini.extras import require_modules
from autograd_mini.files import write_atomically
from autograd_mini.tape import primal
from autograd_mini.training.checkpoint import FILE_NAME, Checkpoint, Epoch
from autograd_mini.training.outputs import output_files
from autograd_mini.training.prepare import Prepared
from autograd_mini.training.progress import Progress
from autograd_mini.training.run import Run
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.settings import Settings
from autograd_mini.training.tasks import Classification


@dataclass(frozen=True)
class Result:
    """What came out of a run.

    Attributes:
        settings: of the run, with target and task filled in.
        model: the network, on standardised features.
        saved: the same with all that predictions need; what the files hold.
        prepared: the data, split and standardised.
        history: the epochs.
        checks: the reports of the gradient checks.
        report: how good the model is on the test part, in words.
        quality: the same in one number: accuracy, or root mean squared error.
    """

    settings: Settings
    model: nn.MLP
    saved: SavedModel
    prepared: Prepared
    history: list[Epoch]
    checks: list[str]
    report: str
    quality: float


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C in a run whose checkpoint of the last complete epoch is written.

    Args:
        done: the number of epochs in the checkpoint.
        epochs: the number of epochs that were asked for.
    """

    def __init__(self, done: int, epochs: int) -> None:
        super().__init__(f"interrupted after epoch {done} of {epochs}")
        self.done = done
        self.epochs = epochs


def train(settings: Settings, progress: Progress | None = None) -> Result:
    """Train a network on a CSV file and write the results into a directory.

    Reads and checks the file, splits it, standardises it by the training part, checks the gradients
    on a few rows before training and after the first epoch, trains with a checkpoint after each
    epoch, and tests. The same settings and file give the same numbers, also when the run was broken
    off at any moment and resumed.

    Args:
        settings: what to do.
        progress: what tells how far it is; by default nothing does.

    Raises:
        DivergenceError: the loss is no longer finite.
        MissingExtraError: pandas or matplotlib is not installed.
        OSError: a file cannot be read or written.
        RunInterrupted: Ctrl-C; the checkpoint of the last complete epoch is written.
        SavedFileError: the checkpoint to resume from is damaged.
        SettingError: the directory holds a run that would be lost, or is not this one.
        TableError: the CSV file cannot be used.
    """
    require_modules("pandas", "matplotlib", extra="cli")  # now, not after hours of training
    progress = progress or Progress()
    run = Run(settings)
    take_up(run)
    saved = len(run.history)
    progress.say(description(run))
    if settings.resume:
        progress.say(f"Resumed    after epoch {saved} of {settings.epochs}")
    try:
        if not run.checks:
            progress.say(f"Gradients  {run.check_gradients('before training')}")
        progress.start(settings.epochs, saved, run.steps_per_epoch)
        try:
            while saved < settings.epochs:
                record = run.epoch(progress.step)
                if record.epoch == 1:
                    progress.say(f"Gradients  {run.check_gradients('after epoch 1')}")
                run.save()
                saved = record.epoch
                progress.epoch(saved, in_a_line(record, run.prepared.task.measure))
        finally:
            progress.stop()
        return conclude(run, progress)
    except KeyboardInterrupt:
        raise RunInterrupted(saved, settings.epochs) from None
    except DivergenceError:
        (run.settings.directory / FILE_NAME).unlink()  # from there, it would only end here again
        raise


def take_up(run: Run) -> None:
    """Make the directory ready: go on with the run in it, or start this one.

    Raises:
        OSError: the directory cannot be made or written.
        SavedFileError: its checkpoint is damaged.
        SettingError: it holds another run, or one that would be lost.
    """
    directory = run.settings.directory
    directory.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint.load(directory)
    if checkpoint is not None and run.settings.resume:
        run.restore(checkpoint)
    elif checkpoint is not None and checkpoint.history and not checkpoint.finished:
        raise SettingError(
            f"{directory} holds a run that stopped after epoch {len(checkpoint.history)} of "
            f"{checkpoint.settings['epochs']}: add --resume to go on with it, give another --out, "
            f"or delete {directory / FILE_NAME}"
        )
    run.save()


def conclude(run: Run, progress: Progress) -> Result:
    """Test the model, write the files and return what came out."""
    prepared, settings = run.prepared, run.settings
    scores, y = run.scores(prepared.test), prepared.test.y
    quality, report = prepared.task.quality(scores, y), prepared.task.report(scores, y)
    progress.say(f"Test       {report}")
    origin = {
        "file": prepared.table.path,
        "sha256": prepared.table.digest,
        "training_rows": len(prepared.train),
        "test_rows": len(prepared.test),
        f"test_{prepared.task.measure.lower()}": quality,
        "settings": settings.to_json(),
    }
    saved = SavedModel(
        prepared.features,
        prepared.task,
        prepared.scaling,
        settings.hidden,
        settings.activation,
        run.model.state_dict(),
        origin,
    )
    result = Result(settings, run.model, saved, prepared, run.history, run.checks, report, quality)
    files = output_files(result)
    for name, content in files.items():
        write_atomically(settings.directory / name, content)
    progress.say(
        f"Written    to {settings.directory}: {', '.join([*files, FILE_NAME])}\n"
        f"Next       autograd-mini predict FILE.csv --model {shlex.quote(str(settings.directory))}"
    )
    return result


def description(run: Run) -> str:
    """Return in words what is about to be done."""
    prepared, settings = run.prepared, run.settings
    task, n = prepared.task, len(prepared.features)
    aim = "a number (regression)"
    if isinstance(task, Classification):
        aim = f"one of {task.outputs} classes: {', '.join(task.classes)}"
    sizes = "-".join(map(str, [n, *settings.hidden, task.outputs]))
    count = sum(np.size(primal(array)) for array in run.model.arrays().values())
    keep_prob = ",".join(f"{keep:g}" for keep in settings.keep_prob)
    return (
        f"Data       {prepared.table.path}: {len(prepared.table)} rows, {n} features\n"
        f"Target     {task.target}, {aim}\n"
        f"           ({prepared.reason})\n"
        f"Split      {len(prepared.train)} rows to train on, {len(prepared.test)} to test on "
        f"(seed {settings.seed})\n"
        f"Model      MLP {sizes}, {settings.activation}, {count} parameters ({settings.kind}), "
        f"keep_prob {keep_prob}\n"
        f"Training   {settings.optimizer}, lr {settings.learning_rate:g}, L2 {settings.l2:g}, "
        f"batches of {settings.batch_size}, {settings.epochs} epochs"
    )


def in_a_line(record: Epoch, measure: str) -> str:
    """Return how things stand after an epoch."""
    return (
        f"loss {record.loss:.4g}, {measure} {record.train:.4g}, on the test part {record.test:.4g}"
    )
