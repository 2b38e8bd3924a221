"""A network of `Value`s in training: replays give what the eager engine gives, step by step."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.errors import DivergenceError
from autograd_mini.nn.mlp import ACTIVATIONS
from autograd_mini.training import replayed
from autograd_mini.training.prepare import Part
from autograd_mini.training.replayed import WORTH_NUMBA
from autograd_mini.training.run import Run
from autograd_mini.training.settings import OPTIMIZERS, Settings

pytest.importorskip("pandas")


def settings_of(directory: Path, task: str, **settings: Any) -> Settings:
    """Return settings with dropout, L2 and a smaller last batch; 50 rows of iris, or numbers."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = x @ [3.0, -2.0, 0.5] + 10 + 0.1 * rng.normal(size=60)
    if task == "classify":
        labels = np.array(["low", "middle", "high"])[np.digitize(y, [8.0, 12.0])]
    rows = zip(x.tolist(), labels.tolist() if task == "classify" else y.tolist(), strict=True)
    path = directory / f"{task}.csv"
    path.write_text(
        "a,b,c,y\n" + "".join(f"{a},{b},{c},{target}\n" for (a, b, c), target in rows),
        encoding="utf-8",
    )
    usual: dict[str, Any] = {
        "file": str(path),
        "kind": "value",
        "hidden": (5, 4),
        "keep_prob": (0.8, 0.9),
        "l2": 2.0,
        "batch_size": 13,
    }
    return Settings(**usual | settings)


class Eager(Run):
    """A run whose every step records a graph and sweeps it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.replayed = None


def in_step(settings: Settings, epochs: int, rtol: float) -> None:
    """Run side by side; losses, gradients, parameters and measures agree at every step."""
    run, eager = Run(settings), Eager(settings)
    rows = [np.arange(start, start + 13) for start in range(0, len(run.prepared.train) - 13, 13)]
    rows.append(np.arange(rows[-1][-1] + 1, len(run.prepared.train)))
    assert 0 < len(rows[-1]) < 13
    for _ in range(epochs):
        for own in rows:
            batch = Part(run.prepared.train.x[own], run.prepared.train.y[own])
            assert run.step(batch) == pytest.approx(eager.step(batch), rel=rtol)
            for now, then in zip(
                run.model.arrays().values(), eager.model.arrays().values(), strict=True
            ):
                np.testing.assert_allclose(am.grads(now), am.grads(then), rtol, rtol)
                np.testing.assert_allclose(am.data(now), am.data(then), rtol, rtol)
        np.testing.assert_allclose(
            run.scores(run.prepared.test), eager.scores(run.prepared.test), rtol, rtol
        )
    states = [r.generators["dropout"].bit_generator.state for r in (run, eager)]
    assert states[0] == states[1]


@pytest.mark.parametrize("task", ["classify", "regress"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_are_those_of_the_eager_engine(tmp_path: Path, task: str, optimizer: str) -> None:
    """Three epochs with dropout, L2 and a smaller last batch, by each optimiser."""
    in_step(settings_of(tmp_path, task, optimizer=optimizer), epochs=3, rtol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(tmp_path: Path, activation: str) -> None:
    """The first epoch by the eager engine is the first epoch replayed."""
    in_step(settings_of(tmp_path, "classify", activation=activation), epochs=1, rtol=1e-10)


def test_without_dropout_and_l2(tmp_path: Path) -> None:
    """What is switched off in the settings is not in the program either."""
    in_step(settings_of(tmp_path, "classify", keep_prob=(1.0,), l2=0.0), epochs=2, rtol=1e-10)


def test_steps_by_numba(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of large runs takes the same steps, to the last bits."""
    pytest.importorskip("numba", reason="large runs are replayed by the extra `fast`")
    monkeypatch.setattr(replayed, "WORTH_NUMBA", 0)
    in_step(settings_of(tmp_path, "classify"), epochs=2, rtol=1e-10)
    in_step(settings_of(tmp_path, "regress"), epochs=2, rtol=1e-10)


def test_an_epoch_is_recorded_as_the_eager_engine_has_it(tmp_path: Path) -> None:
    """Mean loss, accuracy on both parts: the records of two epochs agree."""
    settings = settings_of(tmp_path, "classify")
    run, eager = Run(settings), Eager(settings)
    for _ in range(2):
        run.epoch(lambda: None)
        eager.epoch(lambda: None)
    np.testing.assert_allclose(run.history, eager.history, rtol=1e-10)


def test_sure_and_wrong_scores(tmp_path: Path) -> None:
    """Scores so far apart that their exponentials overflow or vanish give the eager loss."""
    settings = settings_of(tmp_path, "classify", keep_prob=(1.0,), activation="linear")
    run, eager = Run(settings), Eager(settings)
    batch = run.prepared.train
    for factor in (1.0, 30.0, 30.0):
        for r in (run, eager):
            r.model.load_state_dict(
                {name: factor * array for name, array in r.model.state_dict().items()}
            )
        assert run.step(batch) == pytest.approx(eager.step(batch), rel=1e-10)


def test_gradients_are_set(tmp_path: Path) -> None:
    """A second replay of the loss does not add to the gradients of the first."""
    run = Run(settings_of(tmp_path, "regress", keep_prob=(1.0,)))
    assert run.replayed is not None
    found = []
    for _ in range(2):
        run.replayed.backward(run.prepared.train)
        found.append([p.grad for p in run.replayed.parameters])
    assert found[0] == found[1]


def test_divergence_is_told(tmp_path: Path) -> None:
    """A loss that overflows ends a replayed run as it ends an eager one."""
    run = Run(settings_of(tmp_path, "regress", optimizer="sgd", lr=1e6))
    with pytest.raises(DivergenceError, match="no longer a finite number in epoch"):
        deque(run.epoch(lambda: None) for _ in range(30))


def test_no_graph_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first epoch the network itself is not called any more."""
    run = Run(settings_of(tmp_path, "classify"))
    run.epoch(lambda: None)
    calls = []
    monkeypatch.setattr(type(run.model), "forward", lambda *args: calls.append(args))
    run.epoch(lambda: None)
    assert not calls


def test_large_runs_ask_for_the_fastest_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an epoch has much to do the engine is left open, and otherwise it is NumPy."""
    asked: list[str] = []

    def compiled(f: Any, *, engine: Any) -> Any:
        asked.append(engine)
        return am.compile(f, engine="numpy")

    monkeypatch.setattr(replayed, "compile", compiled)
    for hidden, engine in (((5, 4), "numpy"), ((100, 100), "auto")):
        asked.clear()
        run = Run(settings_of(tmp_path, "classify", hidden=hidden, keep_prob=(1.0,)))
        worth = len(run.optimizer.params) * run.steps_per_epoch >= WORTH_NUMBA
        assert asked == [engine] * 2
        assert worth == (engine == "auto")


def test_scores_are_asked_for_under_no_grad(tmp_path: Path) -> None:
    """The first scores of a run, traced where nothing is recorded, are those of the network."""
    run = Run(settings_of(tmp_path, "classify"))
    with am.no_grad():
        expected = am.data(run.model.eval()(run.prepared.test.x))
        np.testing.assert_allclose(run.scores(run.prepared.test), expected, rtol=1e-12)
