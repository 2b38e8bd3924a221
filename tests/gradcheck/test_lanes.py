"""Probes as lanes of one program: the same numbers as the loop, which is taken where it must be."""

from __future__ import annotations

import itertools
import math
import pickle
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.compiler.machine import LANE_SUM
from autograd_mini.compiler.numpy_executor import NumpyExecutor
from autograd_mini.compiler.program import Input, Instruction, Program
from autograd_mini.gradcheck import check_gradients, complex_step, lanes, numerical_gradient
from autograd_mini.primitive import REGISTRY
from tests.gradcheck.rules import tanh_with_slope

METHODS = ("two-sided", "one-sided", "complex-step")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
SIDES = np.where(Y > 0, 1.0, -1.0)
N = 5  # parameters of small losses

Choice = Callable[[bool], None]


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch) -> Choice:
    """Return what makes every check, however small, a replay, or every one a loop."""

    def choose(on: bool) -> None:
        for module in (lanes, complex_step):
            monkeypatch.setattr(module, "FEWEST", 0 if on else math.inf)

    return choose


class Counted:
    """A loss that counts how often it is called."""

    def __init__(self, loss: Callable[..., Any]) -> None:
        self.loss, self.calls = loss, 0

    def __call__(self) -> Any:
        """Return the loss."""
        self.calls += 1
        return self.loss()


