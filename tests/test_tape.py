"""Nodes and the tape: what is recorded, in which order, how it prints, and how it is freed."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import autograd_mini as am


def example() -> tuple[am.Value, am.Value, am.Value]:
    """Return the leaves and the output of the README's example."""
    a, b = am.Value(2.0, name="a"), am.Value(-3.0, name="b")
    return a, b, (a * b + a.exp()).tanh()


def test_order_and_operands():
    """The list has each node once, operands first, the output last, and keeps operand order."""
    a, b, c = example()
    tape = c.tape()
    names = [node.primitive.name for node in tape if not node.is_leaf]
    assert list(tape)[:2] == [a, b]
    assert names == ["multiply", "exp", "add", "tanh"]
    assert tape[-1] is c
    assert tape[2].parents == (a, b)
    assert tape.leaves == [a, b]
    assert (b - a).parents == (b, a)
    assert (1.0 - a).parents == (1.0, a)


def test_shared_nodes_stand_once():
    """A node that is used many times is one entry of the tape."""
    x = am.Value(2.0)
    y = x * x
    assert len((y + y * y).tape()) == 4


def test_several_outputs():
    """A tape can end in several outputs, and holds nothing else that their operands lead to."""
    x = am.Value(2.0)
    y, z = x.exp(), x.sin()
    x.cos()
    assert list(am.Tape(z, y)) == [x, y, z]


def test_text_of_a_tape():
    """The table names every node, shows the numbers, and says what was not computed."""
    _, _, c = example()
    total = -6.0 + math.exp(2.0)
    slope = 1.0 - math.tanh(total) ** 2
    assert str(c.tape()) == "\n".join(
        [
            "index  name  operation  operands  value     adjoint",
            "-----  ----  ---------  --------  --------  ------------",
            "%0     a     leaf                 2         not computed",
            "%1     b     leaf                 -3        not computed",
            "%2           multiply   a, b      -6        not computed",
            f"%3           exp        a         {math.exp(2.0):.6g}   not computed",
            f"%4           add        %2, %3    {total:.6g}   not computed",
            f"%5           tanh       %4        {math.tanh(total):.6g}  not computed",
        ]
    )
    c.backward()
    assert str(c.tape()) == "\n".join(
        [
            "index  name  operation  operands  value     adjoint",
            "-----  ----  ---------  --------  --------  --------",
            f"%0     a     leaf                 2         {slope * (math.exp(2.0) - 3.0):.6g}",
            f"%1     b     leaf                 -3        {slope * 2.0:.6g}",
            f"%2           multiply   a, b      -6        {slope:.6g}",
            f"%3           exp        a         {math.exp(2.0):.6g}   {slope:.6g}",
            f"%4           add        %2, %3    {total:.6g}   {slope:.6g}",
            f"%5           tanh       %4        {math.tanh(total):.6g}  1",
        ]
    )
    assert repr(c.tape()) == "<Tape of 6 nodes, 2 of them leaves>"


def test_text_of_arrays_and_settings():
    """Arrays show dtype, shape and range; settings of an operation stand behind its operands."""
    x = am.Tensor([1.0, 2.0], name="x")
    z = (2 * x).sum(axis=0)
    assert [line.removesuffix("not computed").rstrip() for line in str(z.tape()).splitlines()] == [
        "index  name  operation  operands                    value                 adjoint",
        "-----  ----  ---------  --------------------------  --------------------  ------------",
        "%0     x     leaf                                   float64[2] in [1, 2]",
        "%1           multiply   2, x                        float64[2] in [2, 4]",
        "%2           sum        %1, axis=0, keepdims=False  float64[] 6",
    ]
    z.backward()
    assert [line.split("  ")[-1].strip() for line in str(z.tape()).splitlines()] == [
        "adjoint",
        "--------------------",
        "float64[2] in [2, 2]",
        "float64[2] in [1, 1]",
        "float64[] 1",
    ]


