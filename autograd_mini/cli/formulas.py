"""The commands `draw` and `explain`: the gradient of a formula, as a picture and in words."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import typer

from autograd_mini.chainrule import explain
from autograd_mini.cli.expression import FUNCTIONS, named_values, record_expression
from autograd_mini.errors import ExpressionError, SettingError
from autograd_mini.render import draw
from autograd_mini.render.drawing import FORMATS

EPILOG = (
    'A formula that begins with a minus goes last, after --: autograd-mini draw -- "-x*y" x=2 y=3. '
    f"The functions are {', '.join(sorted(FUNCTIONS))}; pi and e are known."
)

ExpressionArgument = Annotated[
    str,
    typer.Argument(
        metavar="FORMULA",
        help='Such as "tanh(x*w + b)", in + - * / **, comparisons and functions.',
        show_default=False,
    ),
]
ValuesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME=NUMBER", help="The value of each name in it.", show_default=False),
]


def draw_command(
    expression: ExpressionArgument,
    values: ValuesArgument = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help=f"The picture: .{', .'.join(FORMATS)}."
        ),
    ] = "graph.svg",
    contributions: Annotated[
        bool,
        typer.Option("--contributions", help="On each arrow upstream × local = contribution."),
    ] = False,
) -> None:
    """Draw the graph of a formula, with values and adjoints."""
    if output.rpartition(".")[2] not in FORMATS:
        raise SettingError(f"--output must end in .{', .'.join(FORMATS)}; got {output!r}")
    result = record_expression(expression, named_values(values or []))
    with np.errstate(all="ignore"):  # an infinite derivative is shown as what it is
        result.backward()
        drawing = draw(result, contributions=contributions)
    try:
        drawing.save(output)
    except OSError as error:  # which may name the file that was to become this one
        raise SettingError(f"{output}: {error.strerror or error}") from None
    print(f"Written    to {output}")


def explain_command(
    expression: ExpressionArgument,
    values: ValuesArgument = None,
    *,
    wrt: Annotated[str, typer.Option(metavar="NAME", help="What to differentiate by.")],
    form: Annotated[
        Literal["text", "latex", "markdown"], typer.Option("--format", help="How to write it.")
    ] = "text",
    depth: Annotated[
        int | None,
        typer.Option(
            min=1, help="Levels of modules to name; a formula has none, so 1 hides every step."
        ),
    ] = None,
) -> None:
    """Explain a derivative of a formula by the chain rule."""
    names = named_values(values or [])
    result = record_expression(expression, names)
    if wrt not in names:
        raise ExpressionError(f"--wrt must be one of {', '.join(names)}; got {wrt!r}")
    with np.errstate(all="ignore"):
        explanation = explain(result, names[wrt], depth=depth)
    print({"text": explanation.text, "latex": explanation.latex}.get(form, explanation.markdown))
