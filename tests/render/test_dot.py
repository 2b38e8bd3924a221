"""DOT text: the same for the same program, and harmless whatever the names."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Tensor, Value, gradcheck, nn
from autograd_mini.render import Drawing, draw
from autograd_mini.render.dot import NEGATIVE, NEUTRAL, NOT_A_NUMBER, POSITIVE, SHAPES, colour
from tests.render.graphs import HOSTILE, box_called, boxes_called, example, regularised

GOLDEN = Path(__file__).parent / "golden"


def example_drawing() -> Drawing:
    """Return the README's example after backward, with contributions."""
    _, _, c = example()
    c.backward()
    return draw(c, contributions=True)


def neuron_drawing() -> Drawing:
    """Return one neuron before backward, with all numbers given."""
    neuron = nn.Neuron(2, activation="tanh")
    neuron.w, neuron.b = am.values([0.5, -2.0]), Value(0.25)
    return draw(neuron([Value(1.0, name="x1"), Value(3.0, name="x2")]))


def layers_drawing() -> Drawing:
    """Return an MLP with dropout, hinge loss and L2, by layers, after backward."""
    _, loss = regularised(Tensor)
    loss.backward()
    return draw(loss, depth=2)


DRAWINGS = {"example": example_drawing, "neuron": neuron_drawing, "layers": layers_drawing}


@pytest.mark.parametrize("name", DRAWINGS)
def test_golden_files(name):
    """The DOT text is what a person looked at when the file was made, to the letter.

    After a change that is meant, `python -m tests.render.test_dot` writes the files anew.
    """
    assert DRAWINGS[name]().source == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


def test_the_same_program_gives_the_same_text_in_every_process():
    """Tape indices, ids of objects and the seed of the hash leave no trace."""
    program = (
        "import sys; from tests.render.test_dot import layers_drawing\n"
        "sys.stdout.buffer.write(layers_drawing().source.encode())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=GOLDEN.parents[2],
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    }
    assert texts == {layers_drawing().source}


def test_colours_tell_sign_and_size():
    """Zero is neutral, the largest of a sign is the end of its scale; between, they mix."""
    codes = {end: "#{:02x}{:02x}{:02x}".format(*end) for end in (NEGATIVE, NEUTRAL, POSITIVE)}
    assert colour(0.0, 2.0) == colour(0.0, 0.0) == codes[NEUTRAL]
    assert colour(2.0, 2.0) == colour(math.inf, 2.0) == colour(math.inf, 0.0) == codes[POSITIVE]
    assert colour(-2.0, 2.0) == colour(-math.inf, 2.0) == codes[NEGATIVE]
    assert colour(math.nan, 2.0) == NOT_A_NUMBER
    assert len({colour(x, 2.0) for x in (-2.0, -0.5, 0.0, 0.5, 2.0, math.nan)}) == 6


