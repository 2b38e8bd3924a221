"""Copies and pickles of graphs: of any depth, with what is shared kept shared."""

from __future__ import annotations

import copy
import io
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini.errors import MutationError, RegistrationError
from autograd_mini.nn import MLP
from autograd_mini.optim import Adam
from autograd_mini.primitive import REGISTRY, Elementwise
from autograd_mini.render import draw
from autograd_mini.sweep import reverse


def by_pickle(protocol: int) -> Callable[[Any], Any]:
    """Return what dumps and loads again."""
    return lambda x: pickle.loads(pickle.dumps(x, protocol))


def by_python_pickler(x: Any) -> Any:
    """Dump with the pickler that is written in Python, which recurs in Python."""
    file = io.BytesIO()
    pickle._Pickler(file).dump(x)  # type: ignore[attr-defined]  # not in the stubs
    return pickle.loads(file.getvalue())


WAYS = {
    "deepcopy": copy.deepcopy,
    **{f"pickle-{i}": by_pickle(i) for i in range(2, pickle.HIGHEST_PROTOCOL + 1)},
    "python-pickler": by_python_pickler,
}
DUPLICATE = pytest.mark.parametrize("duplicate", WAYS.values(), ids=WAYS)
QUICK = pytest.mark.parametrize("duplicate", [copy.deepcopy, by_pickle(5)], ids=["copy", "pickle"])
KINDS = pytest.mark.parametrize("kind", [am.Value, am.Tensor])


@DUPLICATE
@KINDS
def test_sharing(kind: type[am.Node], duplicate):
    """A leaf beside two graphs of it is, in the copy, the leaf of both copies."""
    x = kind(3.0, name="x")
    f = x * x
    g = (f * x).exp()
    x2, f2, g2 = duplicate([x, f, g])
    assert g2.tape().leaves == [x2]
    assert f2.parents == (x2, x2)
    assert g2.parents[0].parents[0] is f2
    assert not {x2, f2, g2} & {x, f, g}
    f2.backward()
    assert (x2.grad, x.grad) == (6.0, None)


@DUPLICATE
@KINDS
def test_everything_survives(kind: type[am.Node], duplicate):
    """Names, scopes, adjoints, operations and operands are those of the original, in its order."""
    x, y = kind(2.0, name="x"), kind(-3.0)
    with am.scope("f"):
        z = am.where(1.0, x * y + 2.0, y).tanh()
    z.name = "z"
    z.backward()
    z2 = duplicate(z)
    assert str(z2.tape()) == str(z.tape())
    for a, b in zip(z.tape(), z2.tape(), strict=True):
        assert type(a) is type(b)
        assert (a.scope, a.params, a.changed) == (b.scope, b.params, 0)
        assert a.primitive is b.primitive
    assert draw(z2).source == draw(z).source
    assert str(am.explain(z2, z2.tape()[0])) == str(am.explain(z, x))


@DUPLICATE
def test_settings(duplicate):
    """Axes, slices, arrays of positions, dtypes and generators come along."""
    x = am.Tensor(np.arange(12.0).reshape(3, 4), dtype=np.float32)
    positions = np.array([0, 2])
    z = x[1:, ::2].sum(axis=0).astype(np.float64).sum() + x[positions, ..., None].max(axis=(0, 1))
    rng = np.random.default_rng(3)
    z = (z * am.nn.dropout(x, 0.5, rng=rng).sum()).reshape(())
    x2, z2, rng2 = duplicate([x, z, rng])
    assert str(z2.tape()) == str(z.tape())
    z.backward()
    z2.backward()
    assert_array_equal(x2.grad, x.grad)
    assert x2.grad.dtype == np.float32
    [mask] = [node for node in z2.tape() if node.primitive and node.primitive.name == "keep_mask"]
    assert mask.params["rng"] is rng2
    assert rng2 is not rng
    assert rng2.random() == rng.random()


@QUICK
def test_arrays_of_constants(duplicate):
    """A constant that two nodes share is one array in the copy, and not that of the original."""
    data, x = np.array([1.0, 2.0]), am.Tensor([3.0, 4.0])
    data.flags.writeable = False  # or else each node has a copy
    y, z, data2 = duplicate([x * data, x + data, data])
    assert y.parents[1] is z.parents[1] is data2
    assert data2 is not data


@QUICK
@KINDS
def test_a_copy_is_independent(kind: type[am.Node], duplicate):
    """Data and gradients of a copy may change; the original keeps its own."""
    x = kind([3.0, 4.0] if kind is am.Tensor else 3.0)
    z = (x * x).sum() if kind is am.Tensor else x * x
    z.backward()
    x2, z2 = duplicate([x, z])
    x2.data = x2.data + 1.0
    x2.grad += 1.0
    assert_array_equal(x2.grad, x.grad + 1.0)
    z.backward()
    with pytest.raises(MutationError):
        z2.backward()


