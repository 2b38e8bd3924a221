"""Learning-rate schedules: functions from the number of a step, counted from 0, to its rate.

An optimiser takes any such function in place of a number, so a schedule of your own is a `def`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from numbers import Integral

from autograd_mini.optim.ranges import require

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """Return the schedule lr(t) = lr.

    Raises:
        SettingError: `lr` is not positive and finite.
    """
    _require_rate("constant: lr", lr)
    return partial(_constant, lr)


def step_decay(lr: float, every: int, factor: float) -> Schedule:
    """Return the schedule that is multiplied by `factor` after each `every` steps.

    lr(t) = lr · factor^⌊t / every⌋

    Args:
        lr: the rate of the first `every` steps.
        every: how many steps share a rate.
        factor: what the rate is multiplied by, in (0, 1].

    Raises:
        SettingError: a setting is outside its range.
    """
    _require_rate("step_decay: lr", lr)
    _require_steps("step_decay: every", every)
    require(0 < factor <= 1, "step_decay: factor", factor, "in (0, 1]")
    return partial(_step_decay, lr, every, factor)


def cosine(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """Return the schedule that falls from `lr` to `final` along half a cosine, and stays there.

    lr(t) = final + (lr - final) (1 + cos(π t / steps)) / 2 for t < steps; final from there on.

    Args:
        lr: the rate of step 0.
        steps: the number of the step at which the rate reaches `final`.
        final: the last rate; 0 or more.

    Raises:
        SettingError: a setting is outside its range.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2017),
    equation 5, without the restarts.
    """
    _require_rate("cosine: lr", lr)
    _require_steps("cosine: steps", steps)
    require(0 <= final < math.inf, "cosine: final", final, "0 or more, and finite")
    return partial(_cosine, lr, steps, final)


def warm_up(schedule: Schedule | float, steps: int) -> Schedule:
    """Return the schedule that rises linearly to the first rate of another one, then follows it.

    lr(t) = schedule(0) · (t + 1) / (steps + 1) for t < steps; schedule(t - steps) from there on.
    The rate is never 0, and step number `steps` is the first at the full rate.

    Args:
        schedule: what comes after the warm-up, with its own step 0 at the end of it; a number is
            a constant rate.
        steps: how many steps the warm-up takes.

    Raises:
        SettingError: a setting is outside its range.

    Source: Goyal and others, Accurate, Large Minibatch SGD (2017), section 2.2.
    """
    _require_steps("warm_up: steps", steps)
    return partial(_warm_up, as_schedule(schedule), steps)


def as_schedule(lr: Schedule | float) -> Schedule:
    """Return a schedule as it is, and the constant schedule of a number."""
    if callable(lr):
        return lr
    _require_rate("lr", lr)
    return constant(lr)


# The formulas stand by themselves because functions inside of functions cannot be pickled.


def _constant(lr: float, t: int) -> float:
    return lr


def _step_decay(lr: float, every: int, factor: float, t: int) -> float:
    return lr * factor ** (t // every)


def _cosine(lr: float, steps: int, final: float, t: int) -> float:
    if t >= steps:
        return final
    return final + (lr - final) * (1 + math.cos(math.pi * t / steps)) / 2


def _warm_up(after: Schedule, steps: int, t: int) -> float:
    return after(0) * (t + 1) / (steps + 1) if t < steps else after(t - steps)


def _require_rate(what: str, lr: float) -> None:
    require(0 < lr < math.inf, what, lr, "positive and finite")


def _require_steps(setting: str, steps: int) -> None:
    whole = isinstance(steps, Integral)
    require(whole and steps >= 1, setting, steps, "a whole number, at least 1")
