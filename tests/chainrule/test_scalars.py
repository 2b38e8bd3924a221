"""The chain rule between Values, against what is derived by hand."""

from __future__ import annotations

import math

import pytest

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.chainrule import explain
from autograd_mini.errors import DataError, ExplanationError
from autograd_mini.primitive import Elementwise

W, B, A_PREV, Y = 0.7, -0.4, 1.3, 1.0


def neuron() -> tuple[am.Value, am.Value, am.Value, am.Value]:
    """Return C = (σ(w·a_prev + b) − y)² with w, b and a_prev."""
    w, b, a_prev = am.Value(W, name="w"), am.Value(B, name="b"), am.Value(A_PREV, name="a_prev")
    y = am.Value(Y, name="y")
    return (am.sigmoid(w * a_prev + b) - y) ** 2, w, b, a_prev


def by_hand() -> dict[str, str]:
    """Return the numbers of the neuron, each from its formula, as they are written."""
    z = W * A_PREV + B
    a = 1.0 / (1.0 + math.exp(-z))
    slope = a * (1.0 - a)
    numbers = {
        "z": z,
        "a": a,
        "C": (a - Y) ** 2,
        "slope": slope,
        "dC/da": 2.0 * (a - Y),
        "dC/dw": A_PREV * slope * 2.0 * (a - Y),
        "dC/db": slope * 2.0 * (a - Y),
        "dC/da_prev": W * slope * 2.0 * (a - Y),
    }
    return {name: f"{x:.6g}".replace("-", "−") for name, x in numbers.items()}


def test_one_neuron_reads_as_in_a_textbook():
    """∂C/∂w = ∂z/∂w · ∂a/∂z · ∂C/∂a = a_prev · σ'(z) · 2(a − y), in numbers, and the product."""
    cost, w, _, _ = neuron()
    n = by_hand()
    assert explain(cost, w).text == "\n".join(
        [
            f"z = w·a_prev + b = {n['z']}",
            f"a = σ(z) = {n['a']}",
            f"C = (a − y)² = {n['C']}",
            "σ'(z) = a(1 − a)",
            "",
            "∂C/∂w = ∂z/∂w · ∂a/∂z · ∂C/∂a",
            "      = a_prev · σ'(z) · 2(a − y)",
            f"      = 1.3 · {n['slope']} · ({n['dC/da']})",
            f"      = {n['dC/dw']}",
        ]
    )


def test_the_neuron_in_latex():
    """The same as an aligned environment, with fractions and escaped names."""
    cost, w, _, _ = neuron()
    n = {name: text.replace("−", "-") for name, text in by_hand().items()}
    assert explain(cost, w).latex == "\n".join(
        [
            r"\begin{aligned}",
            rf"z &= w\,a_{{\mathrm{{prev}}}}+b = {n['z']} \\",
            rf"a &= \sigma(z) = {n['a']} \\",
            rf"C &= (a-y)^{{2}} = {n['C']} \\",
            r"\sigma'(z) &= a(1-a) \\",
            r"\frac{\partial C}{\partial w} &= \frac{\partial z}{\partial w} \cdot "
            r"\frac{\partial a}{\partial z} \cdot \frac{\partial C}{\partial a} \\",
            r"&= a_{\mathrm{prev}} \cdot \sigma'(z) \cdot 2(a-y) \\",
            rf"&= 1.3 \cdot {n['slope']} \cdot ({n['dC/da']}) \\",
            rf"&= {n['dC/dw']}",
            r"\end{aligned}",
        ]
    )


def test_bias_and_previous_activation():
    """∂C/∂b = 1 · σ'(z) · 2(a − y) and ∂C/∂a_prev = w · σ'(z) · 2(a − y)."""
    cost, _, b, a_prev = neuron()
    n = by_hand()
    assert "= 1 · σ'(z) · 2(a − y)\n" in explain(cost, b).text
    assert explain(cost, b).text.endswith(f"= {n['dC/db']}")
    assert "= w · σ'(z) · 2(a − y)\n" in explain(cost, a_prev).text
    assert explain(cost, a_prev).text.endswith(f"= {n['dC/da_prev']}")


def test_the_loss_of_the_library_reads_alike():
    """`squared_error` of one sample gives the factor 2(a − y) as well, and 1/m for its mean."""
    w = am.Value(W, name="w")
    a = am.tanh(2.0 * w)
    loss = nn.squared_error([a], [Y])
    assert "= 2 · (1 − a²) · 2(a − 1) · 1/1\n" in explain(loss, w).text


def test_the_total_is_the_gradient():
    """`total` has every bit of what `backward()` leaves in `.grad`."""
    cost, *inputs = neuron()
    explained = [explain(cost, x).total for x in inputs]
    assert [x.grad for x in inputs] == [None] * 3
    cost.backward()
    assert explained == [x.grad for x in inputs]


