"""The files that a finished run leaves behind: made from the result, the same bytes each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_mini.errors import LayoutError
from autograd_mini.training.report import report_html
from autograd_mini.training.report_graph import graph_files
from autograd_mini.training.report_plots import curves_png

if TYPE_CHECKING:
    from autograd_mini.training.train import Result

GRAPHS = ("graph.svg", "graph.html")
OUTPUTS = ("history.csv", "loss.png", "gradcheck.txt", *GRAPHS, "report.html")
"""What is written beside the model; without Graphviz, all but `GRAPHS`."""


def output_files(result: Result) -> dict[str, bytes]:
    """Return every file by its name. The same result gives the same bytes.

    Without Graphviz the pictures of the graph are left out, and the report says why.
    """
    files = result.saved.to_files() | {
        "history.csv": history_csv(result),
        "loss.png": curves_png(result.saved.task, result.history),
        "gradcheck.txt": "\n\n".join(result.checks).encode(),
    }
    graphs: dict[str, bytes] = {}
    reason = ""
    try:
        graphs = graph_files(result.saved, result.model.kind, result.prepared.test)
    except LayoutError as error:
        reason = str(error)
    report = report_html(result, result.prepared, graphs.get("graph.svg"), reason)
    return files | graphs | {"report.html": report}


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
