"""Optimisers against PyTorch, Optax and formulas by hand; schedules against closed forms."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import nn, optim
from autograd_mini.errors import ParameterError, SettingError, ShapeError, StateError

STEPS = 25
START = {"W": [[0.8, -1.3, 0.4], [0.1, 1.7, -0.6]], "b": [0.5, -2.0], "s": 1.2}
"""A matrix, a vector and a scalar, at which every gradient below is far from 0."""


def loss(parameters: list[Any], m: Any) -> Any:
    """Σ (θ⁴/4 - θ² + sin θ) + sin(b₀ s) (not quadratic), with the functions of the library `m`."""
    _, b, s = parameters
    return sum(
        (total(theta**4.0 / 4.0 - theta**2.0 + m.sin(theta)) for theta in parameters),
        start=m.sin(b[0] * s),
    )


def total(x: Any) -> Any:
    """Return the sum of all elements; a `Value` is its own."""
    return x if isinstance(x, am.Value) else x.sum()


class Method(NamedTuple):
    """One optimiser with settings, and its counterparts; each is made from a learning rate."""

    ours: Callable[..., optim.Optimizer]
    torch: Callable[..., Any]
    optax: Callable[..., Any]


METHODS = {
    "SGD": Method(
        lambda p, lr: optim.SGD(p, lr),
        lambda t, p, lr: t.optim.SGD(p, lr),
        lambda o, lr: o.sgd(lr),
    ),
    "SGD, weight decay": Method(
        lambda p, lr: optim.SGD(p, lr, weight_decay=0.3),
        lambda t, p, lr: t.optim.SGD(p, lr, weight_decay=0.3),
        lambda o, lr: o.chain(o.add_decayed_weights(0.3), o.sgd(lr)),
    ),
    "momentum": Method(
        lambda p, lr: optim.SGD(p, lr, momentum=0.8),
        lambda t, p, lr: t.optim.SGD(p, lr, momentum=0.8),
        lambda o, lr: o.sgd(lr, momentum=0.8),
    ),
    "Nesterov": Method(
        lambda p, lr: optim.SGD(p, lr, momentum=0.8, nesterov=True),
        lambda t, p, lr: t.optim.SGD(p, lr, momentum=0.8, nesterov=True),
        lambda o, lr: o.sgd(lr, momentum=0.8, nesterov=True),
    ),
    "Nesterov, weight decay": Method(
        lambda p, lr: optim.SGD(p, lr, momentum=0.8, nesterov=True, weight_decay=0.3),
        lambda t, p, lr: t.optim.SGD(p, lr, momentum=0.8, nesterov=True, weight_decay=0.3),
        lambda o, lr: o.chain(o.add_decayed_weights(0.3), o.sgd(lr, momentum=0.8, nesterov=True)),
    ),
    "RMSprop": Method(
        lambda p, lr: optim.RMSprop(p, lr),
        lambda t, p, lr: t.optim.RMSprop(p, lr),
        lambda o, lr: o.rmsprop(lr, decay=0.99, eps=1e-8, eps_in_sqrt=False),
    ),
    "RMSprop, settings": Method(
        lambda p, lr: optim.RMSprop(p, lr, decay=0.7, eps=0.1),
        lambda t, p, lr: t.optim.RMSprop(p, lr, alpha=0.7, eps=0.1),
        lambda o, lr: o.rmsprop(lr, decay=0.7, eps=0.1, eps_in_sqrt=False),
    ),
    "Adam": Method(
        lambda p, lr: optim.Adam(p, lr),
        lambda t, p, lr: t.optim.Adam(p, lr),
        lambda o, lr: o.adam(lr),
    ),
    "Adam, settings": Method(
        lambda p, lr: optim.Adam(p, lr, betas=(0.7, 0.9), eps=0.1),
        lambda t, p, lr: t.optim.Adam(p, lr, betas=(0.7, 0.9), eps=0.1),
        lambda o, lr: o.adam(lr, b1=0.7, b2=0.9, eps=0.1),
    ),
    "AdamW": Method(
        lambda p, lr: optim.AdamW(p, lr),
        lambda t, p, lr: t.optim.AdamW(p, lr),
        lambda o, lr: o.adamw(lr, weight_decay=0.01),
    ),
    "AdamW, settings": Method(
        lambda p, lr: optim.AdamW(p, lr, betas=(0.7, 0.9), eps=0.1, weight_decay=0.3),
        lambda t, p, lr: t.optim.AdamW(p, lr, betas=(0.7, 0.9), eps=0.1, weight_decay=0.3),
        lambda o, lr: o.adamw(lr, b1=0.7, b2=0.9, eps=0.1, weight_decay=0.3),
    ),
}

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
both_kinds = pytest.mark.parametrize("kind", [am.values, am.Tensor], ids=["Value", "Tensor"])


def leaves(kind: Callable[[Any], Any], **settings: Any) -> list[Any]:
    """Return the parameters at their start: Tensors, or object arrays of Values."""
    return [kind(theta, **settings) for theta in START.values()]


def flat(parameters: list[Any]) -> Any:
    """Return a copy of all numbers of the parameters as one vector."""
    return np.concatenate([np.ravel(am.data(theta)) for theta in parameters])


def path(parameters: list[Any], optimiser: optim.Optimizer, steps: int = STEPS) -> Any:
    """Take `steps` steps down the loss; return where each of them led, one row a step."""
    rows = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss(parameters, am).backward()
        optimiser.step()
        rows.append(flat(parameters))
    return np.array(rows)


# Against other libraries


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="PyTorch, the reference, is not installed")


@pytest.fixture
def jax() -> Iterator[ModuleType]:
    """JAX in double precision, where it is installed."""
    jax = pytest.importorskip("jax", reason="JAX, under Optax, is not installed")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


def torch_leaves(torch: Any, dtype: Any = np.float64) -> list[Any]:
    """Return the parameters at their start, in PyTorch."""
    return [
        torch.tensor(np.array(theta, dtype=dtype), requires_grad=True) for theta in START.values()
    ]


def torch_path(torch: Any, parameters: list[Any], optimiser: Any, scheduler: Any = None) -> Any:
    """Return what `path` returns, computed by PyTorch."""
    rows = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss(parameters, torch).backward()
        optimiser.step()
        if scheduler:
            scheduler.step()
        rows.append(np.concatenate([theta.detach().numpy().ravel() for theta in parameters]))
    return np.array(rows)


@every_method
@both_kinds
def test_every_step_is_that_of_torch(method: Method, kind: Any, torch: Any) -> None:
    """Each method, with each option, follows torch.optim step by step."""
    ours, theirs = leaves(kind), torch_leaves(torch)
    expected = torch_path(torch, theirs, method.torch(torch, theirs, 0.02))
    np.testing.assert_allclose(path(ours, method.ours(ours, 0.02)), expected, rtol=0, atol=1e-12)


@every_method
def test_every_step_is_that_of_optax(method: Method, jax: Any) -> None:
    """Each method, with each option, follows Optax step by step."""
    optax = pytest.importorskip("optax", reason="Optax, the reference, is not installed")
    ours = leaves(am.Tensor)
    theirs = [jax.numpy.array(theta) for theta in START.values()]
    optimiser = method.optax(optax, 0.02)
    state = optimiser.init(theirs)
    expected = []
    for _ in range(STEPS):
        g = jax.grad(lambda p: loss(p, jax.numpy))(theirs)
        updates, state = optimiser.update(g, state, theirs)
        theirs = optax.apply_updates(theirs, updates)
        expected.append(flat(theirs))
    np.testing.assert_allclose(path(ours, method.ours(ours, 0.02)), expected, rtol=0, atol=1e-12)


@every_method
def test_float32_stays_float32(method: Method, torch: Any) -> None:
    """Float32 parameters and their state stay so, and follow torch.optim to float32's precision."""
    ours, theirs = leaves(am.Tensor, dtype=np.float32), torch_leaves(torch, np.float32)
    optimiser = method.ours(ours, 0.02)
    expected = torch_path(torch, theirs, method.torch(torch, theirs, 0.02))
    assert expected.dtype == np.float32
    np.testing.assert_allclose(path(ours, optimiser), expected, rtol=0, atol=1e-5)
    kept = [array for name, array in optimiser.state_dict().items() if name.startswith("m")]
    assert {array.dtype for array in [*kept, *map(am.data, ours)]} == {np.dtype(np.float32)}