def luminance(code: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.1 defines it."""
    channels = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_black_text_is_readable_on_every_colour():
    """The contrast is at least 7 to 1, the strictest level of WCAG."""
    for strength in (-1.0, -0.3, 0.0, 0.3, 1.0, math.nan):
        assert (luminance(colour(strength, 1.0)) + 0.05) / 0.05 >= 7.0


def test_infinite_and_undefined_adjoints_leave_the_other_colours_alone():
    """One infinite adjoint does not bleach the rest, and nan has a colour and a legend."""
    x = Tensor([0.0, 1.0], name="x")
    with np.errstate(all="ignore"):
        (am.sqrt(x) * 0.0).sum().backward()
        drawing = draw((am.sqrt(x) * 0.0).sum())
    assert f'fillcolor="{NOT_A_NUMBER}"' in drawing.source
    assert "yellow: the adjoint is not a number" in drawing.source


def test_each_kind_has_a_shape_of_its_own():
    """Kinds are told apart without colour: no two have the same attributes."""
    assert len({tuple(sorted(shape.items())) for shape in SHAPES.values()}) == len(SHAPES)


def test_the_legend_names_what_occurs_and_nothing_else():
    """A graph without masks or constants has neither in its legend; it can be left out."""
    source = example_drawing().source
    assert "ellipse: input" in source
    assert "arrows: upstream × local derivative = contribution" in source
    assert "diamond" not in source
    assert "folded" not in source
    _, _, c = example()
    assert "arrows: local derivative" in draw(c).source
    assert "colour: adjoint" not in draw(c).source  # there is none yet
    assert "legend" not in draw(c, legend=False).source


def test_contributions_are_written_out_on_request():
    """Upstream × local = contribution, as for a's use in a · b: z̄ × (-3)."""
    s_bar = 1.0 - math.tanh(-6.0 + math.exp(2.0)) ** 2
    assert f'label="{s_bar:.4g} × (-3) = {-3 * s_bar:.4g}"' in example_drawing().source
    _, _, c = example()
    c.backward()
    assert "label=-3" in draw(c).source
    assert " = " not in draw(c).source


def test_array_operations_say_vjp_where_contributions_are_shown():
    """A matrix product's contribution stands alone, as there is no local number."""
    w = Tensor(np.ones((1, 2)), name="w")
    loss = (w @ np.array([1.0, 3.0])).sum()
    loss.backward()
    assert 'label="VJP = 1 … 3"' in draw(loss, contributions=True).source
    assert 'label="(1, 2) → (1,)"' in draw(loss).source


def test_direction():
    """A picture runs from left to right, or from top to bottom."""
    _, _, c = example()
    assert "rankdir=LR" in draw(c).source
    assert "rankdir=TB" in draw(c, direction="TB").source
    with pytest.raises(ValueError, match="direction is 'LR' or 'TB', got 'down'"):
        draw(c, direction="down")


def test_modules_losses_and_masks_have_clusters():
    """MLP, its layers and units, dropout, the loss and the penalty are labelled boxes."""
    _, loss = regularised(Value)
    source = draw(loss).source
    labels = re.findall(r"class=cluster .* id=c\d+ label=(.*) style=rounded", source)
    assert [label.strip('"') for label in labels] == [
        *("MLP", "layers.0", "neuron 0", "neuron 1", "neuron 2", "dropout"),
        *("layers.1", "neuron 0", "hinge", "l2_penalty"),
    ]
    assert source.count("shape=diamond") == 3  # a mask for each of three units


def check_of(model: nn.Module, loss, wrong: str) -> gradcheck.GradientReport:
    """Return a check of a gradient whose part `wrong` is 10 % too large."""
    model.zero_grad()
    loss().backward()
    gradients = {name: np.array(am.grads(array)) for name, array in model.arrays().items()}
    gradients[wrong] = gradients[wrong] * 1.1
    return gradcheck.check_gradients(loss, model, gradients=gradients)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_gradient_check_is_painted_on(kind):
    """The parameters that failed are marked, and no other, in text as well as in colour."""
    model = nn.MLP(2, [2, 1], activation="tanh", kind=kind, rng=0)
    x, y = np.array([[0.5, -1.0], [1.0, 2.0]]), np.ones((2, 1))

    def loss():
        return nn.squared_error(model(x), y)

    drawing = draw(loss(), check=check_of(model, loss, "layers.0.W"))
    marked = {box.name for box in drawing.picture.boxes if box.mark == "wrong"}
    names = {name for name, _ in model.named_parameters() if name.startswith("layers.0.W")}
    assert marked == names
    assert {box.mark for box in drawing.picture.boxes} == {"", "wrong"}
    assert drawing.source.count("✗ gradient wrong") == 2 * len(names)  # label and tooltip
    assert "red: what the gradient check found" in drawing.source


def test_a_folded_module_carries_the_mark_of_its_parameters():
    """Where a layer is one box, that box is marked."""
    model = nn.MLP(2, [2, 1], activation="tanh", kind=Tensor, rng=0)

    def loss():
        return nn.squared_error(model(np.ones((1, 2))), np.ones((1, 1)))

    drawn = draw(loss(), check=check_of(model, loss, "layers.1.W"), depth=2).picture
    assert box_called(drawn, "layers.1").mark == "wrong"
    assert box_called(drawn, "layers.0").mark == ""


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_kinks_are_painted_on(kind):
    """A parameter whose component sits at a kink is marked so, not as wrong."""
    w = Value(0.0, name="w") if kind is Value else Tensor([0.0, 1.0], name="w")

    def loss():
        return w.relu() if kind is Value else w.relu().sum()

    drawing = draw(loss(), check=gradcheck.check_gradients(loss, [w]))
    assert box_called(drawing.picture, "w").mark == "at a kink"
    assert "⚠ at a kink" in drawing.source


def test_a_check_of_nameless_parameters_is_not_lost():
    """What the check found of a parameter that cannot be told in the picture is in the note."""
    x = Tensor([0.0, 1.0])
    report = gradcheck.check_gradients(lambda: x.relu().sum(), [x])
    drawn = draw(x.relu().sum(), check=report).picture
    assert {box.mark for box in drawn.boxes} == {""}
    assert report.names[0] in drawn.note
    assert "no parameter here has that name" in drawn.note


def test_a_check_that_passed_marks_nothing():
    """No mark, and no word of one in the legend."""
    x = Value(2.0, name="x")
    report = gradcheck.check_gradients(lambda: x * x, [x])
    assert "gradient" not in draw(x * x, check=report).source


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_names_in_dot(name):
    """A hostile name adds no node: the text has as many statements as with a harmless one."""
    x = Value(1.0, name=name)
    drawing = draw(x.relu())
    assert len(boxes_called(drawing.picture, "relu")) == 1
    harmless = draw(Value(1.0, name="x").relu()).source
    escaped = name.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    assert drawing.source == harmless.replace('"x\n', f'"{escaped}\n')


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, drawing in DRAWINGS.items():
        (GOLDEN / f"{name}.dot").write_text(drawing().source, encoding="utf-8")
