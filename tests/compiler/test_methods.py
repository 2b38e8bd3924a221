"""Compiled methods: `@am.compile` in the body of a class."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial, partialmethod
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd_mini as am
from autograd_mini.compiler import Compiled
from autograd_mini.errors import DataError
from autograd_mini.nn import MLP, Module

X = np.linspace(-1.0, 1.0, 12).reshape(4, 3)
W = np.array([0.5, -0.25, 2.0])
RUNS: list[Any] = []


@pytest.fixture(autouse=True)
def no_runs() -> None:
    """Count the runs of each test from 0."""
    RUNS.clear()


class Line:
    """A model with a method that is compiled."""

    rate = 1.0

    def __init__(self, w: Any) -> None:
        self.w = w

    @am.compile(engine="numpy")
    def loss(self, x: Any, shift: float = 0.0) -> Any:
        """Return the square of a weighted sum."""
        RUNS.append(type(self).__name__)
        return self.rate * (np.vdot(self.w, x) + shift) ** 2

    @am.compile(engine="numpy")
    @classmethod
    def scaled(cls, x: Any) -> Any:
        """Return x times a number of the class."""
        RUNS.append(cls.__name__)
        return x * cls.rate

    @am.compile(engine="numpy")
    @staticmethod
    def square(x: Any) -> Any:
        """Return the square of x."""
        RUNS.append("square")
        return x * x


class Steep(Line):
    """A subclass whose method asks that of its parent."""

    rate = 3.0

    @am.compile(engine="numpy")
    def loss(self, x: Any, shift: float = 0.0) -> Any:
        """Return twice the loss of the parent, and one more."""
        return 2.0 * super().loss(x, shift) + 1.0

    def of_parent(self, x: Any) -> Any:
        """Return the loss of the parent, by a method that is not compiled."""
        return super().loss(x)


class Model(Line):
    """A model whose method is for many samples at once."""

    each = Line.loss.batched(0, reduce=None)


def plain_loss(w: Any, x: Any, rate: float = 1.0) -> Any:
    """Return what `Line.loss` does, without a class."""
    return rate * np.vdot(w, x) ** 2


def test_a_method_is_replayed():
    """Called on an object, it takes the arguments after self; all that a compiled function has."""
    line = Line(W)
    for _ in range(2):
        assert_allclose(line.loss(X[0]), plain_loss(W, X[0]))
        value, slope = line.loss.value_and_grad(X[0])
        assert_allclose((value, *slope), (plain_loss(W, X[0]), *(2 * (W @ X[0]) * W)))
        assert_allclose(line.loss.grad(X[0], 1.0, argnums=1), 2 * (W @ X[0] + 1.0))
        assert_allclose(line.loss.hvp(X[0], X[1]), 2 * (W @ X[1]) * W)
        assert_allclose(line.loss.hessian(X[0]), 2 * np.outer(W, W))
        assert_allclose(line.loss.batched()(X), np.mean((X @ W) ** 2))
        assert line.loss(X[0], shift=-1.0) == pytest.approx((W @ X[0] - 1.0) ** 2)
    traced = len(RUNS)
    line.loss(X[2])
    line.loss.batched()(X[::-1])
    assert len(RUNS) == traced
    assert "output 0" in str(line.loss.program)
    assert line.loss is line.loss
    assert line.loss.batched() is line.loss.batched(0, "mean")
    assert line.loss.batched() is not line.loss.batched(0, "sum")


def test_each_object_has_programs_of_its_own():
    """What an object holds is of its own programs, and a change of it is noticed."""
    lines = [Line(W), Line(2.0 * W)]
    for _ in range(2):
        assert_allclose([x.loss(X[0]) for x in lines], [plain_loss(x.w, X[0]) for x in lines])
    assert len(RUNS) == 2
    lines[0].w = 3.0 * W
    lines[1].rate = 5.0
    assert_allclose(lines[0].loss(X[0]), plain_loss(3.0 * W, X[0]))
    assert_allclose(lines[1].loss(X[0]), plain_loss(2.0 * W, X[0], 5.0))


def test_objects_live_no_longer():
    """Neither a call nor what a program looks at keeps an object alive."""
    line = Line(W)
    line.back = {"to": line}  # type: ignore[attr-defined]
    line.loss(X[0])
    line.loss.batched().value_and_grad(X)
    gone = weakref.ref(line)
    del line
    gc.collect()
    assert gone() is None


COPIES = pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)


@COPIES
def test_copies_of_an_object(copied: Callable[[Any], Any]):
    """A copy has programs of its own, and none of the old object; each follows its attributes."""
    line = Line(W)
    line.loss(X[0])
    other = copied(line)
    assert other.loss.__wrapped__.__self__ is other
    other.w = 2.0 * W
    for _ in range(2):
        assert_allclose(line.loss(X[0]), plain_loss(W, X[0]))
        assert_allclose(other.loss(X[0]), plain_loss(2.0 * W, X[0]))
    assert len(RUNS) == 2
    again = copied(other)
    assert again.loss.__wrapped__.__self__ is again
    assert_allclose(again.loss(X[0]), plain_loss(2.0 * W, X[0]))


def test_copies_of_a_method():
    """A method is pickled as Python pickles one, by its object and its name; its batches too."""
    line = Line(W)
    line.loss(X[0])
    assert copy.copy(line.loss) is line.loss
    for other in (copy.deepcopy(line.loss), pickle.loads(pickle.dumps(line.loss))):
        assert other.__wrapped__.__self__ is not line
        assert other is other.__wrapped__.__self__.loss
        assert_allclose(other(X[0]), plain_loss(W, X[0]))
    batch = line.loss.batched()
    expected = batch(X)
    for other in (copy.deepcopy(batch), pickle.loads(pickle.dumps(batch))):
        assert other.__wrapped__.__self__ is not line
        assert other(X) == expected
    assert pickle.loads(pickle.dumps(Line.loss)) is Line.loss


def test_subclasses():
    """A method that is overridden, and that of the parent, are two, with programs each."""
    steep = Steep(W)
    of_parent = plain_loss(W, X[0], 3.0)
    for _ in range(2):
        assert_allclose(steep.loss(X[0]), 2.0 * of_parent + 1.0)
        assert_allclose(steep.of_parent(X[0]), of_parent)
        assert_allclose(super(Steep, steep).loss(X[0]), of_parent)
        assert_allclose(steep.loss.grad(X[0]), 12.0 * (W @ X[0]) * W)
    traced = len(RUNS)
    assert_allclose(steep.loss(X[1]), 2.0 * plain_loss(W, X[1], 3.0) + 1.0)
    assert len(RUNS) == traced


def test_class_methods_and_static_methods():
    """`compile` goes above them: programs are of each class, or of the function alone."""
    for thing in (Line, Line(W), Steep, Steep(W), Line):
        rate = 3.0 if isinstance(thing, Steep) or thing is Steep else 1.0
        assert thing.scaled(2.0) == 2.0 * rate
        assert thing.scaled.grad(2.0) == rate
        assert thing.square(3.0) == 9.0
        assert thing.square.grad(3.0) == 6.0
    assert (RUNS.count("Line"), RUNS.count("Steep"), RUNS.count("square")) == (2, 2, 2)
    assert Line(W).scaled is Line.scaled is not Steep.scaled
    assert Line(W).square is Steep.square
    for method in (Line.square, Line.scaled):
        assert pickle.loads(pickle.dumps(method)) is method


def test_a_static_method_around():
    """The other way round a static method is the compiled function itself."""

    class Tools:
        @staticmethod
        @am.compile(engine="numpy")
        def square(x: Any) -> Any:
            return x * x

    assert Tools.square.grad(3.0) == Tools().square.grad(3.0) == 6.0


def test_through_the_class():
    """There the object is the first argument, as of any function: a structure can be one."""

    class Net(Module):
        def __init__(self) -> None:
            self.mlp = MLP(3, [2, 1], rng=0)

        @am.compile(engine="numpy")
        def loss(self, x: Any) -> Any:
            return np.sum(self.mlp(x) ** 2)

    net = Net()
    with am.no_grad():
        assert Net.loss(net, X[0]) == net.loss(X[0])
    value, slopes = Net.loss.value_and_grad(net, X[0])
    eager = net.loss.__wrapped__(X[0])
    eager.backward()
    assert_allclose(value, eager.data)
    for slope, parameter in zip(slopes.parameters(), net.parameters(), strict=True):
        assert_allclose(slope.data, parameter.grad)
    batch = Net.loss.batched((None, 0))
    assert_allclose(batch.value_and_grad(net, X)[0], net.loss.batched()(X))
    with pytest.raises(DataError, match=r"given Line .*a compiled method is called on its object"):
        Line.loss(Line(W), X[0])


def test_a_compiled_forward():
    """A network whose `forward` is compiled is replayed where it is called, and differentiated."""

    class Net(Module):
        def __init__(self) -> None:
            self.mlp = MLP(3, [2, 1], rng=0)

        @am.compile(engine="numpy")
        def forward(self, x: Any) -> Any:
            RUNS.append("Net")
            return self.mlp(x)

    net = Net()
    first = net(X[0])
    assert_array_equal(first, am.data(net.mlp(X[0])))
    net(X[1])
    assert len(RUNS) == 1
    net.mlp.load_state_dict({name: 2.0 * w for name, w in net.mlp.state_dict().items()})
    assert_array_equal(net(X[0]), am.data(net.mlp(X[0])))
    assert len(RUNS) == 1
    assert [*net.arrays()] == [f"mlp.{name}" for name in net.mlp.arrays()]
    slopes = am.grad(lambda net: np.sum(net(X[0])))(net)
    expected = am.grad(lambda mlp: np.sum(mlp(X[0])))(net.mlp)
    for slope, other in zip(slopes.parameters(), expected.parameters(), strict=True):
        assert slope.data == other.data


def test_objects_of_many_kinds():
    """Frozen ones, equal ones, and those that have no hash, each have programs of their own."""

    @dataclass(frozen=True)
    class Frozen:
        k: float

        @am.compile(engine="numpy")
        def times(self, x: Any) -> Any:
            return x * self.k

    @dataclass  # which has no hash
    class Changing:
        k: float

        times = Frozen.times

    class Equal(Line):
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

    class WithDict:
        __slots__ = ("__dict__", "k")
        times = Frozen.times

        def __init__(self, k: float) -> None:
            self.k = k

    for kind in (Frozen, Changing, WithDict):
        things = [kind(2.0), kind(3.0)]
        for _ in range(2):
            assert [x.times(5.0) for x in things] == [10.0, 15.0]
    changing = Changing(2.0)
    assert changing.times(5.0) == 10.0
    changing.k = 4.0
    assert changing.times(5.0) == 20.0
    assert asdict(changing) == {"k": 4.0}
    assert changing == Changing(4.0)
    equal = [Equal(W), Equal(2.0 * W)]
    assert_allclose([x.loss(X[0]) for x in equal], [plain_loss(x.w, X[0]) for x in equal])


class Pair(NamedTuple):
    """A tuple, with no place for programs."""

    a: Any
    b: Any

    @am.compile(engine="numpy")
    def product(self, x: Any) -> Any:
        """Return the product of all."""
        return self.a * self.b * x


def test_objects_without_a_dict():
    """The error says what to do: one remedy is a slot, the other one is the class."""

    class Slots:
        __slots__ = ("k",)

        @am.compile(engine="numpy")
        def times(self, x: Any) -> Any:
            return x

    for thing, method in [(Slots(), "times"), (Pair(2.0, 3.0), "product")]:
        with pytest.raises(DataError, match=f"__dict__ of each object, and {type(thing).__name__}"):
            getattr(thing, method)
    assert Pair.product(Pair(2.0, 3.0), 4.0) == 24.0
    assert Pair.product.grad(Pair(2.0, 3.0), 4.0) == Pair(12.0, 8.0)


def test_what_python_does_not_bind():
    """Builtins, objects that are called, methods of other objects and attributes of objects."""

    class Tools:
        absolute = am.compile(abs, engine="numpy")
        of_other = am.compile(Line(W).loss.__wrapped__, engine="numpy")

        def __init__(self) -> None:
            self.own = am.compile(lambda x: x + 1.0, engine="numpy")

    tools = Tools()
    assert tools.absolute.grad(-3.0) == -1.0
    assert_allclose(tools.of_other(X[0]), plain_loss(W, X[0]))
    assert tools.own(1.0) == 2.0


def test_batches_in_a_class_body():
    """A batched method is one, whose axes are those of the arguments after self."""
    models = [Model(W), Model(2.0 * W)]
    for model in models:
        assert_allclose(model.each(X), (X @ model.w) ** 2)
        for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert_allclose(other.each(X), (X @ model.w) ** 2)
        assert_allclose(pickle.loads(pickle.dumps(model.each))(X), (X @ model.w) ** 2)


def test_methods_are_shown_as_methods():
    """Names, texts and signatures are those of the method."""
    assert str(inspect.signature(Line.loss)).startswith("(self, x")
    assert str(inspect.signature(Line(W).loss)).startswith("(x")
    assert Line(W).loss.__doc__ == "Return the square of a weighted sum."
    assert Line(W).loss.__name__ == Line.loss.__name__ == "loss"
    assert isinstance(Line.loss, Compiled)
    assert inspect.isroutine(Line.loss)


def test_special_abstract_and_partial_methods():
    """A compiled `__call__` is called, an abstract method is to be defined, a partial one binds."""

    class Base(ABC):
        k = 2.0

        @am.compile(engine="numpy")
        @abstractmethod
        def __call__(self, x: Any, y: Any = 1.0) -> Any: ...

    class Product(Base):
        @am.compile(engine="numpy")
        def __call__(self, x: Any, y: Any = 1.0) -> Any:
            return x * y * self.k

        from_three = partialmethod(__call__, 3.0)

    with pytest.raises(TypeError, match="abstract"):
        Base()  # type: ignore[abstract]
    product = Product()
    assert [product(3.0), product(4.0), product.from_three(5.0)] == [6.0, 8.0, 30.0]
    assert product.__call__.grad(3.0) == 2.0


def test_attributes_that_all_are_looked_at():
    """A method that goes through all of its object's attributes is replayed all the same."""

    class Sum:
        def __init__(self) -> None:
            self.a, self.b = 1.0, 2.0

        @am.compile(engine="numpy")
        def total(self, x: Any) -> Any:
            RUNS.append("total")
            return x * sum(v for v in vars(self).values() if isinstance(v, float))

    thing = Sum()
    assert [thing.total(2.0), thing.total(3.0)] == [6.0, 9.0]
    thing.b = 3.0
    assert thing.total(2.0) == 8.0
    assert len(RUNS) == 2


def test_threads():
    """Threads that call the method of one object share its programs."""
    lines = [Line(k * W) for k in range(4)]
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(partial(lines[i % 4].loss, X[i % 3])) for i in range(64)]
        found = [call.result() for call in calls]
    assert_allclose(found, [plain_loss(lines[i % 4].w, X[i % 3]) for i in range(64)])
