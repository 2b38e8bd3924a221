"""The rows: for each primitive how it is called, what NumPy makes of it, and on which inputs.

`tests/checks.py` knows what every row must satisfy. Adding a primitive to the library means adding
its row here; a test fails until that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini.ops.shaping import frozen_index, getitem
from autograd_mini.primitive import REGISTRY, apply

Shape = tuple[int, ...]
Sampler = Callable[[np.random.Generator, Shape], np.ndarray]


@dataclass(frozen=True)
class Case:
    """One way to call a primitive: on operands of these shapes, with settings closed over.

    Attributes:
        label: what the test is called.
        function: the call on nodes or arrays.
        reference: the same function, written independently with NumPy.
        shapes: of the operands.
        samplers: draw the operands, away from kinks, ties and singular points.
        fixed: positions of operands that are choices (a condition) and so not differentiated.
        keeps_dtype: float32 operands give a float32 result.
    """

    label: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    shapes: tuple[Shape, ...]
    samplers: tuple[Sampler, ...]
    fixed: tuple[int, ...] = ()
    keeps_dtype: bool = True

    def draw(self) -> list[np.ndarray]:
        """Return operands, the same ones at every call."""
        rng = np.random.default_rng(20240607)
        pairs = zip(self.samplers, self.shapes, strict=True)
        return [np.asarray(sample(rng, shape)) for sample, shape in pairs]

    def __str__(self) -> str:
        return self.label


# Samplers


def real(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of either sign."""
    return rng.normal(size=shape)