def test_text_of_a_long_tape():
    """Of a long tape the head and the tail are printed, and the number of nodes between."""
    z = am.Value(0.0)
    for _ in range(99):
        z = z + 1.0
    lines = str(z.tape()).splitlines()
    assert len(lines) == 2 + 60 + 1
    assert lines[2 + 29].startswith("%29 ")
    assert lines[2 + 30] == "... 40 nodes not shown ..."
    assert lines[2 + 31].startswith("%70 ")
    assert lines[-1].startswith("%99 ")


def test_no_grad():
    """Inside `no_grad()` results are leaves; afterwards, also after an error, they are not."""
    x = am.Value(2.0)
    with am.no_grad():
        y = x * x
    assert y.is_leaf
    assert y.data == 4.0
    with pytest.raises(KeyError), am.no_grad():
        raise KeyError
    assert not (x * x).is_leaf

    @am.no_grad()
    def square(x: am.Value) -> am.Value:
        return x * x

    assert square(x).is_leaf
    assert not (x * x).is_leaf


def test_detach():
    """A detached copy is a leaf with the same data; no gradient flows through it."""
    x = am.Value(3.0)
    y = x * x
    z = y.detach() * x
    z.backward()
    assert y.detach().is_leaf
    assert x.grad == 9.0  # and not 27, as if y depended on x
    t = am.Tensor([1.0, 2.0], dtype=np.float32)
    assert t.detach().dtype == np.float32
    assert t.detach().data is not t.data


def test_hash_is_identity():
    """Nodes with equal data are equal, and yet different keys."""
    for kind in (am.Value, am.Tensor):
        x, y = kind(2.0), kind(2.0)
        assert x == y
        assert len({x, y}) == 2
        assert {x: 1, y: 2}[x] == 1


@pytest.fixture
def collector_off() -> Iterator[None]:
    """Leave freeing to reference counts alone."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("collector_off")
@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_freed_by_reference_counts(kind: type[am.Node]):
    """There are no cycles: a graph that was swept and printed is gone with its last reference."""
    x = kind(2.0)
    y = x * x
    z = y.exp() + y
    inner = [weakref.ref(node) for node in z.tape() if node is not x]
    z.backward()
    str(z.tape())
    del y, z
    assert [ref() for ref in inner] == [None] * len(inner)
    assert x.grad is not None


@pytest.mark.usefixtures("collector_off")
def test_a_million_nodes():
    """A chain and a fan of 10⁶ nodes is built, swept and freed, without recursion.

    Each of n steps adds x, so the derivative is n + 1.
    """
    n = 10**6
    x = am.Value(1.0)
    z = x + 0.0
    first = weakref.ref(z)
    for _ in range(n):
        z = z + x
    z.backward()
    assert z.data == x.grad == n + 1
    assert len(z.tape()) == n + 2
    del z
    assert first() is None


def test_deep_chain_of_tensors():
    """The same for arrays, deeper than Python's stack."""
    x = z = am.Tensor([1.0, 2.0])
    for _ in range(5000):
        z = z + x
    z.backward(np.ones(2))
    assert x.grad.tolist() == [5001.0, 5001.0]


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_copies_of_leaves(kind: type[am.Node], duplicate):
    """A copy of a leaf has its data, name and gradient, and its own identity."""
    x = kind(2.0, name="x")
    (x * x).backward()
    other = duplicate(x)
    assert other is not x
    assert (other.data, other.name, other.grad, other.is_leaf) == (2.0, "x", 4.0, True)
    (other * 3.0).backward()
    assert (other.grad, x.grad) == (7.0, 4.0)


def test_copy_of_a_graph():
    """A deep copy of a node is a graph of its own, made by the same primitives."""
    a, _, c = example()
    other = copy.deepcopy(c)
    other.backward()
    assert [node.primitive for node in other.tape()] == [node.primitive for node in c.tape()]
    assert other.data == c.data
    assert a.grad is None


def test_copies_of_primitives():
    """A primitive is one entry of the table: copies and pickles are that entry."""
    assert copy.deepcopy(am.exp) is am.exp
    assert pickle.loads(pickle.dumps(am.exp)) is am.exp
