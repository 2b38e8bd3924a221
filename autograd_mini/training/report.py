"""`report.html`: a run on one page that can be sent on, complete in itself and without scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_mini.state import no_grad
from autograd_mini.training.prepare import Prepared
from autograd_mini.training.report_plots import boundary_png, curves_png, look, truth_png
from autograd_mini.training.saved_model import SavedModel
from autograd_mini.training.tasks import Classification, Regression
from autograd_mini.value import data

if TYPE_CHECKING:
    from autograd_mini.training.train import Result

Array = npt.NDArray[Any]

_MOST_CLASSES = 25  # of which a confusion matrix can still be read


def report_html(result: Result, prepared: Prepared, graph: bytes | None, reason: str = "") -> bytes:
    """Return the page.

    Args:
        result: what came out of the run.
        prepared: the data that it was trained and tested on.
        graph: the SVG of one sample through the network; None where there is none.
        reason: why there is none.
    """
    saved = result.saved
    told = {name.replace("_", "-"): value for name, value in result.settings.to_json().items()}
    del told["file"], told["target"]  # these stand in the data
    task, n = saved.task, len(saved.features)
    sizes = "-".join(map(str, [n, *saved.hidden, task.outputs]))
    sections = [
        section("Test", tested(result, prepared)),
        section("Curves", image(curves_png(task, result.history), "Loss and quality, by epoch.")),
        section("Data", described(saved, prepared)),
        section("Settings", pairs(told)),
        section("Gradient check", "".join(map(preformatted, result.checks))),
    ]
    if graph is None:
        picture = f"<p>{escape(reason)}</p>"
    else:
        caption = (
            "One row of the test part: every value, adjoint and local derivative, features at the "
            "top, loss at the bottom. graph.html, which training wrote too, plays it step by step."
        )
        picture = image(graph, caption, kind="image/svg+xml", shown="graph")
    sections.append(section("One sample through the network", picture))
    page = Template(files("autograd_mini.training").joinpath("report.html").read_text("utf-8"))
    return page.substitute(
        title=escape(f"{task.target} from {prepared.table.path}"),
        model=escape(f"MLP {sizes}, {saved.activation}"),
        measure=escape(task.measure),
        quality=f"{result.quality:.4g}",
        rows=len(prepared.test),
        sections="\n".join(sections),
        version=escape(version("autograd_mini")),
    ).encode()


def tested(result: Result, prepared: Prepared) -> str:
    """Return how good the model is on the test part."""
    saved, part = result.saved, prepared.test
    with no_grad():
        scores = data(saved.network().eval()(part.x))
    parts = [preformatted(result.report)]
    if isinstance(saved.task, Regression):
        predicted, true = (a[:, 0] * saved.task.scale + saved.task.mean for a in (scores, part.y))
        caption = "Each row of the test part. On the line, the prediction is right."
        return "".join([*parts, image(truth_png(saved.task, predicted, true), caption)])
    if saved.task.outputs <= _MOST_CLASSES:
        parts.append(confusion(saved.task, scores.argmax(axis=1), part.y))
    if len(saved.features) == 2:
        caption = "Decision boundary. Hollow: rows of the training part, filled: of the test part."
        parts.append(image(boundary_png(saved, prepared), caption))
        parts.append(legend(saved.task.classes))
    return "".join(parts)


def described(saved: SavedModel, prepared: Prepared) -> str:
    """Return where the data come from and what is in them."""
    table, scaling = prepared.table, saved.scaling
    facts = {
        "file": table.path,
        "SHA-256": table.digest,
        "rows": f"{len(prepared.train)} to train on, {len(prepared.test)} to test on",
        "target": saved.task.target,
    }
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{mean:.6g}</td><td>{scale:.6g}</td></tr>'
        for name, mean, scale in zip(saved.features, scaling.mean, scaling.scale, strict=True)
    )
    return (
        f'{pairs(facts)}<div class="wide"><table>'
        "<caption>Features, standardised by the training part</caption>"
        '<thead><tr><th scope="col">feature</th><th scope="col">mean</th>'
        f'<th scope="col">standard deviation</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def confusion(task: Classification, predicted: Array, true: Array) -> str:
    """Return the confusion matrix: how many rows of each class were taken for which."""
    counts = np.zeros((task.outputs, task.outputs), dtype=int)
    np.add.at(counts, (true, predicted), 1)
    rows = []
    for label, row in zip(task.classes, counts, strict=True):
        shares = row / max(row.sum(), 1)
        cells = "".join(
            f'<td style="--share: {100 * share:.0f}%">{count}</td>'
            for count, share in zip(row, shares, strict=True)
        )
        rows.append(f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in task.classes)
    return (
        '<div class="wide"><table class="confusion">'
        "<caption>Confusion matrix: true classes in rows, predicted ones in columns</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def legend(classes: Sequence[str]) -> str:
    """Return the classes with the colours and markers of the plots."""
    entries = []
    for label, name in enumerate(classes):
        colour, _, character = look(label)
        entries.append(f'<li><span style="color: {colour}">{character}</span> {escape(name)}</li>')
    return f'<ul class="legend">{"".join(entries)}</ul>'


def section(heading: str, content: str) -> str:
    """Return a part of the page with its heading."""
    return f"<section><h2>{escape(heading)}</h2>{content}</section>"


def pairs(facts: Mapping[str, Any]) -> str:
    """Return names and what they stand for."""
    rows = []
    for name, fact in facts.items():
        told = ", ".join(map(str, fact)) if isinstance(fact, list) else fact
        rows.append(f"<dt>{escape(name)}</dt><dd>{escape(str(told))}</dd>")
    return f"<dl>{''.join(rows)}</dl>"


def preformatted(text: str) -> str:
    """Return text whose columns stay aligned."""
    return f"<pre>{escape(text.strip())}</pre>"


def image(content: bytes, caption: str, *, kind: str = "image/png", shown: str = "plot") -> str:
    """Return a picture that stands in the page itself, `shown` as a plot or a graph."""
    source = f"data:{kind};base64,{b64encode(content).decode()}"
    return (
        f'<figure class="{shown}">'
        f'<div class="wide"><img src="{source}" alt="{escape(caption)}"></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
