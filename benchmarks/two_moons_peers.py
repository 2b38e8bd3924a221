"""micrograd's demo step by hand in NumPy, and in the peers, each as its manual says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.workload import Array, Run


class Problem(NamedTuple):
    """What a step needs: points (m, 2), sides (m,), and the first weights, which stay as they are.

    The weights are W (n_out, n_in) and b (n_out,) of each layer in turn.
    """

    points: Array
    sides: Array
    weights: list[Array]
    alpha: float
    learning_rate: float

    def outcome(self, loss: Any, weights: Iterable[Any]) -> tuple[float, Array]:
        """Return the loss of the first step, and the gradient that its update shows."""
        moved = np.concatenate([np.ravel(w) for w in weights])
        start = np.concatenate([np.ravel(w) for w in self.weights])
        return float(loss), (start - moved) / self.learning_rate


def by_hand(given: Problem) -> Run:
    """Return the step as one writes it by hand: each array that is needed, made once."""
    points, sides = given.points, given.sides[:, None]
    weights = [w.copy() for w in given.weights]
    loss = 0.0

    def step() -> None:
        nonlocal loss
        w1, b1, w2, b2, w3, b3 = weights
        a1 = np.maximum(points @ w1.T + b1, 0.0)
        a2 = np.maximum(a1 @ w2.T + b2, 0.0)
        margin = 1.0 - sides * (a2 @ w3.T + b3)
        loss = np.maximum(margin, 0.0).mean() + given.alpha * sum(np.vdot(w, w) for w in weights)
        d3 = -sides * (margin > 0.0) / len(points)
        d2 = (d3 @ w3) * (a2 > 0.0)
        d1 = (d2 @ w2) * (a1 > 0.0)
        gradients = [
            d1.T @ points,
            d1.sum(axis=0),
            d2.T @ a1,
            d2.sum(axis=0),
            d3.T @ a2,
            d3.sum(axis=0),
        ]
        for w, g in zip(weights, gradients, strict=True):
            w -= given.learning_rate * (g + 2.0 * given.alpha * w)

    return Run(step, lambda: given.outcome(loss, weights))


def in_place(given: Problem) -> Run:
    """Return the step as one writes it by hand for speed alone: no array is made in it."""
    points, sides = given.points, given.sides[:, None]
    theta = np.concatenate([np.ravel(w) for w in given.weights])
    gradient, scratch = np.empty_like(theta), np.empty_like(theta)
    ends = np.cumsum([w.size for w in given.weights])[:-1]

    def views(vector: Array) -> list[Array]:
        parts = zip(np.split(vector, ends), given.weights, strict=True)
        return [part.reshape(w.shape) for part, w in parts]

    w1, b1, w2, b2, w3, b3 = weights = views(theta)
    gw1, gb1, gw2, gb2, gw3, gb3 = views(gradient)
    m = len(points)
    ones, minus = np.ones(m), -sides / m
    a1, a2, d1, d2 = np.empty((4, m, len(b1)))
    margin, d3 = np.empty((2, m, 1))
    loss = 0.0

    def step() -> None:
        nonlocal loss
        np.matmul(points, w1.T, out=a1)
        np.add(a1, b1, out=a1)
        np.maximum(a1, 0.0, out=a1)
        np.matmul(a1, w2.T, out=a2)
        np.add(a2, b2, out=a2)
        np.maximum(a2, 0.0, out=a2)
        np.matmul(a2, w3.T, out=margin)
        np.add(margin, b3, out=margin)
        np.multiply(margin, sides, out=margin)
        np.subtract(1.0, margin, out=margin)
        np.maximum(margin, 0.0, out=margin)
        loss = margin.sum() / m + given.alpha * theta.dot(theta)
        np.multiply(minus, margin > 0.0, out=d3)
        np.matmul(d3, w3, out=d2)
        np.multiply(d2, a2 > 0.0, out=d2)
        np.matmul(d2, w2, out=d1)
        np.multiply(d1, a1 > 0.0, out=d1)
        for d, a, gw, gb in ((d3, a2, gw3, gb3), (d2, a1, gw2, gb2), (d1, points, gw1, gb1)):
            np.matmul(d.T, a, out=gw)
            np.matmul(ones, d, out=gb)
        np.multiply(theta, 2.0 * given.alpha, out=scratch)
        np.add(gradient, scratch, out=gradient)
        np.multiply(gradient, given.learning_rate, out=scratch)
        np.subtract(theta, scratch, out=theta)

    return Run(step, lambda: given.outcome(loss, weights))


def array_loss(np_: Any, weights: Any, points: Any, sides: Any, alpha: float) -> Any:
    """Return the loss in the functions of a module like NumPy."""
    w1, b1, w2, b2, w3, b3 = weights
    a = np_.maximum(np_.dot(points, w1.T) + b1, 0.0)
    a = np_.maximum(np_.dot(a, w2.T) + b2, 0.0)
    margin = 1.0 - sides[:, None] * (np_.dot(a, w3.T) + b3)
    return np_.mean(np_.maximum(margin, 0.0)) + alpha * sum(np_.sum(w * w) for w in weights)


def in_autograd(given: Problem) -> Run:
    """Return the step in HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    both = autograd.value_and_grad(
        lambda weights: array_loss(anp, weights, given.points, given.sides, given.alpha)
    )
    weights = [w.copy() for w in given.weights]
    loss = 0.0

    def step() -> None:
        nonlocal loss
        loss, gradients = both(weights)
        for w, g in zip(weights, gradients, strict=True):
            w -= given.learning_rate * g

    return Run(step, lambda: given.outcome(loss, weights))


