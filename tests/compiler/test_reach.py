"""How far a compiled function looks from its own names: into what objects hold, and functions."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import ChainMap, OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache, partial, wraps
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.compiler.tracing.reach import REACH
from autograd_mini.nn import MLP, Module
from tests.replays import Compile, check, counted

Pair = namedtuple("Pair", "a b")


@dataclass
class Settings:
    """Settings of a user."""

    k: float = 2.0
    name: str = "double"
    inner: list[Any] = field(default_factory=lambda: [2.0])


@dataclass(slots=True, eq=False)
class Slotted:
    """Settings without a dict of attributes."""

    k: float = 2.0


class Bare:
    """An object with a slot that no code of its class names."""

    __slots__ = ("k",)


def bare() -> Bare:
    """Return one of those, filled."""
    x = Bare()
    x.k = 2.0
    return x


def derived() -> Any:
    """Return an object that has an attribute of its base class."""

    class Base:
        factor = 2.0

    class Derived(Base):
        pass

    return Derived()


class Thing:
    """An object of a user's class, with what classes can have."""

    factor: ClassVar[float] = 2.0

    def __init__(self, k: float = 2.0) -> None:
        self.k, self.steps = k, 0

    def __getitem__(self, i: int) -> float:
        """Return something that no code names."""
        return self.k + i

    @property
    def twice(self) -> float:
        """Return twice k."""
        return 2 * self.k

    @staticmethod
    def static(x: Any) -> Any:
        """Return x times a global."""
        return x * GLOBAL

    def advance(self) -> None:
        """Count a step, which no result depends on."""
        self.steps += 1


GLOBAL = 2.0


def set_at(key: Any) -> Callable[[Any], None]:
    """Return what puts 3.0 at a key."""
    return lambda x: x.__setitem__(key, 3.0)


def set_k(x: Any) -> None:
    """Set an attribute."""
    x.k = 3.0


@pytest.mark.parametrize(
    ("make", "read", "change"),
    [
        (lambda: [1.0, 2.0], lambda c: c[0], set_at(0)),
        (lambda: [1.0, 2.0], lambda c: c[-1], lambda c: c.append(3.0)),
        (lambda: [1.0, 2.0], lambda c: sum(c), list.pop),
        (lambda: [None, 2.0], lambda c: 1.0 if c[0] is None else c[1], set_at(0)),
        (lambda: {"k": "a"}, lambda c: len(c["k"]), lambda c: c.update(k="abc")),
        (lambda: {"k": 1.0}, lambda c: sum(c.values()), set_at("j")),
        (lambda: {"k": 1.0, "j": 2.0}, lambda c: [*c][0] == "k", lambda c: c.update(k=c.pop("k"))),  # noqa: RUF015
        (lambda: OrderedDict(k=1.0), lambda c: c["k"], set_at("k")),
        (lambda: defaultdict(float), lambda c: c.get("k", 0.0), set_at("k")),
        (lambda: deque([1.0]), lambda c: c[0], set_at(0)),
        (lambda: {1.0}, lambda c: len(c), lambda c: c.add(2.0)),
        (lambda: bytearray(b"ab"), lambda c: c[0], lambda c: c.reverse()),
        (lambda: ([1.0],), lambda c: c[0][0], lambda c: set_at(0)(c[0])),
        (lambda: {"a": [{1: [1.0]}]}, lambda c: c["a"][0][1][0], lambda c: set_at(0)(c["a"][0][1])),
        (lambda: [np.ones(2)], lambda c: c[0][0], lambda c: set_at(0)(c[0])),
        (lambda: np.array([1, 2]), lambda c: int(c[0]), set_at(0)),
        (lambda: np.array([False]), lambda c: 2.0 if c[0] else 1.0, set_at(0)),
        (lambda: {"j": 1.0}, lambda c: len(min(c)), lambda c: c.update(kk=c.pop("j"))),
        (lambda: Pair([1.0], 2.0), lambda c: c.a[0], lambda c: set_at(0)(c.a)),
        (lambda: [am.Value(1.0)], lambda c: c[0], lambda c: c.__setitem__(0, am.Value(3.0))),
        (lambda: am.values([1.0]), lambda c: c[0], lambda c: c.__setitem__(0, am.Value(3.0))),
        (lambda: SimpleNamespace(k=1.0), lambda c: c.k, set_k),
        (Settings, lambda c: c.k, set_k),
        (Settings, lambda c: c.inner[0], lambda c: set_at(0)(c.inner)),
        (Settings, lambda c: asdict(c)["k"], set_k),
        (lambda: [Settings()], lambda c: getattr(c[0], "kk"[1:]), lambda c: set_k(c[0])),
        (lambda: frozenset([Slotted()]), lambda c: max(x.k for x in c), lambda c: set_k(*c)),
        (Slotted, lambda c: c.k, set_k),
        (bare, lambda c: getattr(c, "kk"[1:]), set_k),
        (lambda: SimpleNamespace(k=1.0), lambda c: getattr(c, "kk"[1:]), set_k),
        (SimpleNamespace, lambda c: getattr(c, "k", 1.0), set_k),
        (SimpleNamespace, lambda c: 2.0 if hasattr(c, "k") else 1.0, set_k),
        (SimpleNamespace, lambda c: sum(getattr(c, k, 1.0) for k in ("j", "k")), set_k),
        (Bare, lambda c: getattr(c, "k", 1.0), set_k),
        (derived, lambda c: getattr(c, "z", 1.0), lambda c: setattr(type(c).__base__, "z", 3.0)),
        (Settings, lambda c: len(vars(c)), lambda c: setattr(c, "later", 1)),
        (derived, lambda c: c.factor, lambda c: setattr(type(c).__base__, "factor", 3.0)),
        (Slotted, lambda c: c.k if hasattr(c, "k") else 3.0, lambda c: delattr(c, "k")),
        (Thing, lambda c: c[0], set_k),
        (Thing, lambda c: c.twice, set_k),
        (Thing, lambda c: c.factor, lambda c: setattr(c, "factor", 3.0)),
        (
            lambda: MLP(1, [1], rng=0),
            lambda c: c.layers[0].W[0, 0],
            lambda c: c.layers[0].W.fill(am.Value(9.0)),
        ),
    ],
)
def test_what_is_in_objects(
    compiled: Compile, make: Callable[[], Any], read: Callable[[Any], Any], change: Any
):
    """Containers and objects of one's own are looked into, and what is in those."""
    c = make()
    f = lambda x: x * read(c)  # noqa: E731  # with names from outside
    counting, runs = counted(f)
    step = compiled(counting)
    check(step, f, (2.0,), (3.0,))
    assert len(runs) == 1
    before = step(2.0)
    change(c)
    check(step, f, (2.0,), (3.0,))
    assert len(runs) == 2
    assert step(2.0) != before


