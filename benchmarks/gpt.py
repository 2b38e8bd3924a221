"""A language model of scalars, as large as Karpathy's microgpt: one step, loss and gradient.

A GPT with one layer: embeddings of tokens and positions, RMS norms, causal attention with four
heads, an MLP with ReLU, softmax cross-entropy over a sequence. Source of the idea, not of the code:
karpathy.github.io/2026/02/12/microgpt. Tokens enter as one-hot rows, so that one program serves
every sequence of a length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import units_in
from autograd_mini.compiler.tracing.derivatives import traced, value_nodes
from benchmarks.measure import measure
from benchmarks.report import Report
from benchmarks.workload import NOTHING, Array, Claim, Contestant, Run, Workload

VOCABULARY, WIDTH, HEADS = 27, 16, 4
LENGTHS = [4, 16]
EPSILON = 1e-5

Given = tuple[dict[str, Array], Array, Array]
"""Weights, the tokens and the next tokens as one-hot rows."""


def reports(*, quick: bool) -> Iterator[Report]:
    """Measure a step on a short sequence and on a longer one."""
    for length in [2] if quick else LENGTHS:
        yield measure(workload(length), 1 if quick else 5)


def workload(length: int) -> Workload:
    """Return all contestants on a sequence of so many tokens."""
    given = problem(length)
    return Workload(
        f"A GPT of scalars, {length} tokens, {nodes(given):,} nodes: loss and gradient",
        [
            Contestant("replay, numba", partial(replay, given, "numba"), "numba"),
            Contestant("replay, numpy", partial(replay, given, "numpy")),
            Contestant("eager", partial(eager, given)),
            Contestant("eager, loss alone", partial(eager_loss, given)),
            Contestant("trace, loss alone", partial(trace, given, Aim())),
            Contestant("trace, loss and gradient", partial(trace, given, Aim("gradient", (0,)))),
            Contestant("CasADi", partial(in_casadi, given), "casadi"),
            Contestant("PyTorch, arrays", partial(in_torch, given), "torch"),
            Contestant("JAX jit, arrays", partial(in_jax, given), "jax"),
        ],
        [
            Claim("eager", "replay, numba", at_least=200),
            Claim("trace, loss alone", "eager, loss alone", at_most=1.2),
            Claim("trace, loss and gradient", "eager"),
            Claim("eager", "replay, numpy"),
            Claim("CasADi", "replay, numba"),
            Claim("PyTorch, arrays", "replay, numba"),
            Claim("JAX jit, arrays", "replay, numba"),
        ],
    )


def problem(length: int) -> Given:
    """Return weights, and so many tokens with those that follow, as one-hot rows."""
    rng = np.random.default_rng(0)
    shapes = {
        "tokens": (WIDTH, VOCABULARY),
        "positions": (length, WIDTH),
        "query": (WIDTH, WIDTH),
        "key": (WIDTH, WIDTH),
        "value": (WIDTH, WIDTH),
        "mix": (WIDTH, WIDTH),
        "up": (4 * WIDTH, WIDTH),
        "down": (WIDTH, 4 * WIDTH),
        "head": (VOCABULARY, WIDTH),
    }
    weights = {name: rng.normal(scale=0.2, size=shape) for name, shape in shapes.items()}
    tokens = np.eye(VOCABULARY)[rng.integers(VOCABULARY, size=length + 1)]
    return weights, tokens[:-1], tokens[1:]


def loss(np_: Any, w: Mapping[str, Any], inputs: Any, targets: Any) -> Any:
    """Return the mean cross-entropy of the next token, position by position, on scalars.

    Args:
        np_: has the functions that are used here, on vectors of scalars.
        w: the weights.
        inputs: one-hot rows, (length, VOCABULARY).
        targets: the next tokens, likewise.
    """
    width = WIDTH // HEADS
    keys: list[Any] = []
    values: list[Any] = []
    total = 0.0
    for token, position, target in zip(inputs, w["positions"], targets, strict=True):
        x = w["tokens"] @ token + position
        normed = rms_norm(np_, x)
        query = w["query"] @ normed
        keys.append(w["key"] @ normed)
        values.append(w["value"] @ normed)
        heads = []
        for head in (slice(i, i + width) for i in range(0, WIDTH, width)):
            scores = [np_.exp(np_.vdot(query[head], key[head]) / width**0.5) for key in keys]
            mixed = sum(s * value[head] for s, value in zip(scores, values, strict=True))
            heads.append(mixed / sum(scores))
        x = x + w["mix"] @ np_.concatenate(heads)
        x = x + w["down"] @ np_.relu(w["up"] @ rms_norm(np_, x))
        logits = w["head"] @ rms_norm(np_, x)
        total = total + np_.log(np_.sum(np_.exp(logits))) - np_.vdot(logits, target)
    return total / len(inputs)


def rms_norm(np_: Any, x: Any) -> Any:
    """Return x divided by the root of its mean square."""
    return x / np_.sqrt(np_.vdot(x, x) / WIDTH + EPSILON)


def array_loss(np_: Any, w: Mapping[str, Any], inputs: Any, targets: Any) -> Any:
    """Return the same in the functions of a library for arrays, all positions at once."""

    def normed(x: Any) -> Any:
        return x / np_.sqrt((x * x).mean(-1)[:, None] + EPSILON)

    def heads(x: Any) -> Any:
        return x.reshape(len(inputs), HEADS, WIDTH // HEADS)

    x = inputs @ w["tokens"].T + w["positions"]
    query, key, value = (heads(normed(x) @ w[name].T) for name in ("query", "key", "value"))
    scores = np_.exp(np_.einsum("ihd,jhd->hij", query, key) / (WIDTH // HEADS) ** 0.5)
    scores = np_.tril(scores)
    mixed = np_.einsum("hij,jhd->ihd", scores / scores.sum(-1)[:, :, None], value)
    x = x + mixed.reshape(len(inputs), WIDTH) @ w["mix"].T
    x = x + np_.relu(normed(x) @ w["up"].T) @ w["down"].T
    logits = normed(x) @ w["head"].T
    return (np_.log(np_.exp(logits).sum(-1)) - (logits * targets).sum(-1)).mean()


def nodes(given: Given) -> int:
    """Return how many nodes the eager engine makes of the loss."""
    weights, inputs, targets = given
    on_nodes = {name: am.values(w) for name, w in weights.items()}
    return len(am.Tape(loss(am, on_nodes, inputs, targets)))


def joined(gradients: Mapping[str, Any]) -> Array:
    """Return gradients as one vector, in an order that does not depend on the library."""
    return np.concatenate([NOTHING, *(np.ravel(gradients[name]) for name in sorted(gradients))])


def repeated(both: Callable[[], tuple[Any, Mapping[str, Any]]]) -> Run:
    """Return the run of a function that gives the loss and its gradients."""
    last: Any = None

    def step() -> None:
        nonlocal last
        last = both()

    return Run(step, lambda: (float(last[0]), joined(last[1])))


def replay(given: Given, engine: str) -> Run:
    """Return the step of this library's compiler."""
    compiled = am.compile(partial(loss, am), engine=engine)
    return repeated(lambda: compiled.value_and_grad(*given))