def in_jax(given: Problem) -> Run:
    """Return the step in JAX: one jitted function, data on the device, the old weights donated."""
    import jax
    import jax.numpy as jnp

    def update(weights: list[Any], points: Any, sides: Any) -> tuple[Any, list[Any]]:
        loss, gradients = jax.value_and_grad(
            lambda weights: array_loss(jnp, weights, points, sides, given.alpha)
        )(weights)
        moved = [w - given.learning_rate * g for w, g in zip(weights, gradients, strict=True)]
        return loss, moved

    compiled = jax.jit(update, donate_argnums=0)
    points, sides = jnp.asarray(given.points), jnp.asarray(given.sides)
    weights = [jnp.array(w) for w in given.weights]
    loss: Any = None

    def step() -> None:
        nonlocal loss, weights
        loss, weights = compiled(weights, points, sides)
        jax.block_until_ready((loss, weights))

    return Run(step, lambda: given.outcome(loss, weights))


def in_torch(given: Problem) -> Run:
    """Return the step in PyTorch on the processor."""
    import torch
    from torch.nn.functional import linear

    points, sides = torch.from_numpy(given.points), torch.from_numpy(given.sides[:, None])
    weights = [torch.tensor(w, requires_grad=True) for w in given.weights]
    optimizer = torch.optim.SGD(weights, given.learning_rate)
    loss: Any = None

    def step() -> None:
        nonlocal loss
        w1, b1, w2, b2, w3, b3 = weights
        a = torch.relu(linear(points, w1, b1))
        a = torch.relu(linear(a, w2, b2))
        margin = 1.0 - sides * linear(a, w3, b3)
        penalty = given.alpha * sum((w * w).sum() for w in weights)
        loss = torch.relu(margin).mean() + penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return Run(step, lambda: given.outcome(loss.item(), [w.detach().numpy() for w in weights]))


def in_casadi(given: Problem) -> Run:
    """Return the step in CasADi: a graph of scalars for one point, mapped over the points.

    `map` with a list of shared inputs and one of summed outputs is what its manual gives for this.
    """
    import casadi as ca

    m = len(given.points)
    x, y = ca.SX.sym("x", 2), ca.SX.sym("y")
    symbols = [ca.SX.sym(f"w{i}", *w.shape) for i, w in enumerate(given.weights)]
    theta = ca.vertcat(*(ca.vec(w) for w in symbols))
    w1, b1, w2, b2, w3, b3 = symbols
    a = ca.fmax(w1 @ x + b1, 0)
    a = ca.fmax(w2 @ a + b2, 0)
    loss = ca.fmax(1 - y * (w3 @ a + b3), 0) / m + given.alpha * ca.sumsqr(theta) / m
    one = ca.Function("one", [x, y, theta], [loss, ca.gradient(loss, theta)])
    both = one.map("all", "serial", m, [2], [0, 1])

    points, sides = np.asfortranarray(given.points.T), given.sides[None, :]
    weights = np.concatenate([w.ravel(order="F") for w in given.weights])
    value: Any = None

    def step() -> None:
        nonlocal value
        value, gradient = both(points, sides, weights)
        np.subtract(weights, given.learning_rate * gradient.full()[:, 0], out=weights)

    def found() -> tuple[float, Array]:
        ends = np.cumsum([w.size for w in given.weights])[:-1]
        parts = zip(np.split(weights, ends), given.weights, strict=True)
        return given.outcome(value, [part.reshape(w.shape, order="F") for part, w in parts])

    return Run(step, found)


def in_micrograd(given: Problem) -> Run:
    """Return micrograd's script in micrograd."""
    from micrograd import engine, nn

    model = nn.MLP(2, [len(b) for b in given.weights[1::2]])
    pairs = zip(given.weights[::2], given.weights[1::2], strict=True)
    for layer, (w, b) in zip(model.layers, pairs, strict=True):
        for neuron, row, bias in zip(layer.neurons, w, b, strict=True):
            neuron.b.data = float(bias)
            for p, number in zip(neuron.w, row, strict=True):
                p.data = float(number)

    def weights() -> list[list[float]]:
        found = []
        for layer in model.layers:
            found.append([p.data for neuron in layer.neurons for p in neuron.w])
            found.append([neuron.b.data for neuron in layer.neurons])
        return found

    step, last = script(engine.Value, model, given)
    return Run(step, lambda: given.outcome(last(), weights()))


def script(
    value: Any, model: Any, given: Problem
) -> tuple[Callable[[], None], Callable[[], float]]:
    """Return the demo's step in the words of its notebook, for any library with its interface.

    Returns:
        The step, and a function that tells the last loss.
    """
    value_of_loss = 0.0

    def loss() -> Any:
        inputs = [list(map(value, row)) for row in given.points]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(given.sides, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = given.alpha * sum(p * p for p in model.parameters())
        return data_loss + reg_loss

    def step() -> None:
        nonlocal value_of_loss
        total_loss = loss()
        value_of_loss = float(total_loss.data)
        model.zero_grad()
        total_loss.backward()
        for p in model.parameters():
            p.data -= given.learning_rate * p.grad

    return step, lambda: value_of_loss