@every_method
@both_kinds
def test_a_parameter_without_gradient_is_skipped(method: Method, kind: Any, torch: Any) -> None:
    """Where .grad is None, neither a parameter nor its state nor its bias correction moves on."""
    ours, theirs = leaves(kind), torch_leaves(torch)
    optimiser, reference = method.ours(ours, 0.02), method.torch(torch, theirs, 0.02)
    for step in range(STEPS):
        used = [i for i in range(len(START)) if (step + i) % 3]
        optimiser.zero_grad()
        reference.zero_grad()
        sum(total(ours[i] ** 4.0) for i in used).backward()
        sum(total(theirs[i] ** 4.0) for i in used).backward()
        before = flat([theta for i, theta in enumerate(ours) if i not in used])
        optimiser.step()
        reference.step()
        after = flat([theta for i, theta in enumerate(ours) if i not in used])
        np.testing.assert_array_equal(after, before)
    expected = np.concatenate([theta.detach().numpy().ravel() for theta in theirs])
    np.testing.assert_allclose(flat(ours), expected, rtol=0, atol=1e-12)


# By hand: one parameter in plain floats, on f(θ) = θ⁴/4 - θ² + sin θ


def slope(theta: float) -> float:
    """The derivative of f."""
    return theta**3 - 2 * theta + math.cos(theta)


