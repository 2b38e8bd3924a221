"""What is timed together: contestants, what they must compute, and the claims about their times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NOTHING = np.empty(0)
"""The derivatives of a contestant that computes the value alone."""


class Run(NamedTuple):
    """A contestant at work.

    Attributes:
        step: does the work once, and waits until it is done.
        outcome: returns the value that the last step computed, and its derivatives as one vector.
    """

    step: Callable[[], object]
    outcome: Callable[[], tuple[float, Array]] | None = None


@dataclass(frozen=True)
class Contestant:
    """One way to do the work.

    Args:
        name: what tables call it.
        start: prepares everything anew, from the same numbers each time: what it traces and
            compiles, and what the first step does, is the preparation.
        needs: the package that it is about, if that may be missing.
        size: the number of equal pieces in a step; times are those of one piece.
        series: the curve that it belongs to, where there is a plot of cost over size.
        ready_within: the bound on the seconds until the first result, if there is one.
    """

    name: str
    start: Callable[[], Run]
    needs: str = ""
    size: int = 1
    series: str = ""
    ready_within: float | None = None


@dataclass(frozen=True)
class Claim:
    """A comparison of two contestants.

    Args:
        left: the name of a contestant.
        right: the name of another.
        at_least: the lower bound, if there is one: left takes so many times as long as right.
        at_most: the upper bound, if there is one.
        how: "ratio" is left / right, "difference" is left - right, in seconds, and "preparation"
            the ratio of the times until the first result, by the piece.
    """

    left: str
    right: str
    at_least: float | None = None
    at_most: float | None = None
    how: Literal["ratio", "difference", "preparation"] = "ratio"


@dataclass(frozen=True)
class Workload:
    """What is timed together.

    Args:
        title: the heading.
        contestants: this library's and its peers'.
        claims: which of them are compared; those that name an absent contestant are left out.
        expected: what the outcomes must be; by default that of the last contestant with
            derivatives.
        rtol: how far values may differ, and derivatives, in terms of the largest.
        note: what a reader of the table should know.
    """

    title: str
    contestants: Sequence[Contestant]
    claims: Sequence[Claim] = ()
    expected: tuple[float, Array] | None = None
    rtol: float = 1e-9
    note: str = ""