def both(replays: Choice, compute: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what comes out of a replay, and of the loop."""
    replays(True)
    replayed = compute()
    replays(False)
    return replayed, compute()


def calls_of(loss: Callable[..., Any], params: Any) -> tuple[Any, int]:
    """Return the numerical gradient, and how often the loss was called for it."""
    counted = Counted(loss)
    return numerical_gradient(counted, params), counted.calls


REPLAYED = 3
"""The calls that a replay takes: the trace, and two points at which the program is compared."""


# The same numbers


def networks() -> dict[str, tuple[Any, Any]]:
    """Return losses of networks of `Value`s, by name, each with its network."""

    def network(activation: str, out: int) -> nn.MLP:
        return nn.MLP(3, [4, out], activation=activation, kind=am.Value, rng=1)

    relu, tanh, gelu = network("relu", 2), network("tanh", 2), network("gelu", 2)
    softmax = network("sigmoid", 3)
    return {
        "hinge": (
            lambda: nn.hinge(relu(X), SIDES) + nn.l2_penalty(relu.weights(), 0.1, len(X)),
            relu,
        ),
        "squared error": (lambda: nn.squared_error(tanh(X), Y), tanh),
        "one argument": (lambda model: nn.squared_error(model(X), Y), gelu),
        "softmax": (lambda: nn.softmax_cross_entropy(softmax(X), np.arange(6) % 3), softmax),
    }


@pytest.mark.parametrize("name", ["hinge", "squared error", "one argument"])
@pytest.mark.parametrize("method", ["two-sided", "one-sided"])
@pytest.mark.parametrize("projections", [None, 4])
def test_same_report(replays: Choice, name: str, method: Any, projections: int | None):
    """A check on lanes reports every number that the loop does, bit for bit."""
    loss, model = networks()[name]
    replayed, looped = both(
        replays, lambda: check_gradients(loss, model, method=method, projections=projections)
    )
    assert replayed == looped
    assert replayed.passed


@pytest.mark.parametrize("name", ["hinge", "squared error"])
def test_same_report_by_numba(replays: Choice, monkeypatch: pytest.MonkeyPatch, name: str):
    """The engine that large checks take reports the same numbers."""
    pytest.importorskip("numba", reason="the extra `fast` is not installed")
    monkeypatch.setattr(lanes, "WORTH_LOADING", 0)
    loss, model = networks()[name]
    replayed, looped = both(replays, lambda: check_gradients(loss, model))
    assert replayed == looped


@pytest.mark.parametrize("method", METHODS)
def test_same_report_on_a_thousand_probes(replays: Choice, method: Any):
    """So does one of several blocks of lanes, of second order too."""
    w = am.values(RNG.normal(size=500))

    def loss() -> Any:
        return am.exp(w[:6]).sum() * am.tanh(w.reshape(10, 50).sum(axis=0)).sum()

    replayed, looped = both(replays, lambda: check_gradients(loss, [w], method=method, order=2))
    assert str(replayed) == str(looped)
    assert replayed.passed


def test_without_being_asked():
    """Where there are many probes the loss is hardly called; where there are few it is."""
    many, few = am.values(RNG.normal(size=200)), am.values([1.0, 2.0])
    found, calls = calls_of(lambda: (many * many).sum(), [many])
    assert calls == REPLAYED
    assert_allclose(found[0], 2 * am.data(many), atol=1e-8)
    assert calls_of(lambda: (few * few).sum(), [few])[1] == 4


@pytest.mark.parametrize("floats", [1, 64, 2**22])
@pytest.mark.parametrize("method", METHODS)
def test_chunks(replays: Choice, monkeypatch: pytest.MonkeyPatch, method: Any, floats: int):
    """In however many parts the lanes are run, the numbers are the same."""
    w = am.values(RNG.normal(size=17))
    for module in (lanes, complex_step):
        monkeypatch.setattr(module, "FLOATS", floats)
    replayed, looped = both(
        replays, lambda: numerical_gradient(lambda: am.exp(w @ w * 0.1), [w], method=method)
    )
    assert_array_equal(replayed[0], looped[0])


def test_memory_is_bounded():
    """3,000 parameters at 6,000 probes are 144 MB; not all of it is there at once."""
    w = am.values(RNG.normal(size=3_000))
    tracemalloc.start()
    numerical_gradient(lambda: (w * w).sum(), [w])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8


def test_parameters_stay_as_they_are(replays: Choice):
    """Neither data nor gradients of the parameters are touched."""
    replays(True)
    w = am.values([0.1 + 0.2, -0.0, 1e-300])
    (w * w).sum().backward()
    before = pickle.dumps([(x.data, x.grad) for x in w])
    numerical_gradient(lambda: (w * w).sum(), [w])
    assert pickle.dumps([(x.data, x.grad) for x in w]) == before


@pytest.mark.usefixtures("scratch_registry")
def test_wrong_rule_is_found(replays: Choice):
    """A rule that is wrong by 0.1 % is found on lanes as in the loop, and so are wrong numbers."""
    tanh = tanh_with_slope(1.001)
    w = am.values(RNG.normal(size=N))
    replayed, looped = both(replays, lambda: check_gradients(lambda: tanh(w).sum(), [w]))
    assert replayed == looped
    assert not replayed.passed
    gradients = [1.0 - np.tanh(am.data(w)) ** 2]
    replays(True)
    assert check_gradients(lambda: tanh(w).sum(), [w], gradients=gradients).passed
    gradients[0][3] *= 1.001
    report = check_gradients(lambda: tanh(w).sum(), [w], gradients=gradients)
    assert not report.passed
    assert report.worst(1)[0].index == (3,)


def test_softmax(replays: Choice):
    """What a trace computes in another form is right to rounding, with the same verdict."""
    loss, model = networks()["softmax"]
    replayed, looped = both(replays, lambda: check_gradients(loss, model))
    assert replayed.verdict == looped.verdict
    assert_allclose(
        [c.numerical for c in replayed.components],
        [c.numerical for c in looped.components],
        atol=max(c.noise for c in looped.components),
    )


# Where the loss must be called


def test_few_lanes_at_once(replays: Choice, monkeypatch: pytest.MonkeyPatch):
    """Where next to no number fits, the two points of the comparison still run together."""
    w = am.values(RNG.normal(size=N))
    replays(True)
    monkeypatch.setattr(lanes, "FLOATS", 1)
    found, calls = calls_of(lambda: am.tanh(w).sum(), [w])
    replays(False)
    assert_array_equal(found[0], numerical_gradient(lambda: am.tanh(w).sum(), [w])[0])
    assert calls == REPLAYED


def test_other_branch(replays: Choice):
    """A step along which Python goes another way is left to the loss, and no other one."""
    w = am.values([1e-9, 0.5, -0.5, 2.0])

    def loss() -> Any:
        return sum(3.0 * x if x > 0 else x * x for x in w)

    replays(True)
    found, calls = calls_of(loss, [w])
    replays(False)
    assert_array_equal(found[0], numerical_gradient(loss, [w])[0])
    assert calls == REPLAYED + 2


def test_kinks_are_reported(replays: Choice):
    """A component beside a kink is left out on lanes as it is in the loop."""
    w = am.values([1e-9, 0.5, -0.5])
    replayed, looped = both(replays, lambda: check_gradients(lambda: am.relu(w).sum(), [w]))
    assert replayed == looped
    assert [c.at_kink for c in replayed.components] == [True, False, False]


def test_number_that_is_read(replays: Choice):
    """Where Python reads a parameter as a number, its probes are left to the loss."""
    w = am.values(RNG.normal(size=N))
    replayed, looped = both(
        replays, lambda: numerical_gradient(lambda: (w * float(w[2]) ** 2).sum(), [w])
    )
    assert_array_equal(replayed[0], looped[0])


UNTRACEABLE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "NumPy computes": (
        lambda: am.values(RNG.normal(size=N)),
        lambda w: float(np.linalg.norm(am.data(w))),
    ),
    "data behind the tracer's back": (
        lambda: am.values(RNG.normal(size=N)),
        lambda w: sum(x * x.primal for x in w),
    ),
    "in a Tensor": (
        lambda: am.values(RNG.normal(size=N)),
        lambda w: (am.Tensor([1.0, 2.0]) * w[0] * w[1]).sum(),
    ),
    "beside a Tensor that is read": (
        lambda: am.values(RNG.normal(size=N)),
        lambda w: (w * am.Tensor([1.0, 2.0]).data.sum()).sum(),
    ),
    "constant": (lambda: am.values(RNG.normal(size=N)), lambda w: am.Value(3.0)),
    "not recorded": (
        lambda: am.values(RNG.normal(size=N)),
        am.no_grad()(lambda w: float((w * w).sum())),
    ),
    "Tensor": (lambda: am.Tensor(RNG.normal(size=N)), lambda w: (w * w).sum()),
    "plain array": (lambda: RNG.normal(size=N), lambda w: float((w * w).sum())),
    "one of them twice": (lambda: np.repeat(am.values([2.0]), N), lambda w: (w * w).sum()),
}


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_what_is_no_program(replays: Choice, name: str):
    """The loop computes it, silently, as it does without replays."""
    make, f = UNTRACEABLE[name]
    w = make()
    replayed, looped = both(replays, lambda: numerical_gradient(lambda: f(w), [w]))
    assert_array_equal(replayed[0], looped[0])
    replays(True)
    assert calls_of(lambda: f(w), [w])[1] >= 2 * N


def test_mixed_kinds(replays: Choice):
    """Parameters of both kinds are probed by the loop."""
    p = {"w": am.values(RNG.normal(size=N)), "t": am.Tensor(RNG.normal(size=N))}
    replayed, looped = both(
        replays, lambda: numerical_gradient(lambda: (p["t"] * p["t"]).sum() * p["w"][0], p)
    )
    for name in p:
        assert_array_equal(replayed[name], looped[name])


def test_stateful_loss(replays: Choice):
    """A loss that takes another sample at each call is called at each probe."""
    w = am.values(RNG.normal(size=N))
    samples = itertools.cycle([1.0, 2.0, 3.0])
    replays(True)
    assert calls_of(lambda: (w * next(samples)).sum(), [w])[1] == REPLAYED + 2 * N


def test_stateful_loss_on_a_way_of_its_own(replays: Choice):
    """Where no point tells that the program is the loss, nothing that it says counts."""
    w = am.values(RNG.normal(size=N))
    first, samples = w[0].data, itertools.cycle([1.0, 2.0, 3.0])

    def loss() -> Any:
        return (w * next(samples)).sum() if w[0] == first else w[0] * 1.0

    replays(True)
    assert calls_of(loss, [w])[1] == REPLAYED + 2 * N


def test_random_loss(replays: Choice):
    """A loss with dropout is called at each probe."""
    w = am.values(RNG.normal(size=N))
    rng = np.random.default_rng(0)
    replays(True)
    assert calls_of(lambda: nn.dropout(w, 0.5, rng=rng).sum(), [w])[1] >= 2 * N


def test_captured_intermediate_result(replays: Choice):
    """What was computed before the check, also from a parameter, stays as it is at every probe."""
    w = am.values(RNG.normal(size=N))
    before = w * w
    replayed, looped = both(replays, lambda: numerical_gradient(lambda: (before * w).sum(), [w]))
    assert_array_equal(replayed[0], looped[0])
    assert_allclose(replayed[0], am.data(before), rtol=1e-8)


def test_outside_of_the_domain(replays: Choice):
    """Where the loss is not finite at a probe it is called, and warns."""
    w = am.values([1e-9, 1.0, 2.0])
    replays(True)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = numerical_gradient(lambda: am.log(w).sum(), [w])[0]
    assert_array_equal(np.isnan(found), [True, False, False])


def test_overflow(replays: Choice):
    """A step at which the loss is infinite is left to the loss, both ends, and no other one."""
    w = am.values([math.log(np.finfo(float).max), 1.0])
    replays(True)
    with np.errstate(over="ignore"):
        found, calls = calls_of(lambda: am.exp(w).sum(), [w])
    assert np.isinf(found[0][0])
    assert calls == REPLAYED + 2


def test_anomalies_are_found(replays: Choice):
    """Inside of detect_anomaly() the loss is called, so that the anomaly is where it says."""
    w = am.values([1.0, 2.0])
    replays(True)
    with am.detect_anomaly():
        assert calls_of(lambda: (w * w).sum(), [w])[1] == 4


# Complex lanes


@pytest.mark.parametrize("name", ["squared error", "softmax"])
@pytest.mark.parametrize("projections", [None, 4])
@pytest.mark.parametrize("order", [1, 2])
def test_complex_step_on_lanes(replays: Choice, name: str, projections: int | None, order: Any):
    """All directions at once give the derivatives that one after the other gives."""
    loss, model = networks()[name]
    replayed, looped = both(
        replays,
        lambda: check_gradients(
            loss, model, method="complex-step", order=order, projections=projections
        ),
    )
    assert replayed.passed
    assert [c.name for c in replayed.components] == [c.name for c in looped.components]
    assert_allclose(
        [c.numerical for c in replayed.components],
        [c.numerical for c in looped.components],
        rtol=1e-13,
        atol=1e-15,
    )


ANALYTIC = sorted(
    name
    for name, primitive in REGISTRY.items()
    if primitive.analytic and primitive.scalar and primitive.arity
)


@pytest.mark.parametrize("name", ANALYTIC)
def test_complex_numbers_in_the_numpy_executor(name: str):
    """Each analytic operation is continued on lanes as it is on one complex number."""
    if name in ("erf", "erfc", "erfcx", "gelu", "lgamma", "log_gamma", "digamma"):
        pytest.importorskip("scipy", reason="their continuations are SciPy's")
    primitive: Any = REGISTRY[name]
    operands = tuple(range(primitive.arity))
    program = Program(
        [*(Input(lane=True) for _ in operands), Instruction(primitive, operands)],
        (primitive.arity,),
    )
    executor = NumpyExecutor(program, numbers=complex)
    points = RNG.uniform(1.1, 1.9, size=(primitive.arity, 9)) + 0.01j
    if name in ("arccos", "arcsin", "arctanh", "logit"):
        points -= 1.0
    one_by_one = [primitive.analytic(*lane) for lane in points.T]
    for run in (executor, pickle.loads(pickle.dumps(executor))):
        assert_allclose(run(np.empty(0), points)[1][0], one_by_one, rtol=1e-13)


def test_blocks_of_lanes():
    """Where lanes do not fill the last block, each has its result, and sums have each lane once."""
    square = Instruction(REGISTRY["square"], (0,))
    x = RNG.normal(size=(1, 24))
    each = NumpyExecutor(Program([Input(lane=True), square], (1,)))
    total = NumpyExecutor(Program([Input(lane=True), square, Instruction(LANE_SUM, (1,))], (1, 2)))
    for width in (1, 7, 23, 24, 100):
        each.width = total.width = width
        assert_array_equal(each(np.empty(0), x)[1], x * x)
        sums, squares = total(np.empty(0), x)
        assert_allclose(sums, [x.ravel() @ x.ravel()], rtol=1e-14)
        assert_array_equal(squares, x * x)