def test_several_paths():
    """x² + x·sin x: twice x, sin x and x·cos x; largest first, and their sum is the derivative."""
    x = am.Value(1.5, name="x")
    explained = explain(x * x + am.sin(x) * x, x)
    contributions = [line.contribution for line in explained.lines]
    assert explained.paths == 4
    assert contributions == [1.5, 1.5, math.sin(1.5), math.cos(1.5) * 1.5]
    assert explained.total == pytest.approx(2 * 1.5 + math.sin(1.5) + 1.5 * math.cos(1.5))
    total = f"{2 * 1.5 + math.sin(1.5) + 1.5 * math.cos(1.5):.6g}"
    product = f"{math.cos(1.5):.6g} · 1.5 = {math.cos(1.5) * 1.5:.6g}"
    assert explained.text.split("\n\n")[1].split("\n") == [
        "dC/dx is the sum over 4 paths, the largest first:",
        "x → C:",
        "    ∂C/∂x = x = 1.5",
        "x → C:",
        "    ∂C/∂x = x = 1.5",
        "x → C:",
        f"    ∂C/∂x = v₂ = {math.sin(1.5):.6g}",
        "x → v₂ → C:",
        f"    ∂v₂/∂x · ∂C/∂v₂ = cos(x) · x = {product}",
        f"dC/dx = {total}",
    ]


def test_the_other_paths_are_one_line():
    """Of four paths the two largest are shown; the other two add up to sin x + x·cos x."""
    x = am.Value(1.5, name="x")
    explained = explain(x * x + am.sin(x) * x, x, max_paths=2)
    assert len(explained.lines) == 3
    rest = math.sin(1.5) + 1.5 * math.cos(1.5)
    assert explained.lines[-1].text == f"2 other paths = {rest:.6g}"
    assert explained.lines[-1].contribution == pytest.approx(rest, rel=1e-15)


def test_a_named_sum_is_not_merged():
    """Who names an intermediate result wants to see it: u = a − y has its factor 1."""
    a = am.Value(0.5, name="a")
    u = a - 1.0
    u.name = "u"
    assert "∂C/∂a = ∂u/∂a · ∂C/∂u\n      = 1 · 2u\n" in explain(u**2, a).text


def test_signs_are_merged():
    """(y − a)² has the factor −2(y − a): the −1 of the difference joins its neighbour."""
    a = am.Value(0.5, name="a")
    y = am.Value(2.0, name="y")
    text = explain((y - a).square(), a).text
    assert text.endswith("∂C/∂a = −2(y − a) = −3")
    assert explain(-a, a).text.endswith("∂C/∂a = −1")


def test_of_itself():
    """A node changes as itself: the derivative is 1, along one path without factors."""
    x = am.Value(3.0, name="x")
    explained = explain(x, x)
    assert (explained.total, explained.paths, explained.text) == (1.0, 1, "∂x/∂x = 1")


def test_an_intermediate_node_is_taken_as_given():
    """The derivative by z starts at z and says nothing of what z was computed from."""
    w = am.Value(0.5, name="w")
    z = 3.0 * w
    z.name = "z"
    explained = explain(am.tanh(z), z)
    assert explained.text.split("\n\n")[0] == f"a = tanh(z) = {math.tanh(1.5):.6g}"
    assert explained.text.endswith(f"∂a/∂z = 1 − a² = {1.0 - math.tanh(1.5) ** 2:.6g}")


def test_notebook_and_markdown():
    """A notebook gets LaTeX in math mode, Markdown the same as displayed mathematics."""
    cost, w, _, _ = neuron()
    explained = explain(cost, w)
    assert explained._repr_latex_() == f"$\\displaystyle {explained.latex}$"
    assert explained._repr_markdown_() == explained.markdown == f"$$\n{explained.latex}\n$$"
    assert str(explained) == explained.text
    assert repr(explained) == "<Explanation by 1 path>"


@pytest.mark.parametrize("name", ["</svg><script>", '"];', r"\input{x}", "$$", "a & b", "%"])
def test_hostile_names(name: str):
    """No name adds a tag, ends math mode or starts a comment, and text stays on its lines."""
    w = am.Value(0.5, name=name)
    explained = explain(am.tanh(w * w), w)
    assert "<" not in explained.latex
    assert r"\input" not in explained.latex
    assert explained.latex.count("{") == explained.latex.count("}")
    for character in "$%":
        assert explained.latex.count(character) == explained.latex.count("\\" + character)
    for row in explained.latex.split("\n")[1:-1]:
        assert row.count("&") - row.count(r"\&") == 1


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_a_primitive_without_formulas(scratch_registry: None, kind: type[am.Node]):
    """A user's own primitive, declared without LaTeX, is explained by derivatives and numbers."""
    cube = Elementwise("cube_it", lambda x: x**3, lambda x: x**3, lambda z, x: 3.0 * x * x)
    x = kind(2.0, name="x")
    explained = explain(cube(x) * 5.0, x)
    assert explained.total == 3.0 * 2.0**2 * 5.0
    assert "∂v/∂x" in explained.text
    assert "cube_it(x) = 8" in explained.text


def test_errors_name_the_remedy():
    """No node, no scalar, no path: each says what it got and what to do."""
    x, other = am.Tensor([1.0, 2.0], name="x"), am.Value(1.0, name="other")
    with pytest.raises(DataError, match="wrt must be a node, got ndarray; pick one of its elem"):
        explain(other, am.values([1.0, 2.0]))
    with pytest.raises(DataError, match="output must be a node, got float"):
        explain(1.0, other)
    with pytest.raises(ExplanationError, match=r"shape \(2,\).*explain\(output\.sum\(\), wrt\)"):
        explain(x, x)
    with pytest.raises(ExplanationError, match="not computed from other"):
        explain(am.Value(2.0) * 3.0, other)
    with pytest.raises(ValueError, match="max_paths must be at least 1, got 0"):
        explain(other, other, max_paths=0)
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        explain(other, other, depth=0)