def sgd_by_hand(theta: float, lr: float) -> Iterator[float]:
    """SGD with momentum 0.8, Nesterov's look ahead and weight decay 0.3."""
    b = 0.0
    while True:
        g = slope(theta) + 0.3 * theta
        b = 0.8 * b + g
        theta -= lr * (g + 0.8 * b)
        yield theta


def rmsprop_by_hand(theta: float, lr: float) -> Iterator[float]:
    """RMSprop with decay 0.99 and eps 1e-8."""
    v = 0.0
    while True:
        g = slope(theta)
        v = 0.99 * v + 0.01 * g**2
        theta -= lr * g / (math.sqrt(v) + 1e-8)
        yield theta


def adam_by_hand(theta: float, lr: float, weight_decay: float = 0.0) -> Iterator[float]:
    """Adam and AdamW with their defaults; the running means as the sums they stand for."""
    past: list[float] = []
    while True:
        past.insert(0, slope(theta))
        m_hat = sum(0.9**k * g for k, g in enumerate(past)) / sum(0.9**k for k in range(len(past)))
        v_hat = sum(0.999**k * g**2 for k, g in enumerate(past)) / sum(
            0.999**k for k in range(len(past))
        )
        theta -= lr * (weight_decay * theta + m_hat / (math.sqrt(v_hat) + 1e-8))
        yield theta


@pytest.mark.parametrize(
    ("make", "by_hand"),
    [
        (METHODS["Nesterov, weight decay"].ours, sgd_by_hand),
        (optim.RMSprop, rmsprop_by_hand),
        (optim.Adam, adam_by_hand),
        (optim.AdamW, lambda theta, lr: adam_by_hand(theta, lr, weight_decay=0.01)),
    ],
    ids=["SGD", "RMSprop", "Adam", "AdamW"],
)
@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_every_step_is_that_of_the_formula(make: Any, by_hand: Any, kind: Any) -> None:
    """One parameter follows the formula of the paper, written out on plain floats."""
    theta = kind(1.4)
    optimiser = make([theta], 0.02)
    for expected, _ in zip(by_hand(1.4, 0.02), range(STEPS), strict=False):
        optimiser.zero_grad()
        (theta**4 / 4 - theta**2 + theta.sin()).backward()
        optimiser.step()
        assert theta.item() == pytest.approx(expected, abs=1e-12)


# Both kinds of node


