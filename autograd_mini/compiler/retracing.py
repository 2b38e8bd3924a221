"""A function that is traced at call after call is slow without a word: its user is told, once."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from autograd_mini.anomaly import users_place
from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.plan import parameter_names
from autograd_mini.errors import RetraceWarning

IN_A_ROW = 8
"""So many calls that trace, one after the other, are a function that is getting to know its forms
and its ways: as many ways are kept for each form (`KEPT`). TensorFlow warns at 5, PyTorch at 8."""

FORMS_DIFFER = (
    "A program is for one form of arguments: give arrays of few shapes, or samples as lanes of "
    "batched(), of which there may be any number; and the same texts, functions and keys each time"
)
OBJECT_DIFFERS = (
    "Make an argument of it, or a Value or Tensor: nodes from outside are read at each replay"
)
WAYS_DIFFER = (
    "Use am.where, am.maximum and am.clip in place of Python's if and max, and read a number, as "
    "int(n), float(x) and an index do, only where it has few values"
)

_SHOWN: dict[Any, Any] = {}


class Way(Protocol):
    """What is asked of a variant: its record, and in that what the function had around."""

    record: Any


class Traces:
    """The traces of one compiled function.

    Attributes:
        calls: how many calls there were, of the function and of its derivatives.
    """

    def __init__(self) -> None:
        self.calls = 0
        self._last = 0  # the call that traced last
        self._row: Counter[Aim] = Counter()  # of the traces without a replay between
        self._forms: dict[Aim, tuple[Any, Any]] = {}  # the one before, and the last one
        self._new_form = 0  # the call that had it
        self._told = False

    def met(self, form: Any) -> None:
        """Take note of a form of arguments, the key of the programs for it, that is a new one."""
        aim = form[0]
        self._forms[aim] = self._forms.get(aim, (form, form))[1], form
        self._new_form = self.calls

    def begin(self, f: Callable[..., Any], aim: Aim, variants: Sequence[Way]) -> None:
        """Take note of a trace that begins, and warn if there were too many in a row.

        Args:
            f: the function.
            aim: what is computed. A function that is asked for one thing after another is not one
                that is traced without end.
            variants: those for arguments of this form, the one that was used last first.
        """
        if self._told or self.calls == self._last:  # one call can go several ways
            return
        if self.calls != self._last + 1:
            self._row.clear()
        self._last = self.calls
        self._row[aim] += 1
        if self._row[aim] <= IN_A_ROW:
            return
        self._told = True
        text = (
            f"{getattr(f, '__qualname__', f)} was traced at each of its last {self._row.total()} "
            f"calls, which takes far longer than a replay. {self._reason(f, aim, variants)}"
        )
        place = users_place()
        file, line = ("?", 0) if place is None else place[:2]
        warnings.warn_explicit(text, RetraceWarning, file, line, registry=_SHOWN)

    def _reason(self, f: Callable[..., Any], aim: Aim, variants: Sequence[Way]) -> str:
        if self._new_form == self.calls:
            return f"This time {difference(f, *self._forms[aim])}. {FORMS_DIFFER}."
        called = next(variants[0].record.around.changed(), None) if variants else None
        if called is not None:
            return f"This time {called} is not what it was. {OBJECT_DIFFERS}."
        return f"This time numbers led another way through comparisons. {WAYS_DIFFER}."


def difference(f: Callable[..., Any], before: Any, now: Any) -> str:
    """Return in which argument two forms differ, and what it was and is.

    Args:
        f: the function.
        before: a form: the aim, the keys of the arguments, and that of those given by keyword.
        now: another one, with the same aim.
    """
    (_, then_given, then_named), (_, given, named) = before, now
    if len(then_given) != len(given):
        return f"there are {len(given)} arguments, and last time there were {len(then_given)}"
    names = parameter_names(f, len(given))
    for name, *keys in zip(names, then_given, given, strict=True):
        if keys[0] != keys[1]:
            then, here = first_difference(*keys)
            return f"argument {name} has {shown(here)}, and last time had {shown(then)}"
    then, here = first_difference(then_named, named)
    return f"a keyword argument has {shown(here)}, and last time had {shown(then)}"


def first_difference(some: Any, others: Any) -> tuple[Any, Any]:
    """Return the innermost parts in which two nested tuples differ first; shapes are parts."""
    if is_nested(some) and is_nested(others) and len(some) == len(others):
        for pair in zip(some, others, strict=True):
            if pair[0] != pair[1]:
                return first_difference(*pair)
    return some, others


def is_nested(key: Any) -> bool:
    """Return whether a key is one of parts, and no shape."""
    return isinstance(key, tuple) and not all(isinstance(n, int) for n in key)


def shown(key: Any) -> str:
    """Return a part of a form in words."""
    if isinstance(key, bytes):
        return "other elements"
    if isinstance(key, type):
        return f"a {key.__name__}"
    if isinstance(key, tuple):
        return f"{len(key)} parts" if is_nested(key) else f"shape {key}"
    return f"{key!r:.80}"
