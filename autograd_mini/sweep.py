"""The two sweeps along a tape: reverse carries cotangents, forward carries tangents.

Both walk the nodes in the order of their index, without recursion. With `record=True` they compute
with nodes instead of data, so that the derivative is itself on a tape and can be swept again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.anomaly import check_rule
from autograd_mini.changes import check_unchanged
from autograd_mini.errors import SeedError
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.ops.shaping import astype, broadcast_to, reshape
from autograd_mini.scalar_steps import Path, pull_floats, pull_values
from autograd_mini.state import detecting_anomaly, left_to_the_sweep
from autograd_mini.tape import NONE, Node, between, linearise, primal
from autograd_mini.threads import ADDING


def backward(output: Node, seed: Any = None) -> None:
    """Sweep in reverse from `output`: add to the `.grad` of leaves, set that of interior nodes.

    Should a rule fail on the way, the leaves keep the `.grad` they had. Several threads may sweep
    graphs of their own over shared leaves: nothing that they add is lost.
    """
    leaves = []
    for node, z_bar in reverse({output: make_seed(output, seed)}):
        if node.primitive is None:
            leaves.append((node, z_bar))
        elif node.operand0 is not NONE:  # a random source is not differentiated
            node.grad = z_bar
    with ADDING:
        for leaf, z_bar in leaves:
            if leaf.grad is None:
                # An array that is a view belongs to another node too.
                leaf.grad = z_bar if getattr(z_bar, "base", None) is None else np.array(z_bar)
            else:
                leaf.grad = like(leaf.grad + z_bar, leaf, record=False)


def make_seed(output: Node, seed: Any = None) -> Any:
    """Return the cotangent of the output as a float or a new array of its shape; 1 by default.

    Raises:
        SeedError: the output has several elements and there is no seed, or the shapes differ.
    """
    shape = np.shape(output.primal)
    if seed is None:
        if np.size(output.primal) != 1:
            raise SeedError(
                f"backward() from an output of shape {shape} needs a seed, the cotangent of the "
                "output: pass backward(seed) with an array of that shape, or make the output a "
                "scalar first, as in output.sum().backward()"
            )
        seed = np.ones(shape)
    elif np.shape(primal(seed)) != shape:
        raise SeedError(
            f"the seed has shape {np.shape(primal(seed))}, the output {shape}; they must agree"
        )
    dtype = getattr(output.primal, "dtype", None)
    return float(primal(seed)) if dtype is None else np.array(primal(seed), dtype=dtype)


def reverse(
    seeds: Mapping[Node, Any], *, wrt: Iterable[Node] | None = None, record: bool = False
) -> Iterator[tuple[Node, Any]]:
    """Yield each node that leads to the keys of `seeds` with its cotangent, outputs first.

    A node is yielded once, when its cotangent is complete: the sum over its uses of the cotangent
    of the result times the local derivative. No `.grad` is touched. With `wrt` the sweep keeps to
    the ways that lead there, and ends there.
    """
    bars = dict(seeds)
    take = bars.pop
    ends = frozenset(() if wrt is None else wrt)
    path = None if wrt is None else between(ends, bars)
    checked = detecting_anomaly()
    for node in reversed(linearise(bars) if path is None else path):
        z_bar = take(node, None)
        if z_bar is None:
            continue
        yield node, z_bar
        if node.operand0 is NONE or node in ends:  # a leaf, a random source, or the goal
            continue
        if checked:
            pull_checked(node, z_bar, bars, record, path)
        elif node.rank == 1 and not record:
            pull_floats(node, z_bar, bars)
        elif node.rank == 1 and node.primitive.partials:  # type: ignore[union-attr]  # no leaf
            pull_values(node, z_bar, bars, path)
        else:
            pull(node, z_bar, bars, record, path)


def pull(node: Node, z_bar: Any, bars: dict[Node, Any], record: bool, path: Path = None) -> None:
    """Do the reverse step of a node: add to the cotangent of each operand what `z_bar` sends."""
    assert node.primitive is not None
    z, operands = read(node, record)
    pullback, params = node.primitive.pullback, node.params or {}
    for i, x in enumerate(node.parents):
        if isinstance(x, Node) and (path is None or x in path):
            x_bar = pullback(i, z_bar, z, operands, params)
            x_bar = unbroadcast(x_bar, x, record)
            if x in bars:
                bars[x] = like(bars[x] + x_bar, x, record)
            else:  # each node its own array object: see backward()
                bars[x] = x_bar[...] if x_bar is z_bar and not record else x_bar


def pull_checked(
    node: Node, z_bar: Any, bars: dict[Node, Any], record: bool, path: Path = None
) -> None:
    """Do the reverse step of a node inside `detect_anomaly()`."""
    with left_to_the_sweep():
        if node.rank == 1 and not record:
            pull_floats(node, z_bar, bars)
        else:
            pull(node, z_bar, bars, record, path)
    for i, x in enumerate(node.parents):
        if isinstance(x, Node) and x in bars:
            what = f"operand {i} the cotangent"
            check_rule("reverse", what, bars[x], node, [("cotangent of the result", z_bar)])


def forward(
    outputs: Sequence[Node], tangents: Mapping[Node, Any], *, record: bool = False
) -> list[Any]:
    """Return the tangents of `outputs` that `tangents`, those of some nodes, cause.

    The tangent of a result is the sum over its operands of local derivative times tangent. An
    output that no given tangent reaches has tangent None.
    """
    dots = dict(tangents)
    step = push_checked if detecting_anomaly() else push
    for node in linearise(outputs, since=min((x.index for x in tangents), default=0)):
        if node.operand0 is not NONE and node not in tangents:
            step(node, dots, record)
    return [dots.get(output) for output in outputs]


def push(node: Node, dots: dict[Node, Any], record: bool) -> None:
    """Do the forward step of a node: give it the tangent that those of its operands cause."""
    assert node.primitive is not None
    z, operands = read(node, record)
    z_dot = None
    for i, x in enumerate(node.parents):
        if isinstance(x, Node) and x in dots:
            term = node.primitive.pushforward(i, dots[x], z, operands, node.params or {})
            z_dot = term if z_dot is None else z_dot + term
    if z_dot is not None:
        dots[node] = broadcast(z_dot, node, record)


def push_checked(node: Node, dots: dict[Node, Any], record: bool) -> None:
    """Do the forward step of a node inside `detect_anomaly()`."""
    with left_to_the_sweep():
        push(node, dots, record)
    if node in dots:
        carried = [
            (f"tangent of operand {i}", dots[x])
            for i, x in enumerate(node.parents)
            if isinstance(x, Node) and x in dots
        ]
        check_rule("forward", "its result the tangent", dots[node], node, carried)


def read(node: Node, record: bool) -> tuple[Any, Sequence[Any]]:
    """Return result and operands for a rule: nodes where it is to be recorded, else their data.

    Raises:
        MutationError: the rule may need data that have changed since.
    """
    if node.primitive.reads_data:  # type: ignore[union-attr]  # a leaf has no rule
        check_unchanged(node)
    if record:
        return node, node.parents
    z = node.primal
    operands = [primal(x) for x in node.parents]
    if node.rank == 1:  # Python's floats raise where IEEE has inf or nan
        return np.float64(z), [np.float64(x) for x in operands]
    return z, [widened(x, z.dtype) for x in operands]


def widened(x: Any, dtype: np.dtype[Any]) -> Any:
    """Return an operand in the precision of its result, so that its partials have that too."""
    if x.__class__ is np.ndarray and x.dtype is not dtype and x.dtype.kind == "f":
        return x.astype(dtype)
    return x


def unbroadcast(x_bar: Any, x: Node, record: bool) -> Any:
    """Return a cotangent in the shape, dtype and kind of the operand: sum what was repeated.

    NumPy repeats an operand along new leading axes and along axes of length 1; the cotangent of
    each repetition is one term of the operand's own.
    """
    if x.rank == 1:
        return x_bar if record else float(x_bar)
    target = x.primal
    if (
        x_bar.__class__ is target.__class__ is np.ndarray
        and x_bar.shape == target.shape
        and x_bar.dtype is target.dtype
    ):
        return x_bar  # nearly always, and worth settling before anything slower
    shape = np.shape(target)
    bar_shape = np.shape(primal(x_bar))
    if bar_shape != shape:
        new = len(bar_shape) - len(shape)
        repeated = [new + i for i, n in enumerate(shape) if n == 1 and bar_shape[new + i] != 1]
        axes = (*range(new), *repeated)
        if record:
            x_bar = reshape(sum_(x_bar, axes), shape)
        else:
            x_bar = np.add.reduce(x_bar, axis=axes).reshape(shape)
    return like(x_bar, x, record)


def broadcast(z_dot: Any, z: Node, record: bool) -> Any:
    """Return a tangent in the shape, dtype and kind of the result: repeat what was too small."""
    if np.shape(primal(z_dot)) != np.shape(z.primal):
        z_dot = broadcast_to(z_dot, np.shape(z.primal))
    return like(z_dot, z, record)


def like(x_bar: Any, x: Node, record: bool) -> Any:
    """Return a cotangent or tangent of the right shape in the dtype of the node it belongs to."""
    if x.rank == 1:
        return x_bar if record else float(x_bar)
    if not record:
        return np.asarray(x_bar, dtype=x.primal.dtype)
    return x_bar if primal(x_bar).dtype == x.primal.dtype else astype(x_bar, x.primal.dtype)
