"""The commands of `autograd-mini`: what they are called with, handed on to those who do it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from autograd_mini.cli.console import INTERRUPTED, fail
from autograd_mini.cli.formulas import EPILOG, draw_command, explain_command
from autograd_mini.errors import LayoutError, SettingError
from autograd_mini.files import write_atomically
from autograd_mini.render.layout import layout
from autograd_mini.training.outputs import GRAPHS
from autograd_mini.training.progress import Bar, Lines
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.settings import OPTIMIZERS, Settings
from autograd_mini.training.train import RunInterrupted, train

app = typer.Typer(
    help="Train a small neural network on a CSV file and predict with it; draw and explain the "
    "gradient of a formula.",
    add_completion=False,
    rich_markup_mode=None,
)


def call(arguments: list[str]) -> int:
    """Call the command that the arguments name and return the exit status.

    Raises:
        SettingError: the arguments do not fit any command.
    """
    try:
        # The arguments go along, so that an interrupted run can say how to resume it.
        status = app(arguments, prog_name="autograd-mini", standalone_mode=False, obj=arguments)
    except typer.TyperException as error:
        told = error.format_message().rstrip(".")
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "autograd-mini"
        raise SettingError(f"{told}; for help: {command} --help") from None
    return status or 0


def joined(numbers: tuple[float, ...]) -> str:
    """Return numbers as they are written on the command line."""
    return ",".join(f"{number:g}" for number in numbers)


DEFAULT = Settings()
RATES = ", ".join(f"{name} {rate:g}" for name, (_, rate) in OPTIMIZERS.items())


@app.command("train")
def train_command(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE.csv",
            help="The data: a row of column names, then rows of numbers; the target may be words. "
            "Without a file, Fisher's iris measurements, which are in the package.",
            show_default=False,
        ),
    ] = DEFAULT.file,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column to predict. [default: the last]"),
    ] = DEFAULT.target,
    task: Annotated[
        Literal["auto", "classify", "regress"],
        typer.Option(help="Predict classes or numbers; auto tells from the target."),
    ] = "auto",
    hidden: Annotated[
        str, typer.Option(metavar="N,N,...", help="The units of each hidden layer.")
    ] = joined(DEFAULT.hidden),
    activation: Annotated[
        Literal[
            "relu",
            "leaky_relu",
            "elu",
            "gelu",
            "silu",
            "mish",
            "tanh",
            "sigmoid",
            "softplus",
            "linear",
        ],
        typer.Option(help="The activation of the hidden layers."),
    ] = "relu",
    kind: Annotated[
        Literal["tensor", "value"],
        typer.Option(help="Matrices on the tape, or every number a node of its own (slow)."),
    ] = "tensor",
    l2: Annotated[
        float, typer.Option(help="λ of the L2 penalty λ/(2m) Σ‖W‖², m training rows.")
    ] = DEFAULT.l2,
    keep_prob: Annotated[
        str,
        typer.Option(
            metavar="P,P,...",
            help="Dropout: the probability to keep a unit, one or one a hidden layer.",
        ),
    ] = joined(DEFAULT.keep_prob),
    optimizer: Annotated[
        Literal["sgd", "momentum", "rmsprop", "adam", "adamw"],
        typer.Option(help="How to step."),
    ] = "adam",
    lr: Annotated[
        float | None, typer.Option(help=f"The learning rate. [default: {RATES}]")
    ] = DEFAULT.lr,
    batch_size: Annotated[int, typer.Option(help="The rows of a step.")] = DEFAULT.batch_size,
    epochs: Annotated[
        int, typer.Option(help="How often to go through the training rows.")
    ] = DEFAULT.epochs,
    test_size: Annotated[
        float, typer.Option(help="The share of the rows kept for the test.")
    ] = DEFAULT.test_size,
    seed: Annotated[
        int, typer.Option(help="Of all that is random; the same seed gives the same numbers.")
    ] = DEFAULT.seed,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Where results and checkpoint go. [default: runs/NAME OF FILE]"
        ),
    ] = DEFAULT.out,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in DIR, if there is one.")
    ] = False,
) -> None:
    """Train a network on a CSV file, test it and save it."""
    settings = Settings(
        file=file,
        target=target,
        task=task,
        hidden=numbers("hidden", hidden, int),
        activation=activation,
        kind=kind,
        l2=l2,
        keep_prob=numbers("keep-prob", keep_prob, float),
        optimizer=optimizer,
        lr=lr,
        batch_size=batch_size,
        epochs=epochs,
        test_size=test_size,
        seed=seed,
        out=out,
        resume=resume,
    )
    try:
        train(settings, Bar() if sys.stderr.isatty() else Lines())
        tell_if_graphs_are_left_out()
    except RunInterrupted as interrupted:
        words = ["autograd-mini", *context.obj, *["--resume"] * (not resume)]
        fail(f"{interrupted}, the checkpoint is written; to go on: {shlex.join(words)}")
        raise typer.Exit(INTERRUPTED) from None


@app.command("predict")
def predict_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE.csv",
            help="The data, with the columns that the network was trained on; others are ignored.",
        ),
    ],
    model: Annotated[str, typer.Option(metavar="DIR", help="The directory that `train` wrote.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="OUT.csv", help="The file to write. [default: the screen]"
        ),
    ] = None,
) -> None:
    """Predict the rows of a CSV file with a trained network, as CSV."""
    predictions = SavedModel.load(Path(model)).predict(file)
    text = predictions.to_csv(index=False, lineterminator="\n")
    if output is None:
        print(text, end="", flush=True)
    else:
        write_atomically(Path(output), text.encode())


app.command("draw", epilog=EPILOG)(draw_command)
app.command("explain", epilog=EPILOG)(explain_command)


def tell_if_graphs_are_left_out() -> None:
    """Print why training wrote no picture of the graph, where Graphviz is missing."""
    try:
        layout("digraph {}", "svg")
    except LayoutError as error:
        print(f"Left out   {' and '.join(GRAPHS)}: {error}")


def numbers(option: str, text: str, kind: Callable[[str], Any]) -> tuple[Any, ...]:
    """Return numbers that are separated by commas.

    Raises:
        SettingError: one of them is no number.
    """
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        what = "whole numbers" if kind is int else "numbers"
        raise SettingError(f"--{option} must be {what} separated by commas; got {text!r}") from None
