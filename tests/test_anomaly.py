"""`detect_anomaly()`: the first number that is not finite, and the line of code it came from."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.errors import AnomalyError
from autograd_mini.nn import MLP
from autograd_mini.render import draw
from autograd_mini.sweep import forward, reverse

KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])

NUMPY_SAYS: dict[str, Callable[[], Any]] = {
    "error": lambda: warnings.simplefilter("error"),
    "ignore": lambda: np.seterr(all="ignore"),
    "raise": lambda: np.seterr(all="raise"),
}


@pytest.fixture(params=NUMPY_SAYS)
def numpy_says(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let NumPy warn, which is an error in these tests, say nothing, or raise by itself."""
    before = np.geterr()
    NUMPY_SAYS[request.param]()
    yield
    np.seterr(**before)


def place(text: str) -> str:
    """Return a pattern for the line of this file with that code."""
    return rf"made at .*test_anomaly\.py:\d+, in \w+: {text}"


FORWARD: dict[str, tuple[Callable[[Any], Any], str]] = {
    "log": (lambda x: x.log(), "-inf"),
    "divide": (lambda x: 1.0 / x, "inf"),
    "divide a node": (lambda x: x / x, "nan"),
    "multiply": (lambda x: (x + 1e200) * 1e200, "inf"),
    "exp": (lambda x: (x + 1000.0).exp(), "inf"),
    "power": (lambda x: (x - 2.0) ** 0.5, "nan"),
    "sqrt": (lambda x: (x - 2.0).sqrt(), "nan"),
    "subtract": (lambda x: (x - 1.7e308) - 1.7e308, "-inf"),
}


@pytest.mark.usefixtures("numpy_says")
@pytest.mark.parametrize("operation", FORWARD)
@KINDS
def test_forward(kind: type[am.Node], operation: str):
    """The operation that gave it is named, with the number, whatever NumPy does about it."""
    f, number = FORWARD[operation]
    x = kind(0.0, name="x")
    with pytest.raises(AnomalyError) as caught, am.detect_anomaly():
        f(x)
    text = str(caught.value)
    assert text.startswith(f"{operation.split()[0]} (tape index ")
    assert f") gave {number}\n" in text
    assert "test_anomaly.py:" in text
    assert f"lambda x: {'(' if operation[0] in 'mesp' else ''}" in text.splitlines()[-1]


def test_message_forward():
    """The whole message: operation, scope, operands by name and number, the user's line."""
    x, y = am.Value(3.0, name="x"), am.Value(2.0)
    with am.detect_anomaly(), am.scope("f"):
        z = y - 2.0
        with pytest.raises(AnomalyError) as caught:
            x / z  # the culprit
    first, operand0, operand1, made = str(caught.value).splitlines()
    assert first == f"divide (tape index {z.index + 1}, in f) gave inf"
    assert operand0 == f"  operand 0: Value 'x', a leaf (tape index {x.index}): 3"
    assert operand1.startswith(f"  operand 1: the result of subtract in f (tape index {z.index}, ")
    assert operand1.endswith("in test_message_forward: z = y - 2.0): 0")
    assert made.endswith("in test_message_forward: x / z  # the culprit")


def test_message_of_an_array():
    """Of an array the message has the first bad element, its place, and how many there are."""
    x = am.Tensor([[1.0, 0.0], [2.0, -1.0]], name="x")
    with pytest.raises(AnomalyError) as caught, am.detect_anomaly():
        am.log(x)
    assert "gave -inf at [0, 1] (not finite: 2 of 4 elements)\n" in str(caught.value)
    assert "float64[2, 2] in [-1, 2]" in str(caught.value)


@pytest.mark.usefixtures("numpy_says")
@pytest.mark.parametrize("record", [False, True])
@KINDS
def test_reverse(kind: type[am.Node], record: bool):
    """A cotangent that is not finite: the line is the one that made the node of the rule."""
    x = kind(0.0, name="x")
    with am.detect_anomaly():
        y = x.sqrt()  # infinite slope
        z = y * 2.0
        with pytest.raises(AnomalyError) as caught:
            list(reverse({z: kind(1.0) if record else 1.0}, record=record))
    first, carried, result, operand, made = str(caught.value).splitlines()
    assert first == f"reverse sweep: sqrt (tape index {y.index}) gave operand 0 the cotangent inf"
    assert carried.startswith("  cotangent of the result: ")
    assert carried.endswith("2")
    assert result.startswith("  result: ")
    assert operand.startswith("  operand 0: ")
    assert made.endswith("in test_reverse: y = x.sqrt()  # infinite slope")


@pytest.mark.usefixtures("numpy_says")
@pytest.mark.parametrize("record", [False, True])
@KINDS
def test_forward_sweep(kind: type[am.Node], record: bool):
    """The same for tangents."""
    x = kind(0.0, name="x")
    with am.detect_anomaly():
        y = x * 3.0
        z = y.sqrt() + 1.0  # infinite slope
        with pytest.raises(AnomalyError) as caught:
            forward([z], {x: kind(1.0) if record else 1.0}, record=record)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("forward sweep: sqrt (tape index ")
    assert lines[0].endswith(") gave its result the tangent inf")
    assert lines[1].startswith("  tangent of operand 0: ")
    assert lines[-1].endswith("in test_forward_sweep: z = y.sqrt() + 1.0  # infinite slope")


@KINDS
def test_backward_leaves_gradients(kind: type[am.Node]):
    """Leaves keep the gradients that they had, as after any error in a sweep."""
    x = kind(0.0)
    z = x.sqrt()
    x.grad = 5.0
    with am.detect_anomaly(), pytest.raises(AnomalyError):
        z.backward()
    assert x.grad == 5.0


