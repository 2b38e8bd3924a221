"""The files that a finished run leaves behind: each a function from the result to its bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_mini.training.train import Result


def output_files(result: Result) -> dict[str, bytes]:
    """Return every file by its name. The same result gives the same bytes."""
    files = result.saved.to_files()
    return files | {name: make(result) for name, make in OUTPUTS.items()}


def history_csv(result: Result) -> bytes:
    """Return a row for each epoch: its mean loss, and the measure on both parts."""
    import pandas as pd

    measure = result.saved.task.measure.lower()
    columns = ["epoch", "loss", f"train_{measure}", f"test_{measure}"]
    return (
        pd.DataFrame(result.history, columns=columns)
        .to_csv(index=False, lineterminator="\n")
        .encode()
    )


def loss_png(result: Result) -> bytes:
    """Return a picture of the loss and of the measure, epoch by epoch."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    task, history = result.saved.task, result.history
    epochs = [record.epoch for record in history]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    loss, quality = figure.subplots(1, 2)
    loss.plot(epochs, [record.loss for record in history], marker=".")
    loss.set(xlabel="epoch", ylabel="loss (training part)", yscale="log")
    quality.plot(epochs, [record.train for record in history], marker=".", label="training part")
    quality.plot(epochs, [record.test for record in history], marker=".", label="test part")
    quality.set(xlabel="epoch", ylabel=f"{task.measure} of {task.target}")
    quality.legend()
    for axes in (loss, quality):
        axes.grid(alpha=0.3)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    return picture.getvalue()


def gradcheck_txt(result: Result) -> bytes:
    """Return the reports of the gradient checks."""
    return "\n\n".join(result.checks).encode()


OUTPUTS: dict[str, Callable[[Result], bytes]] = {
    "history.csv": history_csv,
    "loss.png": loss_png,
    "gradcheck.txt": gradcheck_txt,
}
"""What is written beside the model: the name of each file, and what makes it."""