SCALE = 2.0


class Scaled(Module):
    """A module whose code uses a name from outside."""

    def __init__(self) -> None:
        self.w = am.values([1.0, 2.0])

    def forward(self, x: Any) -> Any:
        """Return something scaled."""
        return np.sum(self.w * x) * SCALE


@dataclass
class Scaling:
    """A structure with such a method."""

    k: float

    def __call__(self, x: Any) -> Any:
        """Return something scaled."""
        return x * self.k * SCALE


@pytest.mark.parametrize("make", [Scaled, lambda: Scaling(3.0)])
@pytest.mark.parametrize("within", [lambda x: x, lambda x: {"a": [x]}])
def test_code_of_arguments(compiled: Compile, monkeypatch, make: Any, within: Any):
    """What the methods of an argument use is looked up again, and new objects are none of it."""
    f = lambda tree, x: (tree["a"][0] if isinstance(tree, dict) else tree)(x)  # noqa: E731
    counting, runs = counted(f)
    step = compiled(counting)
    check(step, f, (within(make()), 2.0), (within(make()), 3.0))
    assert len(runs) == 1
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 5.0)
    check(step, f, (within(make()), 2.0))
    assert len(runs) == 2


def test_functions_that_are_called(compiled: Compile):
    """Names that a function uses which is called are looked up again, however it is reached."""
    k, settings = 2.0, {"k": 2.0}

    def inner(x: Any) -> Any:
        return x * k * settings["k"]

    def around(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: f(x)

    @wraps(inner)
    def wrapped(x: Any) -> Any:
        return inner(x)

    class Layer:
        def __call__(self, x: Any) -> Any:
            return inner(x)

    class Net(Module):
        def forward(self, x: Any) -> Any:
            return inner(x)

    class Made:
        def __init__(self, x: Any) -> None:
            self.result = inner(x)

    class Ways:
        @staticmethod
        def static(x: Any) -> Any:
            return inner(x)

        @classmethod
        def of_class(cls, x: Any) -> Any:
            return inner(x)

    class Lazy:
        @cached_property
        def inner(self) -> Any:
            return inner

    helpers = ModuleType("helpers")
    helpers.inner = inner  # type: ignore[attr-defined]
    table, layer, net, lazy = {"inner": [inner]}, Layer(), Net(), Lazy()
    compiled_inner, cached, partly = compiled(inner), lru_cache(inner), partial(inner)
    keyword = partial(lambda x, f: f(x), f=inner)
    transformed = am.checkpoint(inner)
    functions: list[Callable[[Any], Any]] = [
        lambda x: inner(x),
        lambda x: [inner(part) for part in [x]][0],  # noqa: RUF015
        lambda x: around(inner)(x),
        around(around(inner)),
        wrapped,
        partial(inner),
        lambda x: partly(x),
        lambda x: keyword(x),
        lambda x: Ways.static(x),
        lambda x: Ways.of_class(x),
        lambda x: Ways().of_class(x),
        lambda x: table["inner"][0](x),
        lambda x: layer(x),
        lambda x: layer.__call__(x),
        lambda x: net(x),
        lambda x: Made(x).result,
        lambda x: lazy.inner(x),
        lambda x: helpers.inner(x),
        lambda x: compiled_inner(x),
        lambda x: cached(x),
        lambda x: transformed(x),
        lambda x, f=inner: f(x),
        lambda x, *, f=inner: f(x),
    ]
    steps = [compiled(f) for f in functions]
    for k in (2.0, 3.0):
        for j in (4.0, 5.0):
            settings["k"] = j
            assert [step(1.0) for step in steps] == [k * j] * len(steps)


def test_globals_of_functions_that_are_called(compiled: Compile, monkeypatch: pytest.MonkeyPatch):
    """The same holds for globals, and for functions that stand for others by then."""
    thing = Thing()
    step = compiled(lambda x: Thing.static(x) + thing.static(x) + outer(x))
    assert step(1.0) == 6.0
    monkeypatch.setitem(globals(), "GLOBAL", 3.0)
    assert step(1.0) == 9.0
    monkeypatch.setitem(globals(), "inmost", lambda x: x * 10.0)
    assert step(1.0) == 16.0


def outer(x: Any) -> Any:
    """Return what another function returns."""
    return inmost(x)


def inmost(x: Any) -> Any:
    """Return x times a global."""
    return x * GLOBAL


def test_what_no_code_names(compiled: Compile):
    """A counter or a log beside what the function uses may change: nothing is traced for it."""
    thing, log, calls = Thing(), {"losses": [0.0]}, np.zeros(1)

    def f(x: Any) -> Any:
        log["losses"].append(0.0)  # what the function changes itself, is not looked at
        calls[0] += 1.0
        return x * thing.k

    counting, runs = counted(f)
    step = compiled(counting)
    for _ in range(3):
        assert step(1.0) == 2.0
        thing.advance()
        log["losses"].append(1.0)
    assert len(runs) == 1


def test_more_than_is_looked_at(compiled: Compile):
    """SURPRISE: of what is too long, elements that change go unnoticed; others do not."""
    long, short = [1.0] * (REACH + 1), [1.0]
    step = compiled(lambda x: x * long[0] * short[0])
    assert step(1.0) == 1.0
    short[0] = 2.0
    assert step(1.0) == 2.0
    long[0] = 3.0
    assert step(1.0) == 2.0


def test_objects_that_point_at_each_other(compiled: Compile):
    """Circles are gone around once."""
    circle: list[Any] = [1.0]
    circle.append(circle)
    thing = Thing()
    thing.k = thing  # type: ignore[assignment]
    step = compiled(lambda x: x * circle[1][1][0] * thing.k.k.factor)
    assert step(1.0) == 2.0
    circle[0] = 3.0
    assert step(1.0) == 6.0


@pytest.mark.parametrize("kind", [dict, UserDict, ChainMap, lambda x: Namespace(**x)])
def test_what_users_put_into_objects_of_the_library(compiled: Compile, kind: Any):
    """Settings in any of Python's own containers are looked at again."""
    settings = kind({"rate": 2.0})

    def f(x: Any) -> Any:
        return x * (settings.rate if isinstance(settings, Namespace) else settings["rate"])

    step = compiled(f)
    assert step(3.0) == 6.0
    (vars(settings) if isinstance(settings, Namespace) else settings).update(rate=5.0)
    assert step(3.0) == 15.0


def test_the_rest_of_a_dict_that_the_function_writes_to(compiled: Compile):
    """What it writes says nothing about a later replay, what it reads does."""
    settings = {"rate": 2.0, "calls": 0}

    def f(x: Any) -> Any:
        settings["calls"] += 1
        settings["last"] = x
        return x * settings["rate"]

    step = compiled(f)
    assert [step(3.0), step(3.0)] == [6.0, 6.0]
    assert settings["calls"] == 1
    settings["rate"] = 5.0
    assert step(3.0) == 15.0


def test_functions_that_are_arguments(compiled: Compile):
    """What they reach is looked at, too: variables, and the object of a method."""
    factor = [2.0]
    thing = SimpleNamespace(k=2.0)
    step = compiled(lambda x, f: f(x))
    scaled, method = lambda x: x * factor[0], partial(lambda thing, x: x * thing.k, thing)
    assert [step(3.0, scaled), step(3.0, method)] == [6.0, 6.0]
    factor[0], thing.k = 5.0, 7.0
    assert [step(3.0, scaled), step(3.0, method)] == [15.0, 21.0]


def test_a_variable_that_is_deleted(compiled: Compile):
    """The function is run, and misses it as Python does."""
    factor = 2.0

    def forget() -> None:
        nonlocal factor
        del factor

    step = compiled(lambda x: x * factor)
    assert step(3.0) == 6.0
    forget()
    with pytest.raises(NameError, match="factor"):
        step(3.0)


SOURCE = """
class Thing:
    k = 2.0

thing = Thing()

def f(x):
    return x * thing.k
"""


def test_code_of_no_module(compiled: Compile):
    """What is defined by `exec` among bare names is the user's own, though it names no module."""
    names: dict[str, Any] = {}
    exec(SOURCE, names)
    step = compiled(names["f"])
    assert step(3.0) == 6.0
    names["thing"].k = 5.0
    assert step(3.0) == 15.0