@every_method
def test_values_and_tensors_give_the_same_numbers(method: Method) -> None:
    """Training with Values takes the same path as training with Tensors; floats stay floats."""
    values, tensors = leaves(am.values), leaves(am.Tensor)
    by_values = path(values, method.ours(values, 0.02))
    by_tensors = path(tensors, method.ours(tensors, 0.02))
    np.testing.assert_allclose(by_values, by_tensors, rtol=0, atol=1e-14)
    assert {type(p.data) for array in values for p in array.flat} == {float}
    assert all(isinstance(p.data, np.ndarray) for p in tensors)


@every_method
def test_no_array_is_changed_in_place(method: Method) -> None:
    """An array that an older tape, or the caller, still holds keeps its numbers."""
    parameters = leaves(am.Tensor)
    optimiser = method.ours(parameters, 0.02)
    path(parameters, optimiser, steps=2)
    held = [array for p in parameters for array in (p.data, p.grad)]
    copies = [array.copy() for array in held]
    optimiser.step()
    for array, copy in zip(held, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert not any(p.data is array for p in parameters for array in held)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_a_module_is_trained(kind: Any) -> None:
    """An optimiser takes a Module: its parameters move, and its loss falls at every step."""
    rng = np.random.default_rng(0)
    model = nn.MLP(2, [4, 1], activation="tanh", kind=kind, rng=rng)
    x = rng.standard_normal((6, 2))
    optimiser = optim.SGD(model, 0.05)
    assert optimiser.params == model.parameters()
    losses = []
    for _ in range(STEPS):
        error = nn.squared_error(model(x), x[:, :1] * x[:, 1:])
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        losses.append(error.item())
    assert all(np.diff(losses) < 0)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_step_takes_gradients(kind: Any, compiled: bool) -> None:
    """A step with what value_and_grad returns is one after backward(), for a Module and others."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 6, 2))

    def of_module(model: Any) -> Any:
        return nn.squared_error(model(x), y)

    def of_parts(parts: Any) -> Any:
        return sum(total(theta * theta * theta) for theta in parts["layers"])

    module = nn.MLP(2, [3, 2], activation="tanh", kind=kind, rng=1)
    for f, make in [
        (of_module, lambda: deepcopy(module)),
        (of_parts, lambda: {"layers": tuple(deepcopy(module).arrays().values())}),
        (of_parts, lambda: {"layers": deepcopy(module).parameters()}),
    ]:
        ours, theirs = make(), make()
        one, other = (optim.Adam(params_of(tree), 0.1) for tree in (ours, theirs))
        step = am.compile(f, engine="numpy", exact=True)
        derivative = step.value_and_grad if compiled else am.value_and_grad(f)
        for _ in range(3):
            value, gradient = derivative(ours)
            one.step(gradient)
            other.zero_grad()
            expected = f(theirs)
            expected.backward()
            other.step()
            assert value == expected.data
            for p, q in zip(one.params, other.params, strict=True):
                np.testing.assert_array_equal(p.data, q.data)
                np.testing.assert_array_equal(p.grad, q.grad)


def params_of(tree: Any) -> Any:
    """Return what an optimiser takes: a Module, or a list."""
    return tree if isinstance(tree, nn.Module) else tree["layers"]


def test_gradients_as_one_array() -> None:
    """A gradient by a vector of all numbers is for as many Values."""
    model = nn.MLP(2, [1], rng=0)
    before = np.array([p.data for p in model.parameters()])
    optim.SGD(model, 0.5).step(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal([p.data for p in model.parameters()], before - [0.5, 1.0, 1.5])


@pytest.mark.parametrize("tensor_first", [True, False])
def test_gradients_of_both_kinds(tensor_first: bool) -> None:
    """An array is spread over Values alone; that of a Tensor beside them is one gradient."""
    value, tensor = am.Value(1.0), am.Tensor([2.0, 3.0])
    params: list[Any] = [value, tensor]
    gradients = [np.array([0.5]), np.array([1.0, 2.0])]
    if tensor_first:
        params, gradients = params[::-1], gradients[::-1]
    optim.SGD(params, 1.0).step(gradients)
    assert value.data == 0.5
    assert tensor.data.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("gradients", [[1.0], [1.0, 2.0, 3.0], np.ones(3), (1.0, None)])
def test_gradients_that_are_not_those_of_the_parameters(gradients: Any) -> None:
    """There must be one for each parameter; nothing is changed."""
    p, q = am.Value(1.0), am.Value(2.0)
    optimiser = optim.SGD([p, q], 0.1)
    with pytest.raises(ParameterError, match=r"gradients for 2 parameters; give what value_and"):
        optimiser.step(gradients)
    assert (p.grad, q.data, optimiser.steps) == (None, 2.0, 0)


def test_zero_grad_forgets() -> None:
    """zero_grad() sets .grad to None, which is not 0: not computed."""
    a, b = am.Value(2.0), am.Value(3.0)
    optimiser = optim.SGD([a, b], 0.1)
    (a * b).backward()
    optimiser.zero_grad()
    assert (a.grad, b.grad) == (None, None)


def test_a_numpy_setting_does_not_widen_float32() -> None:
    """Settings may be NumPy float64 scalars; float32 parameters and state stay float32."""
    p = am.Tensor([1.0, 2.0], dtype=np.float32)
    optimiser = optim.SGD([p], np.float64(0.1), momentum=np.float64(0.5))
    (p * p).sum().backward()
    optimiser.step()
    assert p.dtype == optimiser.state_dict()["momentum.0"].dtype == np.float32


# Schedules


def test_constant() -> None:
    """The rate is the same at every step."""
    assert [optim.constant(0.3)(t) for t in (0, 1, 1000)] == [0.3] * 3


def test_step_decay() -> None:
    """The rate halves after every three steps."""
    schedule = optim.step_decay(0.8, every=3, factor=0.5)
    assert [schedule(t) for t in range(8)] == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]


def test_cosine() -> None:
    """The rate passes through the ends, the middle and the thirds of a cosine, and then stays."""
    schedule = optim.cosine(0.9, steps=6, final=0.1)
    rates = [schedule(t) for t in (0, 2, 3, 4, 6, 7, 100)]
    assert rates == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1, 0.1, 0.1], abs=1e-15)
    assert optim.cosine(0.9, steps=6)(6) == 0


def test_warm_up() -> None:
    """The rate rises in equal steps to the first rate of the schedule, which then begins."""
    schedule = optim.warm_up(optim.step_decay(0.8, every=2, factor=0.5), steps=3)
    assert [schedule(t) for t in range(8)] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.4, 0.2], abs=1e-15
    )
    assert [optim.warm_up(0.8, steps=1)(t) for t in range(3)] == [0.4, 0.8, 0.8]


def torch_schedulers(torch: Any, optimiser: Any) -> dict[str, Callable[[], Any]]:
    """Return the counterparts of `SCHEDULES` in PyTorch."""
    s = torch.optim.lr_scheduler

    def warm_up() -> Any:
        rise = s.LinearLR(optimiser, start_factor=1 / 6, total_iters=5)
        fall = s.CosineAnnealingLR(optimiser, T_max=STEPS - 5, eta_min=0.001)
        return s.SequentialLR(optimiser, [rise, fall], milestones=[5])

    return {
        "constant": lambda: s.ConstantLR(optimiser, factor=1.0),
        "step_decay": lambda: s.StepLR(optimiser, step_size=7, gamma=0.3),
        "cosine": lambda: s.CosineAnnealingLR(optimiser, T_max=STEPS, eta_min=0.001),
        "warm_up": warm_up,
    }


SCHEDULES = {
    "constant": optim.constant(0.05),
    "step_decay": optim.step_decay(0.05, every=7, factor=0.3),
    "cosine": optim.cosine(0.05, steps=STEPS, final=0.001),
    "warm_up": optim.warm_up(optim.cosine(0.05, steps=STEPS - 5, final=0.001), steps=5),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.filterwarnings("ignore:.*epoch parameter in `scheduler:UserWarning")  # SequentialLR's
def test_a_schedule_is_that_of_torch(name: str, torch: Any) -> None:
    """Training with each schedule follows training with its counterpart in PyTorch."""
    ours, theirs = leaves(am.Tensor), torch_leaves(torch)
    reference = torch.optim.Adam(theirs, 0.05)
    scheduler = torch_schedulers(torch, reference)[name]()
    expected = torch_path(torch, theirs, reference, scheduler)
    optimiser = optim.Adam(ours, SCHEDULES[name])
    np.testing.assert_allclose(path(ours, optimiser), expected, rtol=0, atol=1e-12)


def test_lr_is_that_of_the_next_step() -> None:
    """`.lr` is the rate that the next step will use, from step 0, whatever function gives it."""
    p = am.Value(10.0)
    optimiser = optim.SGD([p], lambda t: [0.5, 0.25, 0.0][t])
    moved = []
    for rate in (0.5, 0.25, 0.0):
        assert optimiser.lr == rate
        before, p.grad = p.data, 1.0
        optimiser.step()
        moved.append(before - p.data)
    assert moved == [0.5, 0.25, 0.0]


# Saving and restoring


@every_method
@both_kinds
def test_a_restored_run_goes_on_as_if_unbroken(method: Method, kind: Any) -> None:
    """Saved to a file in mid-run and restored, a run gives the same bits as an unbroken one."""
    schedule = optim.warm_up(optim.cosine(0.05, steps=12), steps=5)
    unbroken = leaves(kind)
    expected = path(unbroken, method.ours(unbroken, schedule), steps=20)

    first = leaves(kind)
    saved = method.ours(first, schedule)
    path(first, saved, steps=8)
    file = io.BytesIO()
    np.savez(file, **saved.state_dict())
    file.seek(0)
    second = [kind(am.data(theta)) for theta in first]
    restored = method.ours(second, schedule)
    with np.load(file) as state:
        restored.load_state_dict(state)
    np.testing.assert_array_equal(path(second, restored, steps=12), expected[8:])


@both_kinds
def test_a_saved_state_is_a_copy(kind: Any) -> None:
    """Neither later steps nor the caller's changes reach through a saved or a loaded state."""
    parameters = leaves(kind)
    optimiser = optim.Adam(parameters)
    path(parameters, optimiser, steps=2)
    state = optimiser.state_dict()
    copy = {name: array.copy() for name, array in state.items()}
    path(parameters, optimiser, steps=2)
    assert all(np.array_equal(state[name], copy[name]) for name in copy)
    optimiser.load_state_dict(state)
    path(parameters, optimiser, steps=2)
    assert all(np.array_equal(state[name], copy[name]) for name in copy)
    optimiser.load_state_dict(state)
    for array in state.values():
        array[...] = 7
    now = optimiser.state_dict()
    assert all(np.array_equal(now[name], copy[name]) for name in copy)


def test_state_names() -> None:
    """A state is flat: the steps, then each quantity of each tensor and of all Values together."""
    optimiser = optim.SGD([am.Value(1.0), am.Tensor([1.0, 2.0]), am.Value(2.0)], 0.1, momentum=0.5)
    state = optimiser.state_dict()
    assert {name: array.shape for name, array in state.items()} == {
        "step": (),
        "updates.0": (),
        "momentum.0": (2,),
        "updates.1": (2,),
        "momentum.1": (2,),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"momentum.0": None}, r"missing \['momentum.0'\]"),
        ({"velocity.0": np.zeros(2)}, r"unknown \['velocity.0'\]"),
        ({"momentum.0": np.zeros(3)}, r"'momentum.0' has shape \(3,\).*expected \(2,\)"),
        ({"momentum.0": np.zeros(2, dtype=np.float32)}, "dtype float32, expected .* float64"),
    ],
    ids=["missing", "unknown", "shape", "dtype"],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    """A state of other names, shapes or dtypes is refused, and the optimiser is as before."""
    p = am.Tensor([1.0, 2.0])
    optimiser = optim.SGD([p], 0.1, momentum=0.9)
    (p * p).sum().backward()
    optimiser.step()
    before = optimiser.state_dict()
    other = {name: array + 1 for name, array in before.items()} | change
    with pytest.raises(StateError, match=message):
        optimiser.load_state_dict({name: a for name, a in other.items() if a is not None})
    after = optimiser.state_dict()
    assert all(np.array_equal(after[name], before[name]) for name in before)