@QUICK
def test_the_array_beside_its_tensor(duplicate):
    """The array that a tensor hands out, copied beside it, is not where the copy's data lie.

    What is written there would change the copy unnoticed.
    """
    x = am.Tensor([1.0, 2.0])
    x2, array = duplicate([x, x.data])
    assert not np.shares_memory(x2.primal, array)
    x2, array = duplicate([x.data, x])[::-1]
    assert not np.shares_memory(x2.primal, array)


@QUICK
@KINDS
def test_out_of_date_graphs(kind: type[am.Node], duplicate):
    """What was computed from data that changed since raises in the copy; what is newer does not."""
    x = kind(3.0)
    old = x * x
    x.data = 5.0
    new = x * x
    x2, old2, new2, both = duplicate([x, old, new, old + new])
    new2.backward()
    assert x2.grad == 10.0
    for stale in (old2, both):
        with pytest.raises(MutationError):
            stale.backward()
    [newer] = [node for node in duplicate(old + new).tape() if node.primal == 25.0]
    newer.backward()
    assert newer.parents[0].grad == 10.0


@KINDS
def test_shallow_copy(kind: type[am.Node]):
    """`copy.copy` gives a new node with the same operands, and data and gradient of its own."""
    x = kind(3.0)
    z = x * x
    z.backward()
    z2 = copy.copy(z)
    assert z2 is not z
    assert z2.parents == (x, x)
    assert (z2.data, z2.grad, z2.index > z.index) == (9.0, 1.0, True)
    z2.backward()
    assert x.grad == 12.0
    leaf = copy.copy(x)
    leaf.data -= 1.0
    leaf.grad += 1.0
    assert (x.data, x.grad) == (3.0, 12.0)
    z.backward()
    x.data = 5.0
    with pytest.raises(MutationError):
        copy.copy(z).backward()


@DUPLICATE
@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_modules_and_optimisers(kind: type[am.Node], duplicate):
    """A network, its optimiser and its loss are copied together and go on as the originals do."""
    x = np.array([[0.5, -1.0], [2.0, 0.25]])

    def step(net, optimiser) -> list[float]:
        net.zero_grad()
        loss = (net(x) ** 2).sum()
        loss.backward()
        optimiser.step()
        return [float(number) for p in net.parameters() for number in np.ravel(am.data(p))]

    net = MLP(2, [3, 1], kind=kind, rng=np.random.default_rng(0))
    optimiser = Adam(net, lr=0.1)
    step(net, optimiser)
    loss = (net(x) ** 2).sum()
    net2, optimiser2, loss2 = duplicate((net, optimiser, loss))
    assert not set(net.parameters()) & set(net2.parameters())
    assert set(optimiser2.params) == set(net2.parameters())
    assert set(loss2.tape().leaves) == set(net2.parameters())
    net.zero_grad()
    net2.zero_grad()
    loss.backward()
    loss2.backward()
    for p, p2 in zip(net.parameters(), net2.parameters(), strict=True):
        assert_array_equal(p.grad, p2.grad)
        assert p.name == p2.name
    for _ in range(2):
        assert step(net, optimiser) == step(net2, optimiser2)


@QUICK
def test_containers(duplicate):
    """Nodes as keys, in sets, in object arrays and in tapes."""
    w = am.values([[1.0, 2.0], [3.0, 4.0]], name="w")
    z = (w * w).sum()
    w2, z2, names, nodes, tape = duplicate([w, z, {z: "z"}, set(w.flat), z.tape()])
    assert w2.shape == (2, 2)
    assert names == {z2: "z"}
    assert nodes == set(w2.flat) == set(z2.tape().leaves)
    assert list(tape) == list(z2.tape())


@QUICK
def test_gradients_that_are_nodes(duplicate):
    """A recorded gradient that its own leaf holds leads back to the leaf; it is copied once."""
    x = am.Value(3.0)
    z = x * x * x
    x.grad = dict(reverse({z: am.Value(1.0)}, record=True))[x]
    z2, x2 = duplicate([z, x])
    assert x2 in z2.tape().leaves
    assert x2 in x2.grad.tape().leaves
    indices = [node.index for node in am.Tape(z2, x2.grad)]
    assert indices == sorted(set(indices))
    for node in am.Tape(z2, x2.grad):
        assert all(y.index < node.index for y in node.parents if isinstance(y, am.Node))
    assert dict(reverse({x2.grad: 1.0}))[x2] == 18.0