def eager(given: Given) -> Run:
    """Return the step of this library's eager engine."""
    weights, inputs, targets = given

    def both() -> tuple[float, dict[str, Array]]:
        on_nodes = {name: am.values(w) for name, w in weights.items()}
        total = loss(am, on_nodes, inputs, targets)
        total.backward()
        return total.data, {name: am.grads(w) for name, w in on_nodes.items()}

    return repeated(both)


def eager_loss(given: Given) -> Run:
    """Return the loss alone by this library's eager engine."""
    weights, inputs, targets = given

    def both() -> tuple[float, dict[str, Array]]:
        on_nodes = {name: am.values(w) for name, w in weights.items()}
        return loss(am, on_nodes, inputs, targets).data, {}

    return repeated(both)


def trace(given: Given, aim: Aim) -> Run:
    """Return the recording of a step, as the compiler does it, without what it does with it."""
    numbers = [array for argument in given for array in units_in(argument)]
    nodes_of = partial(value_nodes, numbers)

    def both() -> tuple[float, dict[str, Array]]:
        return traced(partial(loss, am), aim, given, {}, nodes_of).tree.data, {}

    return repeated(both)


def in_casadi(given: Given) -> Run:
    """Return the step in CasADi, of a graph of scalars."""
    import casadi as ca

    functions = SimpleNamespace(
        exp=ca.exp,
        log=ca.log,
        sqrt=ca.sqrt,
        relu=lambda z: ca.fmax(z, 0),
        sum=ca.sum1,
        vdot=ca.dot,
        concatenate=lambda parts: ca.vertcat(*parts),
    )
    shapes = {name: w.shape for name, w in sorted(given[0].items())}
    weights = {name: ca.SX.sym(name, *shape) for name, shape in shapes.items()}
    tokens = [ca.SX.sym("tokens", *rows.T.shape) for rows in given[1:]]
    theta = ca.vertcat(*map(ca.vec, weights.values()))
    split = weights | {"positions": ca.horzsplit(weights["positions"].T)}
    value = loss(functions, split, *map(ca.horzsplit, tokens))
    both = ca.Function("gpt", [theta, *tokens], [value, ca.gradient(value, theta)])
    at = np.concatenate([given[0][name].ravel(order="F") for name in shapes])
    columns = [np.asfortranarray(rows.T) for rows in given[1:]]
    last: Any = None

    def step() -> None:
        nonlocal last
        last = both(at, *columns)

    def outcome() -> tuple[float, Array]:
        ends = np.cumsum([np.prod(shape) for shape in shapes.values()])[:-1]
        parts = zip(np.split(last[1].full()[:, 0], ends), shapes.items(), strict=True)
        return float(last[0]), joined({n: p.reshape(shape, order="F") for p, (n, shape) in parts})

    return Run(step, outcome)


def in_torch(given: Given) -> Run:
    """Return the step in PyTorch, on arrays."""
    import torch

    weights = {name: torch.tensor(w, requires_grad=True) for name, w in given[0].items()}
    inputs, targets = map(torch.tensor, given[1:])

    def both() -> tuple[Any, dict[str, Any]]:
        for w in weights.values():
            w.grad = None
        value = array_loss(torch, weights, inputs, targets)
        value.backward()
        return value.detach(), {name: w.grad for name, w in weights.items()}

    return repeated(both)


def in_jax(given: Given) -> Run:
    """Return the step in JAX, on arrays."""
    import jax
    import jax.numpy as jnp

    names = ("exp", "log", "sqrt", "einsum", "tril")
    functions = SimpleNamespace(relu=jax.nn.relu, **{name: getattr(jnp, name) for name in names})
    compiled = jax.jit(jax.value_and_grad(partial(array_loss, functions)))
    weights, inputs, targets = jax.device_put(given)
    return repeated(lambda: jax.block_until_ready(compiled(weights, inputs, targets)))
