"""Settings: what is out of range is refused before anything happens."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from autograd_mini.errors import SettingError
from autograd_mini.nn import MLP
from autograd_mini.optim import SGD
from autograd_mini.training.settings import OPTIMIZERS, Settings


@pytest.mark.parametrize(
    ("wrong", "option"),
    [
        ({"task": "cluster"}, "--task"),
        ({"activation": "step"}, "--activation"),
        ({"kind": "list"}, "--kind"),
        ({"optimizer": "lbfgs"}, "--optimizer"),
        ({"hidden": ()}, "--hidden"),
        ({"hidden": (16, 0)}, "--hidden"),
        ({"hidden": (-1,)}, "--hidden"),
        ({"hidden": (10**12,)}, "--hidden"),
        ({"keep_prob": (0.0,)}, "--keep-prob"),
        ({"keep_prob": (1.1,)}, "--keep-prob"),
        ({"keep_prob": (math.nan,)}, "--keep-prob"),
        ({"keep_prob": (0.5, 0.5, 0.5)}, "--keep-prob"),
        ({"keep_prob": ()}, "--keep-prob"),
        ({"l2": -0.1}, "--l2"),
        ({"l2": math.inf}, "--l2"),
        ({"lr": 0.0}, "--lr"),
        ({"lr": math.nan}, "--lr"),
        ({"batch_size": 0}, "--batch-size"),
        ({"epochs": 0}, "--epochs"),
        ({"test_size": 0.0}, "--test-size"),
        ({"test_size": 1.0}, "--test-size"),
        ({"seed": -1}, "--seed"),
    ],
)
def test_what_is_out_of_range(wrong: dict[str, Any], option: str) -> None:
    """The message names the option, what it must be and what it is."""
    with pytest.raises(SettingError, match=rf"^{option} must be .*; got "):
        Settings(**wrong)


def test_each_optimiser_has_its_own_learning_rate() -> None:
    """Without a learning rate the optimiser's own holds, and one that is given holds for all."""
    model = MLP(1, [1])
    for name, (_, rate) in OPTIMIZERS.items():
        assert Settings(optimizer=name).make_optimizer(model).lr == rate
        assert Settings(optimizer=name, lr=0.5).make_optimizer(model).lr == 0.5


def test_momentum_is_sgd_with_momentum() -> None:
    """The name "momentum" stands for SGD with momentum 0.9, "sgd" for SGD without."""
    momentum = Settings(optimizer="momentum").make_optimizer(MLP(1, [1]))
    plain = Settings(optimizer="sgd").make_optimizer(MLP(1, [1]))
    assert isinstance(momentum, SGD)
    assert isinstance(plain, SGD)
    assert (momentum.momentum, plain.momentum) == (0.9, 0.0)


def test_results_go_to_a_directory_named_after_the_file() -> None:
    """Without a directory, results of data/houses.csv go to runs/houses."""
    assert Settings().directory == Path("runs/iris")
    assert Settings(file="data/houses.csv").directory == Path("runs/houses")
    assert Settings(file="data/houses.csv", out="here").directory == Path("here")
