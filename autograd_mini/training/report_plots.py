"""The plots of a run as PNG: curves, the decision boundary, predictions against the truth.

Texts from the user's file reach Matplotlib as they are: none is read as mathematics.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_mini.training.checkpoint import Epoch
from autograd_mini.training.prepare import Prepared
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.tasks import Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]

# Okabe and Ito's colours, which people with any kind of colour vision tell apart.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c7f00")
MARKERS = tuple(zip("osD^vP", "●■◆▲▼✚", strict=True))  # to Matplotlib and to a reader

_GRID = 300  # points a side at which the decision is asked for
_MARGIN = 0.08  # of the range of a feature, around the data


def curves_png(task: Task, history: Sequence[Epoch]) -> bytes:
    """Return the loss and the measure, epoch by epoch."""
    figure, (loss, quality) = _figure(9, 3.6, 2)
    epochs = [record.epoch for record in history]
    loss.plot(epochs, [record.loss for record in history], marker=".")
    loss.set(xlabel="epoch", ylabel="loss (training part)", yscale="log")
    quality.plot(epochs, [record.train for record in history], marker=".", label="training part")
    quality.plot(epochs, [record.test for record in history], marker=".", label="test part")
    quality.set_xlabel("epoch")
    quality.set_ylabel(f"{task.measure} of {task.target}", parse_math=False)
    quality.legend()
    return _png(figure)


def boundary_png(model: SavedModel, prepared: Prepared) -> bytes:
    """Return the class that the network gives each point of the plane, and the rows of the data.

    Only for a classification by two features. Rows of the training part are hollow.
    """
    from matplotlib.colors import ListedColormap

    figure, (axes,) = _figure(6, 4.6)
    points = [
        (part.x * model.scaling.scale + model.scaling.mean, part.y, filled)
        for part, filled in ((prepared.train, False), (prepared.test, True))
    ]
    every = np.concatenate([x for x, _, _ in points])
    margin = _MARGIN * np.where(np.ptp(every, axis=0) > 0, np.ptp(every, axis=0), 1.0)
    first, second = (
        np.linspace(low, high, _GRID)
        for low, high in zip(every.min(axis=0) - margin, every.max(axis=0) + margin, strict=True)
    )
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    classes = model.scores(grid.reshape(-1, 2)).argmax(axis=1).reshape(_GRID, _GRID)
    looks = [look(label) for label in range(model.task.outputs)]
    tints = ListedColormap([colour for colour, _, _ in looks])
    axes.pcolormesh(first, second, classes, cmap=tints, vmin=0, vmax=len(looks) - 1, alpha=0.25)
    for x, labels, filled in points:
        for label, (colour, marker, _) in enumerate(looks):
            face = colour if filled else "none"
            a, b = x[labels == label].T
            axes.scatter(a, b, 22, marker=marker, facecolors=face, edgecolors=colour)
    axes.set_xlabel(model.features[0], parse_math=False)
    axes.set_ylabel(model.features[1], parse_math=False)
    return _png(figure)


def look(label: int) -> tuple[str, str, str]:
    """Return the colour of a class, its marker, and the same marker as a character."""
    marker, character = MARKERS[label % len(MARKERS)]  # together they repeat after 42 classes
    return COLOURS[label % len(COLOURS)], marker, character


def truth_png(task: Task, predicted: Array, true: Array) -> bytes:
    """Return predicted numbers against true ones, (m,) each, with the line where both agree."""
    figure, (axes,) = _figure(5, 4.6)
    axes.axline((float(true.mean()), float(true.mean())), slope=1, color="#999999", linewidth=1)
    axes.scatter(true, predicted, s=18, color=COLOURS[0], alpha=0.7)
    axes.set_xlabel(f"{task.target}, true", parse_math=False)
    axes.set_ylabel(f"{task.target}, predicted", parse_math=False)
    return _png(figure)


def _figure(width: float, height: float, count: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure of so many inches, with so many axes side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(1, count, squeeze=False).flat)
    for each in axes:
        each.grid(alpha=0.3)
        each.set_axisbelow(True)
    return figure, axes


def _png(figure: Figure) -> bytes:
    """Return a figure as PNG; the same plot gives the same bytes."""
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a name in a script without font
        figure.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    return picture.getvalue()