# Bad arguments

P = am.Value(1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optim.SGD([P], 0.0), "lr must be positive and finite, got 0.0"),
        (lambda: optim.SGD([P], -0.1), "lr must be positive"),
        (lambda: optim.SGD([P], math.nan), "lr must be positive"),
        (lambda: optim.SGD([P], math.inf), "lr must be positive"),
        (lambda: optim.SGD([P], 0.1, momentum=1.0), r"momentum must be in \[0, 1\), got 1.0"),
        (lambda: optim.SGD([P], 0.1, momentum=-0.1), "momentum must be in"),
        (lambda: optim.SGD([P], 0.1, nesterov=True), "momentum must be positive for nesterov"),
        (lambda: optim.SGD([P], 0.1, weight_decay=-1.0), "SGD: weight_decay must be 0 or more"),
        (lambda: optim.AdamW([P], weight_decay=math.nan), "AdamW: weight_decay must be 0 or more"),
        (lambda: optim.Adam([P], betas=(1.0, 0.9)), r"Adam: betas must be both in \[0, 1\)"),
        (lambda: optim.AdamW([P], betas=(0.9, -0.1)), "AdamW: betas must be"),
        (lambda: optim.Adam([P], eps=0.0), "Adam: eps must be positive"),
        (lambda: optim.RMSprop([P], eps=math.nan), "RMSprop: eps must be positive"),
        (lambda: optim.RMSprop([P], decay=1.0), "RMSprop: decay must be in"),
        (lambda: optim.constant(0), "constant: lr must be positive"),
        (lambda: optim.step_decay(0.1, 0, 0.5), "every must be a whole number, at least 1, got 0"),
        (lambda: optim.step_decay(0.1, 5, 1.5), r"factor must be in \(0, 1\]"),
        (lambda: optim.cosine(0.1, 2.5), "steps must be a whole number"),
        (lambda: optim.cosine(0.1, 5, final=-0.1), "final must be 0 or more"),
        (lambda: optim.warm_up(0.1, 0), "warm_up: steps must be a whole number"),
        (lambda: optim.warm_up(-0.1, 5), "lr must be positive"),
    ],
)
def test_a_bad_setting_is_refused(make: Callable[[], Any], message: str) -> None:
    """A setting outside its range raises, and the message says which and what was expected."""
    with pytest.raises(SettingError, match=message):
        make()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([], "at least one parameter"),
        (P, r"give \[x\] instead of x"),
        (am.Tensor([1.0]), r"give \[x\] instead of x"),
        ([P, 1.0], "parameter 1 must be a Value or a Tensor, got float 1.0"),
        ([np.ones(2)], "parameter 0 must be a Value or a Tensor, got float64"),
        ({"W": P}, "parameter 0 must be a Value or a Tensor, got str 'W'"),
        ([P, P * 2], "parameter 1 must be a leaf, got the result of multiply"),
        ([P, am.Value(1.0), P], "parameter 2 is listed twice"),
    ],
    ids=["none", "Value", "Tensor", "number", "array", "dict", "result", "twice"],
)
def test_what_is_no_list_of_leaves_is_refused(params: Any, message: str) -> None:
    """Parameters are leaf nodes, at least one, each once; a message says which one is not."""
    with pytest.raises(ParameterError, match=message):
        optim.SGD(params, 0.1)


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_a_schedule_that_goes_wrong_is_refused(rate: float) -> None:
    """A schedule that gives no possible rate raises at that step, which changes nothing."""
    p = am.Value(1.0)
    optimiser = optim.SGD([p], lambda t: [0.5, rate][t])
    p.grad = 1.0
    optimiser.step()
    with pytest.raises(SettingError, match="the learning rate of step 1 must be 0 or more"):
        optimiser.step()
    assert (p.data, optimiser.steps) == (0.5, 1)


def test_a_gradient_of_another_shape_is_refused() -> None:
    """A gradient that would be broadcast raises, and no parameter has moved."""
    p, q = am.Tensor([1.0, 2.0]), am.Tensor([[1.0], [2.0]], name="W")
    optimiser = optim.SGD([p, q], 0.1)
    p.grad, q.grad = np.ones(2), np.ones(2)
    with pytest.raises(ShapeError, match=r"grad has shape \(2,\) and its parameter 'W' \(2, 1\)"):
        optimiser.step()
    np.testing.assert_array_equal(p.data, [1.0, 2.0])