def positive(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers well above 0."""
    return rng.uniform(0.3, 3.0, shape)


def nonzero(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of either sign, well away from 0."""
    return positive(rng, shape) * rng.choice([-1.0, 1.0], shape)


def distinct(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw numbers of which no two are close."""
    return 0.4 * (rng.permutation(int(np.prod(shape))).reshape(shape) - 2.3)


def condition(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw 0s and 1s."""
    return rng.integers(0, 2, shape).astype(float)


# Elementwise primitives: one case a combination of shapes

OPERAND_SHAPES: dict[int, tuple[tuple[Shape, ...], ...]] = {
    1: (((),), ((3,),), ((2, 3),), ((1, 3),), ((2, 1, 2),), ((0,),), ((2, 0, 3),)),
    2: (
        ((), ()),
        ((3,), (3,)),
        ((2, 3), ()),
        ((), (2, 3)),
        ((2, 3), (3,)),
        ((3,), (2, 3)),
        ((2, 1), (1, 3)),
        ((2, 1, 3), (4, 1)),
        ((1,), (0,)),
        ((2, 0), (2, 1)),
    ),
    3: (
        ((), (), ()),
        ((2, 3), (2, 3), (2, 3)),
        ((2, 1), (3,), ()),
        ((3,), (), (2, 1)),
        ((), (2, 1, 3), (4, 1)),
        ((0,), (1,), ()),
    ),
}


def elementwise(
    name: str,
    reference: Callable[..., Any],
    *samplers: Sampler,
    fixed: tuple[int, ...] = (),
) -> list[Case]:
    """Return the cases of an elementwise primitive, over all ways to broadcast its operands."""
    return [
        Case(f"{name}-{shapes}", REGISTRY[name], reference, shapes, samplers, fixed)
        for shapes in OPERAND_SHAPES[len(samplers)]
    ]


# Array primitives


def reductions(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    sampler: Sampler,
    further: Iterable[tuple[Shape, Any]] = (),
) -> list[Case]:
    """Return the cases of a reduction, over axes, with and without keepdims."""
    over = [
        ((), None),
        ((4,), None),
        ((4,), 0),
        ((2, 3), None),
        ((2, 3), 0),
        ((2, 3), -1),
        ((2, 3, 2), (0, 2)),
        ((2, 3, 2), (-1, 0, 1)),
        ((2, 3), ()),
        ((1, 3), 0),
        ((1, 3), 1),
        ((0, 3), 1),
        *further,
    ]
    cases = []
    for (shape, axis), keepdims in product(over, (False, True)):
        settings = {"axis": axis, "keepdims": keepdims}
        cases.append(
            Case(
                f"{function.__name__}-{shape}-{axis}-{'kept' if keepdims else 'dropped'}",
                lambda x, s=settings: function(x, **s),
                lambda x, s=settings: reference(x, **s),
                (shape,),
                (sampler,),
            )
        )
    return cases


def unary(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    calls: Iterable[tuple[Shape, Any]],
    *,
    keeps_dtype: bool = True,
) -> list[Case]:
    """Return the cases of an operation on one array with one setting."""
    return [
        Case(
            f"{function.__name__}-{shape}-{setting}",
            lambda x, s=setting: function(x, s),
            lambda x, s=setting: reference(x, s),
            (shape,),
            (real,),
            keeps_dtype=keeps_dtype,
        )
        for shape, setting in calls
    ]


MATMUL_SHAPES = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((1, 2, 3), (5, 3, 1)),
    ((1, 1), (1, 1)),
    ((2, 0), (0, 3)),
    ((0, 3), (3, 2)),
    ((0, 2, 3), (3, 2)),
)

LINEAR_SHAPES = (
    ((5, 3), (2, 3), (2,)),
    ((3,), (2, 3), (2,)),
    ((4, 5, 3), (2, 3), (2,)),
    ((1, 1), (1, 1), (1,)),
    ((0, 3), (2, 3), (2,)),
    ((5, 3), (2, 3), ()),
)

INDICES = (
    ((4, 3), 1),
    ((4, 3), -1),
    ((4, 3), (2, 0)),
    ((4, 3), slice(None, None, -2)),
    ((4, 3), (slice(1, 3), 2)),
    ((4, 3), (..., 1)),
    ((4, 3), (None, slice(None), None, 0)),
    ((4, 3), [1, 1, 0, -1]),
    ((4, 3), ([1, 1, 3], [0, 0, 2])),
    ((4, 3), (slice(None), [2, 2, 0])),
    ((4, 3), ([[0], [2]], [1, 1])),
    ((4, 3), np.arange(12).reshape(4, 3) % 5 > 1),
    ((4, 3), (slice(None), np.array([True, False, True]))),
    ((2, 4, 3), ([0, 1, 1], slice(1, None), [2, 2, 2])),
    ((2, 4, 3), (0, ..., None, [1, 1])),
    ((4, 3), []),
    ((4, 3), np.zeros(4, dtype=bool)),
    ((4, 3), slice(2, 2)),
    ((), ()),
    ((), (None, ...)),
    ((3,), True),
)


def scattered(x: np.ndarray, index: Any, shape: Shape) -> np.ndarray:
    """Return zeros with the elements of `x` added at `index`, one element after another."""
    positions = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    whole = np.zeros(np.prod(shape, dtype=int), dtype=x.dtype)
    for position, number in zip(np.ravel(positions), np.ravel(x), strict=True):
        whole[position] += number
    return whole.reshape(shape)


def scatter_add(x: Any, index: Any, shape: Shape) -> Any:
    """Call the transpose of indexing, which only the sweeps do otherwise."""
    return apply(REGISTRY["scatter_add"], x, params={"index": frozen_index(index), "shape": shape})


def scatter_cases() -> list[Case]:
    """Return the cases of the transpose of indexing."""
    return [
        Case(
            f"scatter_add-{shape}-{index}",
            lambda x, index=index, shape=shape: scatter_add(x, index, shape),
            lambda x, index=index, shape=shape: scattered(x, index, shape),
            (np.zeros(shape)[index].shape,),
            (real,),
        )
        for shape, index in INDICES
    ]


JOINED = (
    (((2, 3), (2, 3)), 0),
    (((2, 3), (1, 3), (4, 3)), 0),
    (((2, 3), (2, 1)), 1),
    (((2, 3), (2, 1)), -1),
    (((2,),), 0),
    (((0, 3), (2, 3)), 0),
    (((2, 1, 2), (2, 2, 2)), -2),
)


def join_cases() -> list[Case]:
    """Return the cases of concatenation, which takes any number of operands."""
    return [
        Case(
            f"concatenate-{shapes}-{axis}",
            lambda *arrays, axis=axis: am.concatenate(arrays, axis),
            lambda *arrays, axis=axis: np.concatenate(arrays, axis),
            shapes,
            (real,) * len(shapes),
        )
        for shapes, axis in JOINED
    ]


def softmax_shifted(x: np.ndarray, axis: int) -> np.ndarray:
    """Return log(exp(x) / sum(exp(x)))."""
    return np.log(np.exp(x) / np.sum(np.exp(x), axis, keepdims=True))


ROWS: dict[str, list[Case]] = {
    # comparisons as numbers
    "greater": elementwise("greater", lambda x, y: (x > y) * x.dtype.type(1), real, real),
    "greater_equal": elementwise(
        "greater_equal", lambda x, y: (x >= y) * x.dtype.type(1), real, real
    ),
    "not_equal": elementwise("not_equal", lambda x, y: (x != y) * x.dtype.type(1), real, real),
    "sign": elementwise("sign", lambda x: x / np.abs(x), nonzero),
    # arithmetic
    "add": elementwise("add", np.add, real, real),
    "subtract": elementwise("subtract", np.subtract, real, real),
    "multiply": elementwise("multiply", np.multiply, real, real),
    "divide": elementwise("divide", np.divide, real, nonzero),
    "power": elementwise("power", lambda x, y: np.exp(y * np.log(x)), positive, real),
    "neg": elementwise("neg", lambda x: 0 - x, real),
    "abs": elementwise("abs", lambda x: np.where(x < 0, -x, x), nonzero),
    "square": elementwise("square", lambda x: x * x, real),
    "sqrt": elementwise("sqrt", lambda x: x**0.5, positive),
    "reciprocal": elementwise("reciprocal", lambda x: 1 / x, nonzero),
    # exponentials and their kin
    "exp": elementwise("exp", np.exp, real),
    "log": elementwise("log", np.log, positive),
    "log1p": elementwise("log1p", lambda x: np.log(1 + x), positive),
    "sin": elementwise("sin", np.sin, real),
    "cos": elementwise("cos", np.cos, real),
    "tanh": elementwise("tanh", lambda x: np.sinh(x) / np.cosh(x), real),
    "sigmoid": elementwise("sigmoid", lambda x: 1 / (1 + np.exp(-x)), real),
    "softplus": elementwise("softplus", lambda x: np.log(1 + np.exp(x)), real),
    "xlogy": elementwise("xlogy", lambda x, y: x * np.log(y), real, positive),
    "xlog1py": elementwise("xlog1py", lambda x, y: x * np.log(1 + y), real, positive),
    # piecewise
    "relu": elementwise("relu", lambda x: np.where(x > 0, x, 0), nonzero),
    "leaky_relu": elementwise(
        "leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), nonzero, positive
    ),
    "maximum": elementwise("maximum", np.maximum, real, real),
    "minimum": elementwise("minimum", np.minimum, real, real),
    "where": elementwise(
        "where", lambda c, x, y: np.where(c == 0, y, x), condition, real, real, fixed=(0,)
    ),
    # reductions
    "sum": reductions(am.sum, np.sum, real, [((0, 3), 0), ((0, 3), None)]),
    "mean": reductions(am.mean, np.mean, real),
    "max": reductions(am.max, np.max, distinct),
    "min": reductions(am.min, np.min, distinct),
    "logsumexp": reductions(
        am.logsumexp,
        lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis, keepdims=keepdims)),
        real,
    ),
    "log_softmax": unary(
        am.log_softmax,
        softmax_shifted,
        [((4,), -1), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), -2), ((1, 3), 0), ((0, 3), 1)],
    ),
    # linear algebra
    "vdot": [
        Case(f"vdot-{shape}", am.vdot, lambda x, y: (x * y).sum(), (shape, shape), (real, real))
        for shape in ((3,), (2, 3), (), (0,), (1, 4))
    ],
    "matmul": [
        Case(f"matmul-{shapes}", am.matmul, np.matmul, shapes, (real, real))
        for shapes in MATMUL_SHAPES
    ],
    "linear": [
        Case(f"linear-{shapes}", am.linear, lambda x, w, b: x @ w.T + b, shapes, (real,) * 3)
        for shapes in LINEAR_SHAPES
    ],
    # moving, repeating, picking
    "reshape": unary(
        am.reshape,
        np.reshape,
        [((2, 3), (3, 2)), ((2, 3), -1), ((4,), (2, -1)), ((), (1, 1)), ((1,), ()), ((0, 3), (0,))],
    ),
    "transpose": unary(
        am.transpose,
        np.transpose,
        [((2, 3), None), ((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (-1, 0, 1)), ((3,), None), ((), None)],
    ),
    "expand_dims": unary(
        am.expand_dims, np.expand_dims, [((2, 3), 0), ((2, 3), -1), ((2, 3), (0, 2)), ((), 0)]
    ),
    "broadcast_to": unary(
        am.broadcast_to,
        np.broadcast_to,
        [((3,), (2, 3)), ((2, 1), (4, 2, 3)), ((), (2, 2)), ((2, 3), (2, 3)), ((1,), (0,))],
    ),
    "astype": unary(
        am.astype,
        lambda x, dtype: x.astype(dtype),
        [((2, 3), np.float64), ((2, 3), np.longdouble), ((), np.longdouble)],
        keeps_dtype=False,
    ),
    "getitem": unary(getitem, lambda x, index: x[index], INDICES),
    "scatter_add": scatter_cases(),
    "concatenate": join_cases(),
}
"""Every differentiable primitive, by its name."""

RANDOM_SOURCES = {"keep_mask"}
"""Primitives without operands: there is nothing to differentiate, `nn` tests their numbers."""

CASES = [case for cases in ROWS.values() for case in cases]