def test_indices_go_on():
    """What is loaded fits among newer nodes, whatever its indices were where it was dumped."""
    x = am.Value(2.0)
    z = x * x
    dumped = pickle.dumps([x, z])
    for node in (x, z):  # as if dumped by a process that has run for long
        node.index += 10**12
    later = pickle.dumps([x, z])
    for loaded in (dumped, later):
        x2, z2 = pickle.loads(loaded)
        newest = z2 * x2
        assert x2.index < z2.index < newest.index
        newest.backward()
        assert x2.grad == 12.0


@pytest.mark.usefixtures("scratch_registry")
def test_unknown_primitive():
    """A pickle of an operation that the loading process does not know says which and what to do."""
    cube = Elementwise("cube", lambda x: x**3, lambda x: x**3, lambda z, x: 3.0 * x * x)
    z = cube(am.Value(2.0))
    dumped = pickle.dumps(z)
    pickle.loads(dumped).backward()
    del REGISTRY["cube"]
    with pytest.raises(RegistrationError, match=r"no primitive is named 'cube'.*register it first"):
        pickle.loads(dumped)


def test_a_dump_that_fails_leaves_no_trace():
    """After an error in the middle of a dump the next one is complete."""

    class Stubborn:
        """What cannot be pickled."""

        def __reduce__(self):
            raise TypeError("planted")

    x = am.Value(2.0)
    z = x * x
    z.params = {"stubborn": Stubborn()}
    newest = z * x
    for _ in range(2):
        with pytest.raises(TypeError, match="planted"):
            pickle.dumps(newest)
    z.params = None
    newest = pickle.loads(pickle.dumps(newest))
    newest.backward()
    assert newest.tape().leaves[0].grad == 12.0


def chain(n: int) -> tuple[am.Value, list[am.Value]]:
    """Return x and the sums x + x, x + x + x ..., n of them."""
    x = z = am.Value(1.0, name="x")
    sums = []
    for _ in range(n):
        z = z + x
        sums.append(z)
    return x, sums


@QUICK
def test_deep_graphs(duplicate):
    """10⁵ nodes one after the other, copied, swept, printed and freed without recursion."""
    n = 10**5
    x, sums = chain(n)
    x2, z2 = duplicate([x, sums[-1]])
    z2.backward()
    assert (x2.grad, z2.data) == (n + 1, n + 1)
    assert x.grad is None
    assert len(z2.tape()) == n + 1
    assert "99,941 nodes not shown" in str(z2.tape())


@QUICK
@pytest.mark.parametrize("turned", [1, -1])
def test_every_node_of_a_chain(duplicate, turned: int):
    """A list of all results along a tape takes the time and room of one, in either order.

    If each listed the tape that leads to it, this would take 2·10⁸ steps.
    """
    n = 20_000
    _, sums = chain(n)
    copies = duplicate(sums[::turned])
    for earlier, later in zip(copies[::turned], copies[::turned][1:], strict=False):
        assert later.parents[0] is earlier
    dumped = len(pickle.dumps(sums[::turned]))
    assert dumped < 60 * n


def test_several_picklers():
    """Picklers that live at the same time do not take each other's memory for their own."""
    x, sums = chain(5000)
    first_file, second_file = io.BytesIO(), io.BytesIO()
    first, second = pickle.Pickler(first_file), pickle.Pickler(second_file)
    first.dump(sums[2000])
    second.dump([sums[3000], x])
    first.dump(sums[-1])
    loaded = pickle.loads(pickle.dumps(sums[-1]))
    loaded.backward()
    assert loaded.tape().leaves[0].grad == 5001.0
    second.dump([sums[-1], x])
    for file, counts in ((first_file, [2002, 5001]), (second_file, [3002, 5001])):
        file.seek(0)
        unpickler = pickle.Unpickler(file)
        loads = [unpickler.load(), unpickler.load()]
        found = [load if isinstance(load, am.Node) else load[0] for load in loads]
        assert [len(z.tape()) for z in found] == counts
        assert set(found[0].tape().leaves) == set(found[1].tape().leaves)


def test_picklers_in_threads():
    """The same graph is dumped by several threads at once."""
    _, sums = chain(2000)
    found: list[int] = []

    def dump() -> None:
        for _ in range(5):
            found.append(len(pickle.loads(pickle.dumps(sums[-1])).tape()))

    threads = [threading.Thread(target=dump) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [2001] * 20


@DUPLICATE
def test_lines_of_code(duplicate):
    """What `detect_anomaly()` wrote down about a node is in its copies as well."""
    x = am.Value(2.0, name="x")
    with am.detect_anomaly(), am.scope("f"):
        z = x * x  # here
    x2, z2 = duplicate([x, z])
    assert z2.scope == "f"
    x2.data = 3.0
    with pytest.raises(MutationError, match=r"test_copying\.py:\d+, .*: z = x \* x  # here"):
        z2.backward()
