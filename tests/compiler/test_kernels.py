"""The compiled interpreters: made from the table, and the same numbers to the last bit."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_mini.compiler.interpreter import kernel_source
from autograd_mini.compiler.interpreter.transcription import UntranscribableError, transcribe
from autograd_mini.compiler.program import Input, Instruction, Program
from autograd_mini.primitive import REGISTRY, Elementwise, Primitive, register_primitive
from autograd_mini.recording import on_floats
from tests.compiler.interpreter import same_bits

COMPILED = kernel_source.transcriptions()[0]

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e308, -1e308, 1e-310, 5e-324, -5e-324]
SPECIAL += [710.0, -746.0, 1e16, 0.1, -40.0, 800.0, np.inf, -np.inf, np.nan]


def executor(program: Program) -> Any:
    """Return the executor of a program; skip where numba is missing."""
    pytest.importorskip("numba", reason="numba, the extra `fast`, is not installed")
    from autograd_mini.compiler.interpreter.executor import NumbaExecutor

    return NumbaExecutor(program)


def points(arity: int) -> np.ndarray:
    """Return special points in all combinations, and random ones of all sizes, (arity, m)."""
    rng = np.random.default_rng(5)
    special = np.array([*itertools.product(SPECIAL[:: 1 if arity < 3 else 3], repeat=arity)]).T
    ordinary = rng.normal(size=(arity, 400))
    scales = 10.0 ** rng.uniform(-12, 12, size=(arity, 200))
    return np.hstack([special, ordinary, scales * ordinary[:, :200]])


def test_the_kernels_in_the_repository_are_current():
    """They are what the generator makes; where they are not, run the module `kernel_source`."""
    path = Path(kernel_source.__file__).with_name("kernels.py")
    assert path.read_text(encoding="utf-8") == kernel_source.source()


def test_which_primitives_are_absent_and_why():
    """Those that SciPy computes; all others that work on elements are compiled."""
    absent = kernel_source.transcriptions()[2]
    assert absent == {
        "lgamma": "it reaches for scipy_function",
        "digamma": "it reaches for scipy_function",
        "polygamma": "it reaches for np.asarray",
    }
    elementwise = {p.name for p in REGISTRY.values() if isinstance(p, Elementwise)}
    assert {p.name for p in COMPILED} == elementwise - set(absent)


HYPOT_ULPS = 1
"""Python's own hypot is rounded correctly nearly always, that of the C library less often."""


@pytest.mark.parametrize("primitive", COMPILED, ids=lambda p: p.name)
def test_a_primitive_has_the_bits_of_the_engine(primitive: Primitive):
    """On floats and on lanes, at ordinary and at special points; hypot to one ulp."""
    arity = primitive.arity
    assert arity is not None
    x = points(arity)
    with np.errstate(all="ignore"):
        expected = [on_floats(primitive, numbers) for numbers in x.T.tolist()]
    call = Instruction(primitive, tuple(range(arity)))
    on_lanes = executor(Program([*[Input("x", lane=True)] * arity, call], (arity,)))
    on_scalars = executor(Program([*[Input("x")] * arity, call], (arity,)))
    found = on_lanes(np.zeros(0), x)[1][0]
    assert same_bits(found, [on_scalars(numbers)[0][0] for numbers in np.ascontiguousarray(x.T)])
    if primitive.name == "hypot":
        np.testing.assert_array_max_ulp(found, np.array(expected), HYPOT_ULPS)
    else:
        rows = zip(x.T.tolist(), found, expected, strict=True)
        assert not [row for row in rows if not same_bits(*row[1:])][:5]


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "where"])
def test_operands_that_all_lanes_share(name: str):
    """An operation of lanes with shared numbers, in each place, has the bits of the engine."""
    primitive = REGISTRY[name]
    arity = primitive.arity
    assert arity is not None
    x = points(arity)[:, ::7]
    for kinds in itertools.product([True, False], repeat=arity):
        if not any(kinds):
            continue
        entries = [Input("x", lane=kind) for kind in kinds]
        run = executor(Program([*entries, Instruction(primitive, (*range(arity),))], (arity,)))
        lanes = x[list(kinds)]
        for common in x[:, :40:3].T:
            shared = common[[not kind for kind in kinds]]
            rows = [
                x[j] if kind else np.full(x.shape[1], common[j]) for j, kind in enumerate(kinds)
            ]
            with np.errstate(all="ignore"):
                expected = [on_floats(primitive, p) for p in np.array(rows).T.tolist()]
            assert same_bits(run(shared, lanes)[1][0], expected)


# The transcription of what a user may register. Kernels are made of the library's own table alone.


def _helper(x: float) -> float:
    """Return the square."""
    return x * x


LIMIT = 2.5


@pytest.mark.usefixtures("scratch_registry")
def test_transcription_explains_names():
    """Constants become numbers, primitives and helpers functions, builtins what they are."""
    primitive = register_primitive(
        "limited",
        lambda x: x,
        partials=[1.0],
        scalar=lambda x: min(_helper(x), LIMIT),
    )
    sources: dict[str, str] = {}
    transcribe(primitive, sources)
    assert sources == {
        "_helper": "def _helper(x: float) -> float:\n    return x * x\n",
        "_limited": "def _limited(x: float) -> float:\n    return min(_helper(x), 2.5)\n",
    }


def _with_numpy(x: float) -> float:
    return float(np.sum(x))


def _with_text(x: float) -> float:
    return len(str(x))


def _same_line() -> tuple[Any, Any]:
    return (lambda x: x + 1.0), (lambda x: x + 2.0)


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize(
    ("scalar", "reason"),
    [
        (_with_numpy, "reaches for np.sum"),
        (_with_text, "reaches for len"),
        (_same_line()[0], "a line of its own"),
    ],
)
def test_what_is_not_transcribed(scalar: Any, reason: str):
    """The reason is given, and nothing is added."""
    primitive = register_primitive("odd", lambda x: x, partials=[1.0], scalar=scalar)
    sources: dict[str, str] = {}
    with pytest.raises(UntranscribableError, match=reason):
        transcribe(primitive, sources)
    assert not sources
