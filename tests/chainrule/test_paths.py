"""Counting paths and finding the largest: against listing them one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

import autograd_mini as am
from autograd_mini.chainrule import explain
from autograd_mini.chainrule.paths import Graph, Path, between, contracted, contribution, count
from tests.test_random_graphs import points, programs, run


def listed(graph: Graph, node: am.Node, wrt: am.Node) -> list[Path]:
    """Return every path from `wrt` to a node."""
    if node is wrt:
        return [[]]
    return [[*path, edge] for edge in graph[node] for path in listed(graph, edge.operand, wrt)]


def exact(path: Path) -> Fraction:
    """Return the product of the partials along a path without any rounding."""
    return math.prod((Fraction(edge.partial) for edge in path), start=Fraction(1))


@given(program=programs, point=points)
def test_random_graphs(program: Sequence[Any], point: list[float]):
    """The lines are the largest paths, the rest sums up all others, and together they are .grad."""
    inputs = [am.Value(x) for x in point]
    output = run(program, inputs, 0)
    wrt = inputs[0]
    graph = between(output, wrt)
    assume(count(graph, output, wrt) <= 2000)
    output.backward()
    assume(all(math.isfinite(x.grad) for x in output.tape() if x.grad is not None))

    explained = explain(output, wrt)
    products = sorted(map(exact, listed(graph, output, wrt)), key=abs, reverse=True)
    shown = [line.contribution for line in explained.lines]
    largest = max(map(abs, products))

    assert explained.total == wrt.grad
    assert explained.paths == len(products)
    assert abs(math.fsum(shown) - wrt.grad) <= 4 * math.ulp(float(largest))
    for amount, product in zip(shown[:8], products, strict=False):
        assert abs(amount) == pytest.approx(float(abs(product)), rel=1e-14, abs=1e-300)
    rest = math.fsum(shown[8:])
    scale = float(sum(map(abs, products)))
    assert rest == pytest.approx(float(sum(products[8:])), rel=0, abs=1e-13 * scale)


@given(program=programs, point=points)
def test_short_programs_need_no_remainder(program: Sequence[Any], point: list[float]):
    """Where every path has its line, their sum is .grad to within 4 ulp, rounding included."""
    inputs = [am.Value(x) for x in point]
    output = run(program[:4], inputs, 0)
    graph = between(output, inputs[0])
    paths = listed(graph, output, inputs[0])
    assume(len(paths) <= 8)
    output.backward()
    amounts = list(map(contribution, paths))
    total = inputs[0].grad
    assume(math.isfinite(total))
    assert abs(math.fsum(amounts) - total) <= 4 * math.ulp(max(map(abs, amounts)))
    assert len(explain(output, inputs[0]).lines) == len(paths)


def test_two_to_the_sixty_paths():
    """Doubled 60 times: 2⁶⁰ paths of 1 each, counted and summed at once."""
    y = x = am.Value(1.5, name="x")
    for _ in range(60):
        y = y + y
    explained = explain(y, x, max_paths=3)
    assert explained.paths == 2**60
    assert explained.total == 2.0**60
    assert [line.contribution for line in explained.lines] == [1.0, 1.0, 1.0, 2.0**60 - 3.0]
    assert "1,152,921,504,606,846,973 other paths = 1.15292e+18" in explained.text


def test_more_paths_than_there_are_digits():
    """2^15000 paths have too many digits for Python to print, and the line says how many."""
    y = x = am.Value(1.0, name="x")
    for _ in range(15_000):
        y = 0.5 * y + 0.5 * y
    explained = explain(y, x)
    assert explained.paths == 2**15_000
    assert "more than 10^4515 other paths = 1" in explained.text


def test_rounded_ties_do_not_multiply_work():
    """Paths that differ by rounding alone are found without trying exponentially many."""
    y = x = am.Value(1.0, name="x")
    for _ in range(200):
        y = 0.3 * y + 0.7 * y
    best = [line.contribution for line in explain(y, x, max_paths=2).lines]
    assert best[0] == pytest.approx(0.7**200, rel=1e-12)
    assert best[1] == pytest.approx(0.7**199 * 0.3, rel=1e-12)


def test_a_long_chain():
    """10⁵ operations deep: no recursion; the line shows both ends and the product between."""
    y = x = am.Value(0.5, name="x")
    for _ in range(100_000):
        y = 0.99999 * y
    explained = explain(y, x)
    assert explained.paths == 1
    y.backward()
    assert explained.total == x.grad == pytest.approx(math.exp(1e5 * math.log(0.99999)))
    assert "[99,992 factors: " in explained.text
    assert len(explained.text) < 2000


def test_infinite_partials():
    """√x at 0 has an infinite derivative; the explanation says so and does not fail."""
    x = am.Value(0.0, name="x")
    with np.errstate(divide="ignore"):
        explained = explain(am.sqrt(x) + x, x)
    assert explained.total == math.inf
    assert explained.lines[0].contribution == math.inf


def test_contracted_graph_keeps_the_derivative():
    """Through fewer nodes lead fewer paths, with the same sum: (x² + x)·x at 2 has 3x² + 2x."""
    x = am.Value(2.0)
    u = x * x + x
    y = u * x
    small = contracted(between(y, x), {x, u, y})
    assert {node: [edge.partial for edge in edges] for node, edges in small.items()} == {
        x: [],
        u: [2 * 2.0 + 1.0],
        y: [6.0, 2.0] if small[y][0].operand is x else [2.0, 6.0],
    }
    total = sum(contribution(path) for path in listed(small, y, x))
    assert total == 3 * 2.0**2 + 2 * 2.0
