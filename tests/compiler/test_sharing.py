"""One compiled function in several threads, in other processes, and in copies and pickles."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal, assert_equal

import autograd_mini as am
from autograd_mini.compiler.numpy_executor import NumpyExecutor
from autograd_mini.compiler.saved.carrying import tokens_of
from autograd_mini.compiler.tracing.trace import Draw
from autograd_mini.nn import MLP, dropout
from tests.replays import Compile, counted

X = np.linspace(-1.0, 1.0, 24).reshape(8, 3)
W = np.array([0.5, -0.25, 2.0])
SCALE = 2.0
NODE = am.Value(2.0)
RUNS: list[str] = []


def note() -> None:
    """Note that the Python of a function ran."""
    RUNS.append("run")


def loss(x: Any, w: Any) -> Any:
    """Return a loss with two ways through it, which uses globals."""
    note()
    z = np.tanh(x) @ w * SCALE
    return z * z if z > 0 else -z


def with_node(x: Any) -> Any:
    """Return something that depends on a node from outside."""
    return x * NODE


def by_row(rows: Any, x: Any) -> Any:
    """Return something of a structure of the user's own."""
    return rows.row @ x


@dataclass
class Rows:
    """A structure of the user's own."""

    row: Any


@am.compile
def decorated(x: Any) -> Any:
    """Return the square; the name stands for the compiled function."""
    return x * x


@am.compile(engine="numpy", exact=True)
def decorated_with_settings(x: Any) -> Any:
    """Return the square likewise."""
    return x * x


CALLS: list[Callable[[Any], Any]] = [
    lambda f: [f(x, W) for x in X],
    lambda f: [f.value_and_grad(x, W, argnums=1) for x in X],
    lambda f: [f.hvp(x, W, W, argnums=1) for x in X],
    lambda f: f.hessian(X[0], W),
]
BATCH_CALLS: list[Callable[[Any], Any]] = [
    lambda f: f(X, W),
    lambda f: f.value_and_grad(X, W, argnums=(0, 1)),
]


def forms(step: Any) -> list[tuple[Any, list[Callable[[Any], Any]]]]:
    """Return a compiled function and its batches, each with calls that it can take."""
    batches = [step.batched((0, None), reduce=reduce) for reduce in ("mean", "sum", None)]
    return [(step, CALLS), *((batch, BATCH_CALLS) for batch in batches)]


COPIES = pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, *(lambda x, p=p: pickle.loads(pickle.dumps(x, p)) for p in (2, 5))],
    ids=["copy", "deepcopy", "pickle2", "pickle5"],
)


@COPIES
def test_copies_have_the_programs(compiled: Compile, copied: Callable[[Any], Any]):
    """A copy replays what was traced, without the Python of the function."""
    for exact in (False, True):
        for step, calls in forms(compiled(loss, exact=exact)):
            expected = [call(step) for call in calls]
            RUNS.clear()
            other = copied(step)
            assert str(other.program) == str(step.program)
            assert_equal([call(other) for call in calls], expected)
            assert other is not step
            assert RUNS == []
            assert other.__name__ == "loss"


def test_nodes_and_draws_are_of_their_process():
    """Wherever they come from, be it from inside of a library, where no name is looked at."""
    step = am.compile(loss, engine="numpy")
    step(X[0], W)
    (replay,) = step._replays.values()
    record = replay.variants[0].record
    assert None not in tokens_of(record).values()
    draw = Draw(np.random.default_rng(), 0.5, ())
    for own in (record._replace(captured=[NODE]), record._replace(draws=[draw])):
        assert None in tokens_of(own).values()


@COPIES
def test_copies_of_what_was_not_called(compiled: Compile, copied: Callable[[Any], Any]):
    """A copy without programs traces."""
    assert copied(compiled(loss))(X[0], W) == compiled(loss)(X[0], W)


@COPIES
def test_copies_trace_what_is_of_their_process(compiled: Compile, copied: Callable[[Any], Any]):
    """Nodes from outside are read where the copy is, and so are names that changed."""
    step = compiled(with_node)
    assert step(3.0) == 6.0
    other = copied(step)
    NODE.data = 5.0
    assert (step(3.0), other(3.0)) == (15.0, 15.0)
    NODE.data = 2.0


def test_names_that_changed_since(compiled: Compile, monkeypatch: pytest.MonkeyPatch):
    """A program that was made with another global is not used where the pickle is read."""
    step = compiled(loss)
    before = step(X[7], W)
    content = pickle.dumps(step)
    monkeypatch.setitem(globals(), "SCALE", 4.0)
    RUNS.clear()
    assert pickle.loads(content)(X[7], W) == 4 * before
    assert len(RUNS) == 1


def scaled_by(k: float) -> Callable[[Any], Any]:
    """Return one of many functions that have one name."""
    return lambda x: x * k


PARTS = [scaled_by(2.0), scaled_by(3.0)]


def of_parts(x: Any) -> Any:
    """Return what depends on functions of one name."""
    return PARTS[0](x) + PARTS[1](x)


def test_functions_of_one_name(compiled: Compile, monkeypatch: pytest.MonkeyPatch):
    """Each of them is looked at where a pickle is read."""
    step = compiled(of_parts)
    assert step(1.0) == 5.0
    content = pickle.dumps(step)
    for parts, expected in [((4.0, 3.0), 7.0), ((2.0, 4.0), 6.0), ((2.0, 3.0), 5.0)]:
        monkeypatch.setitem(globals(), "PARTS", [scaled_by(k) for k in parts])
        assert pickle.loads(content)(1.0) == expected


