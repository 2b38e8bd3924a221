"""Names of nodes: which letter, which number, and that no name harms LaTeX."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from matplotlib.mathtext import math_to_image

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.naming import latex_name, names, number_latex, number_text

HOSTILE = [
    "</svg><script>",
    '"];',
    r"\input{x}",
    "a$b",
    "}{",
    "a&b",
    "50%",
    "#1",
    "x^y",
    "a\nb",
    "`",
]


def named(*outputs: am.Node) -> list[str]:
    """Return the names along a tape, in its order."""
    tape = am.Tape(*outputs)
    chosen = names(tape)
    return [chosen[node] for node in tape]


def test_a_neuron_reads_as_in_a_textbook():
    """The activation makes a from z, C is the output; one of each needs no number."""
    w, x, b = am.Value(0.5, name="w"), am.Value(2.0, name="a_prev"), am.Value(0.1, name="b")
    z = w * x + b
    a = am.sigmoid(z)
    loss = (a - 1.0) ** 2
    chosen = names(am.Tape(loss))
    assert [chosen[node] for node in (w, x, b, z, a, loss)] == ["w", "a_prev", "b", "z", "a", "C"]


def test_layers_share_a_number():
    """The activation of z₂ is a₂, also where another z was made in between."""
    x = am.Value(0.3, name="x")
    z1, z2 = 2.0 * x, 3.0 * x
    a1, a2 = am.tanh(z1), am.relu(z2)
    chosen = names(am.Tape(a1 + a2))
    assert [chosen[node] for node in (z1, z2, a1, a2)] == ["z₁", "z₂", "a₁", "a₂"]


@pytest.mark.parametrize("activation", [am.elu, am.gelu, am.silu, am.mish, am.leaky_relu])
def test_each_activation_makes_an_a_from_a_z(activation: Callable[[am.Value], am.Value]):
    """Also those with settings, and those of the tanh form."""
    z = am.Value(0.3, name="x") * 2.0
    a = activation(z)
    chosen = names(am.Tape(a * 3.0))
    assert [chosen[z], chosen[a]] == ["z", "a"]


def test_inputs_and_masks_have_letters():
    """An unnamed leaf is an x, a dropout mask a D, and a linear layer's result a z."""
    a, mask_rng = am.Tensor([[1.0, 2.0]]), am.Tensor([[0.5, 0.5]], name="W")
    z = am.linear(nn.dropout(a, 0.5, rng=FixedDraws()), mask_rng, am.Tensor([0.0]))
    chosen = names(am.Tape(z))
    by_operation = {node.primitive.name: chosen[node] for node in am.Tape(z) if node.primitive}
    assert by_operation["keep_mask"] == "D"
    assert by_operation["linear"] == "z"
    assert chosen[a] == "x₁"


class FixedDraws:
    """A generator whose numbers are all 0, so that every unit is kept."""

    def random(self, size: tuple[int, ...]) -> object:
        """Return zeros."""
        return am.data([0.0] * size[-1]).reshape(size)


def test_the_same_name_twice_is_told_apart():
    """Two nodes called w become w₁ and w₂; a w_1 that is there already is not taken again."""
    assert named(am.Value(1.0, name="w") * am.Value(2.0, name="w"))[:2] == ["w₁", "w₂"]
    first, w, other = (am.Value(1.0, name=name) for name in ("w_1", "w", "w"))
    assert named(first * w * other)[:3] == ["w_1", "w₂", "w₃"]


def test_given_names_are_not_given_again():
    """Where the user has an a₁ and a C, what is unnamed is called something else."""
    x = am.Value(1.0, name="C")
    a = am.tanh(x)
    a.name = "a_1"
    chosen = named(am.tanh(am.tanh(a)) * x)
    assert chosen == ["C", "a_1", "a₂", "a₃", "C₁"]


def test_names_are_unique_and_stable():
    """A network's tape: as many names as nodes, the same at every call, for equal numbers too."""
    model = nn.MLP(2, [3, 1], rng=0)
    tape = am.Tape(nn.squared_error(model(am.values([[0.0, 0.0], [0.0, 0.0]])), [[1.0], [0.0]]))
    chosen = names(tape)
    assert len(set(map(latex_name, chosen.values()))) == len(tape)
    assert chosen == names(tape)
    assert sum(name.startswith("C") for name in chosen.values()) == 1


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("w", "w"),
        ("a_prev", r"a_{\mathrm{prev}}"),
        ("w_1", "w_{1}"),
        ("w1", "w_{1}"),
        ("z₁₂", "z_{12}"),
        ("W[3,1]", "W_{3,1}"),
        ("theta_1", r"\theta_{1}"),
        ("layers.0.W[3,1]", r"\mathrm{layers.0.W}_{3,1}"),
        ("my weight", r"\mathrm{my\ weight}"),
    ],
)
def test_names_as_latex(name: str, latex: str):
    """Subscripts, indices and Greek letters become those of LaTeX; words are set upright."""
    assert latex_name(name) == latex


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_or_adds_latex(name: str):
    """Braces stay balanced, no character keeps a meaning of its own, and no command is added."""
    latex = latex_name(name)
    bare = latex
    for escape in ("backslash", "lbrace", "rbrace", "langle", "rangle", "wedge", "mathrm"):
        bare = bare.replace("\\" + escape, "")
    for character in "#$%&_ ":
        bare = bare.replace("\\" + character, "")
    assert not set(bare) & set("\\<>$&%#^`\n")
    depths = [bare[: i + 1].count("{") - bare[: i + 1].count("}") for i in range(len(bare))]
    assert min(depths) >= 0
    assert depths[-1] == 0
    if "&" not in name:  # mathtext does not know \&
        math_to_image(f"${latex}$", io.BytesIO())


@pytest.mark.parametrize(
    ("x", "text", "latex"),
    [
        (1.0, "1", "1"),
        (-0.5, "−0.5", "-0.5"),
        (2.5e-7, "2.5e−07", r"2.5 \times 10^{-7}"),
        (float("inf"), "∞", r"\infty "),
        (float("nan"), "nan", r"\mathrm{nan}"),
    ],
)
def test_numbers(x: float, text: str, latex: str):
    """Numbers have six digits, powers of ten, and infinity its sign."""
    assert number_text(x) == text
    assert number_latex(x) == latex