@KINDS
def test_sum_of_cotangents(kind: type[am.Node]):
    """Each use of a node sends a finite cotangent, and their sum overflows: also an anomaly."""
    x = kind(0.25)
    with am.detect_anomaly():
        z = x * 1.7e308 + x * 1.7e308
        with pytest.raises(AnomalyError, match=r"multiply .* gave operand 0 the cotangent inf"):
            z.backward()


@KINDS
def test_made_outside(kind: type[am.Node]):
    """Of a node that was made outside the message says how to get its line."""
    x = kind(0.0)
    z = x.sqrt()
    with am.detect_anomaly(), pytest.raises(AnomalyError) as caught:
        z.backward()
    assert str(caught.value).splitlines()[-1] == (
        "  made outside of detect_anomaly(): compute the graph inside of it, too, and this "
        "message shows the line of code"
    )


@KINDS
def test_what_is_put_in_is_not_checked(kind: type[am.Node]):
    """A leaf may be infinite or NaN; what is computed from it may be only if it is finite."""
    with am.detect_anomaly():
        x = kind(-np.inf)
        assert x.exp().data == 0.0
        with pytest.raises(AnomalyError, match="gave -inf"):
            x + 1.0
        nothing = kind(np.nan)
        assert (nothing > 0) == False  # noqa: E712  # an array of no axes for a Tensor


@KINDS
def test_masked_intermediates_of_rules(kind: type[am.Node]):
    """What a rule computes on the way and masks out is no anomaly, recorded or not.

    d/dy of 0^y: the rule multiplies by log 0, and takes the limit 0 in the end.
    """
    x, y = kind(0.0), kind(2.0)
    with am.detect_anomaly():
        z = x**y
        for record in (False, True):
            bars = dict(reverse({z: kind(1.0) if record else 1.0}, record=record))
            assert float(bars[y]) == 0.0


@KINDS
def test_finite_results_are_the_same(kind: type[am.Node]):
    """Values, gradients, pictures and texts are those without it, for second order too."""
    found = []
    for context in (am.detect_anomaly(), nullcontext()):
        x = kind(0.5, name="x")
        with context, am.scope("f"):
            z = (x * 2.0).tanh() / (x + 1.0) + am.where(x > 0, x, 0.0)
            z.backward()
            bar = dict(reverse({z: kind(1.0)}, record=True))[x]
            dot = forward([bar], {x: 1.0})[0]
            numbers = [float(z), float(x.grad), float(bar), float(dot)]
            found.append((numbers, draw(z).source, str(am.explain(z, x))))
    assert found[0] == found[1]


def test_object_arrays():
    """Also where NumPy's own loops call the operators, or `apply` runs on each element."""
    w = am.values([1.0, 0.0], name="w")
    with am.detect_anomaly():
        for f in (lambda: np.log(w), lambda: am.log(w), lambda: 1.0 / w, lambda: np.mean(1 / w)):
            with pytest.raises(AnomalyError, match=r"'w\[1\]'(.|\n)*test_anomaly\.py:\d+.*np\.log"):
                f()


def test_networks():
    """The user's line is the call of the network; the scope says where inside it happened."""
    net = MLP(1, [2, 1], kind=am.Tensor, rng=np.random.default_rng(0))
    net.parameters()[0].data *= np.inf
    x = np.ones((1, 1))
    with am.detect_anomaly(), pytest.raises(AnomalyError) as caught:
        net(x)
    text = str(caught.value)
    assert "in MLP/layers.0) gave " in text
    assert text.splitlines()[-1].endswith("in test_networks: net(x)")
    assert {type(p.scope) for p in net.parameters()} == {str}


def test_no_grad():
    """Results are checked without being recorded, too."""
    x = am.Value(0.0)
    with am.detect_anomaly(), am.no_grad():
        assert x.exp().is_leaf
        with am.scope("f") as path:
            assert path == ""
        with pytest.raises(AnomalyError):
            x.log()
    with am.no_grad(), am.detect_anomaly():
        assert x.exp().is_leaf
        with pytest.raises(AnomalyError):
            x.log()


def test_nesting():
    """A context within another ends alone; scopes and decorators go with it."""

    @am.detect_anomaly()
    def checked(x: am.Value) -> am.Value:
        return x.log()

    x = am.Value(0.0)
    with am.detect_anomaly():
        with am.detect_anomaly(), am.scope("a"), am.scope("b"):
            y = x + 1.0
        assert y.scope == "a/b"
        with pytest.raises(AnomalyError):
            x.log()
    with pytest.raises(AnomalyError, match=place(r"return x\.log\(\)")):
        checked(x)
    with np.errstate(divide="ignore"):
        assert x.log().data == -np.inf
    assert type((x + 1.0).scope) is str


def test_errors_that_are_no_anomaly():
    """NumPy is told to raise at underflow, and the result is finite: NumPy's error stays."""
    x = am.Tensor(1e-300)
    with np.errstate(under="raise"), am.detect_anomaly(), pytest.raises(FloatingPointError):
        x * 1e-300


@pytest.mark.parametrize("constant", [2.0, np.array([2.0, 3.0])], ids=["number", "array"])
def test_operands_that_no_cotangent_is_wanted_of(constant: Any):
    """Constants, and inputs that are not asked for, are passed over."""
    x, y = am.Tensor([1.0, 2.0]), am.Tensor([3.0, 4.0])
    with am.detect_anomaly():
        z = am.sum(x * constant * y)
        bars = dict(reverse({z: np.array(1.0)}, wrt=[x]))
    assert y not in bars
    assert bars[x].tolist() == (constant * y.data).tolist()