def test_random_draws_are_of_their_process(compiled: Compile):
    """A copy draws from the generator of its own function, as a copy of that would."""
    rng = np.random.default_rng(0)
    step = compiled(lambda x: dropout(x, 0.5, rng=rng))
    step(X)
    twin = copy.deepcopy(rng)
    assert_array_equal(copy.deepcopy(step)(X), dropout(X, 0.5, rng=twin))


def test_structures_of_the_users_own(compiled: Compile):
    """Arguments of importable classes travel; those of local ones are traced anew, no error."""

    @dataclass
    class Local:
        row: Any

    step = compiled(by_row)
    for kind in (Rows, Local):
        assert step(kind(W), X[0]) == W @ X[0]
    other = pickle.loads(pickle.dumps(step))
    assert other(Rows(W), X[0]) == other(Local(W), X[0]) == W @ X[0]


def test_modules_as_arguments_travel(compiled: Compile):
    """A program that takes a module serves others of its form, also where they are copies."""
    counting, runs = counted(lambda net, x: net(x).sum())
    step, net = compiled(counting), MLP(3, [2, 1], rng=0)
    expected = step.value_and_grad(net, X[0])[0]
    other = copy.deepcopy(step)
    assert other.value_and_grad(copy.deepcopy(net), X[0])[0] == expected
    assert len(runs) <= 2


def test_decorated_functions():
    """What decorates a function is pickled by its name, as functions are; its batches too."""
    assert "engine='numpy'" in repr(decorated_with_settings)
    for step in (decorated, decorated_with_settings):
        assert step(3.0) == 9.0
        assert pickle.loads(pickle.dumps(step)) is step
        batch = step.batched()
        assert batch([1.0, 2.0] @ np.eye(2)) == 2.5
        assert pickle.loads(pickle.dumps(batch))(np.array([1.0, 3.0])) == 5.0


def test_decorators_with_wrong_settings():
    """Settings are checked where they are written."""
    with pytest.raises(ValueError, match="engine is"):
        am.compile(engine="fast")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="expected a function"):
        am.compile(engine="numpy")(2.0)  # type: ignore[arg-type]


def test_programs_executors_and_listings_are_pickled(compiled: Compile):
    """Each part by itself."""
    step = compiled(loss).batched((0, None))
    step.value_and_grad(X, W, argnums=1)
    listing = pickle.loads(pickle.dumps(step.program))
    assert str(listing) == str(step.program)
    program = pickle.loads(pickle.dumps(listing.final))
    assert program.entries == step.program.final.entries
    assert program.results == step.program.final.results
    executor = NumpyExecutor(step.program.final)
    shared, lanes = np.array([*W, len(X), 1.0]), X.T.copy()
    expected = executor(shared, lanes)
    assert_equal(pickle.loads(pickle.dumps(executor))(shared, lanes), expected)


def test_loaded_programs_are_pickled(compiled: Compile, tmp_path: Path):
    """What was loaded from a file travels as what was traced does."""
    step = compiled(loss)
    expected = step(X[0], W)
    step.save(tmp_path / "f.json")
    loaded = am.load_program(tmp_path / "f.json")
    assert pickle.loads(pickle.dumps(loaded))(X[0], W) == expected


def calls_and_runs(step: Any, calls: list[int], batched: bool) -> tuple[list[Any], int]:
    """Return what some of the calls give in this process, and how often Python ran."""
    RUNS.clear()
    return [(BATCH_CALLS if batched else CALLS)[i](step) for i in calls], len(RUNS)


def test_processes():
    """Workers that were spawned replay what was traced here.

    In an interpreter of its own, see test_processes.py.
    """
    code = "from tests.compiler.test_sharing import compare; compare()"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=root)


def compare() -> None:
    """Compare what a pool of two workers computes with what this process does."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for step, calls in forms(am.compile(loss, engine="numpy")):
            every = list(range(len(calls)))
            for traced in (False, True):
                batched = calls is BATCH_CALLS
                futures = [pool.submit(calls_and_runs, step, every, batched) for _ in range(3)]
                results = [future.result() for future in futures]
                expected = [call(step) for call in calls]
                for found, runs in results:
                    assert_equal(found, expected)
                    assert (runs == 0) == traced


THREADS = 8


@pytest.fixture
def frequent_switches() -> Any:
    """Let threads take turns every few instructions, so that what can go wrong does."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads(compiled: Compile, frequent_switches: None):
    """Threads share one function: each gets its own results, and the first calls may all trace."""
    for step, calls in forms(compiled(loss)):
        reference = copy.copy(step)
        expected = [call(reference) for call in calls]
        start = threading.Barrier(THREADS)
        RUNS.clear()

        def work(
            i: int,
            step: Any = step,
            calls: Any = calls,
            expected: Any = expected,
            start: threading.Barrier = start,
        ) -> None:
            start.wait()
            for repeat in range(3):
                j = (i + repeat) % len(calls)
                assert_equal(calls[j](step), expected[j])

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))
        variants = 2 * (len(calls) + 1)
        assert len(RUNS) <= THREADS * variants
        RUNS.clear()
        assert_equal([call(step) for call in calls], expected)
        assert RUNS == []


def test_threads_with_batches_of_their_own(compiled: Compile, frequent_switches: None):
    """Batches of several sizes at once: no thread sees the registers of another."""
    step = compiled(lambda x, w: np.sum(np.tanh(x) * w)).batched((0, None), reduce="sum")
    batches = [np.random.default_rng(i).normal(size=(40 + 100 * i, 3)) for i in range(THREADS)]
    expected = [copy.deepcopy(step).value_and_grad(x, W, argnums=1) for x in batches]
    start = threading.Barrier(THREADS)

    def work(i: int) -> None:
        start.wait()
        for _ in range(5):
            assert_equal(step.value_and_grad(batches[i], W, argnums=1), expected[i])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
