"""`check_primitive`: the table passes, planted errors are found, messages name what is wrong."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.errors import DataError, DerivativeError, GradientError, RegistrationError
from autograd_mini.gradcheck import check_primitive
from autograd_mini.primitive import REGISTRY, Elementwise
from tests.gradcheck.rules import tanh_with_slope

# Operands of those for which what is drawn will not do.
GIVEN: dict[str, tuple[Any, ...]] = {
    "where": ([True, False, True], [1.0, 2.0, 3.0], [[-1.0], [4.0]]),
}

# The order of polygamma is an operand that is no quantity: a whole number without a derivative.
CHECKED = [
    name
    for name, primitive in REGISTRY.items()
    if isinstance(primitive, Elementwise) and name != "polygamma"
]

M = np.random.default_rng(0).normal(size=(3, 4))

# Array primitives: operands, then settings.
ARRAYS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("sum", (M,), {"axis": 0, "keepdims": False}),
    ("sum", (M,), {"axis": None, "keepdims": True}),
    ("mean", (M,), {"axis": (0, 1), "keepdims": False}),
    ("max", (M,), {"axis": 1, "keepdims": False}),
    ("min", (M,), {"axis": None, "keepdims": False}),
    ("logsumexp", (M,), {"axis": 1, "keepdims": True}),
    ("log_softmax", (M,), {"axis": -1}),
    ("matmul", (M, M.T), {}),
    ("matmul", (), {}),
    ("vdot", (M, M + 1.0), {}),
    ("linear", (M, M[:2], M[0, :2]), {}),
    ("reshape", (M,), {"shape": (4, 3)}),
    ("transpose", (M,), {"axes": None}),
    ("expand_dims", (M,), {"axis": 1}),
    ("broadcast_to", (M,), {"shape": (2, 3, 4)}),
    ("getitem", (M,), {"index": np.array([0, 2, 2])}),
    ("concatenate", (M, M[:1], 2.0 * M), {"axis": 0}),
]


@pytest.mark.parametrize("name", CHECKED)
def test_elementwise(name: str):
    """Every elementwise primitive of the table passes, in all shapes."""
    report = check_primitive(name, *GIVEN.get(name, ()))
    assert report.name == name
    assert report.worst < 1e-6
    if name not in GIVEN:
        assert len(report.rows) == {1: 3, 2: 5, 3: 3}[REGISTRY[name].arity]


@pytest.mark.parametrize(
    ("name", "operand"),
    [
        (name, i)
        for name in CHECKED
        for i, partial in enumerate(REGISTRY[name].partials)
        if partial != 0.0
    ],
)
def test_every_partial_wrong_by_a_tenth_of_a_percent(
    name: str, operand: int, monkeypatch: pytest.MonkeyPatch
):
    """Whichever partial of the table is off by 0.1 % is found, at its operand."""
    partials = [*REGISTRY[name].partials]
    right = partials[operand]
    partials[operand] = (
        1.001 * right if isinstance(right, float) else lambda *args: 1.001 * right(*args)
    )
    monkeypatch.setattr(REGISTRY[name], "partials", partials)
    with pytest.raises(GradientError, match=rf"^{name}: the VJP for operand {operand}"):
        check_primitive(name, *GIVEN.get(name, ()))


@pytest.mark.parametrize(("name", "operands", "params"), ARRAYS)
def test_arrays(name: str, operands: Any, params: dict[str, Any]):
    """Array primitives pass with the settings that they need."""
    assert check_primitive(name, *operands, **params).worst < 1e-6


def test_text():
    """The report has a row for each set of operands and a column for each check."""
    lines = str(check_primitive(am.exp, [0.5, 1.0])).split("\n")
    assert lines[0] == "exp: right"
    assert lines[2].split("  ")[0] == "operands"
    for column in (
        "VJP",
        "JVP",
        "VJP-JVP",
        "rev over rev",
        "fwd over rev",
        "Value",
        "complex step",
    ):
        assert column in lines[2]
    assert lines[4].startswith("given [2]")


def test_domain():
    """Operands come from the first domain where the result is finite."""
    assert check_primitive("exp").rows[0][0] == "real []"
    assert check_primitive("log").rows[1][0] == "positive [4]"


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize(
    ("forward", "partial", "domain"),
    [
        (np.arctanh, lambda z, x: 1.0 / (1.0 - x * x), ("real", "(0, 1)")),
        (np.arccosh, lambda z, x: 1.0 / ((x - 1.0) * (x + 1.0)).sqrt(), ("above 1",)),
    ],
)
def test_narrow_domains(forward: Any, partial: Any, domain: tuple[str, ...]):
    """(0, 1) and above 1 are tried, too."""
    primitive = am.register_primitive(
        "narrow", forward, partials=[lambda z, x: partial(z, am.multiply(x, 1.0))]
    )
    if forward is np.arccosh:
        primitive.partials[0] = lambda z, x: am.power((x - 1.0) * (x + 1.0), -0.5)
    for operands, _ in check_primitive("narrow").rows:
        assert operands.rsplit(" [", 1)[0] in domain


# Planted errors


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_wrong_partial(factor: float):
    """A partial that is wrong by 0.1 % is found; the message has operand and both numbers."""
    tanh_with_slope(factor)
    with pytest.raises(GradientError, match=r"^tanh_off: the VJP for operand 0: expected") as e:
        check_primitive("tanh_off", 0.4)
    message = str(e.value)
    found = re.search(r"expected (\S+), got (\S+) \(relative error (\S+)\)", message)
    expected, got, error = map(float, found.groups())
    assert got == pytest.approx(factor * expected, rel=1e-6)
    assert error == pytest.approx(abs(factor - 1.0), rel=1e-2)
    assert "where the operand is 0.4" in message
    with pytest.raises(GradientError, match="tanh_off"):
        check_primitive("tanh_off")


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("operand", [0, 1])
def test_wrong_operand(operand: int):
    """Of two operands the one is named whose partial is wrong, with the place."""
    partials = [lambda z, x, y: y, lambda z, x, y: x]
    right = partials[operand]
    partials[operand] = lambda z, x, y: 1.001 * right(z, x, y)
    am.register_primitive("product", np.multiply, partials=partials)
    with pytest.raises(GradientError, match=rf"product: the VJP for operand {operand} at \[\d\]"):
        check_primitive("product", [1.0, 2.0], [3.0, 4.0])


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("wrong", ["vjp", "jvp"])
def test_wrong_array_rule(wrong: str):
    """Of an array primitive VJP and JVP are told apart."""
    off = {"vjp": 1.0, "jvp": 1.0, wrong: 1.001}
    am.register_primitive(
        "array_tanh",
        np.tanh,
        vjps=[lambda z_bar, z, x: off["vjp"] * z_bar * (1.0 - z * z)],
        jvps=[lambda x_dot, z, x: off["jvp"] * x_dot * (1.0 - z * z)],
    )
    with pytest.raises(GradientError, match=f"array_tanh: the {wrong.upper()} for operand 0"):
        check_primitive("array_tanh")


@pytest.mark.usefixtures("scratch_registry")
def test_not_linear():
    """A primitive that says it is linear and is not has a wrong JVP."""
    am.register_primitive(
        "sum_of_squares", lambda x: np.sum(x * x), vjps=[lambda z_bar, z, x: 2.0 * z_bar * x]
    )
    with pytest.raises(GradientError, match="sum_of_squares: the JVP for operand 0"):
        check_primitive("sum_of_squares")


@pytest.mark.usefixtures("scratch_registry")
def test_wrong_second_derivative():
    """A derivative that is right and cannot be differentiated again is found."""
    am.register_primitive("t", np.tanh, partials=[lambda z, x: 1.0 - np.square(am.data(z))])
    with pytest.raises(GradientError, match="t: the recorded VJP, swept in reverse, for operand 0"):
        check_primitive("t")


@pytest.mark.usefixtures("scratch_registry")
def test_wrong_scalar():
    """A form for floats that is not the one for arrays is found."""
    am.register_primitive(
        "t", np.tanh, partials=[lambda z, x: 1.0 - z * z], scalar=lambda x: 1.001 * math.tanh(x)
    )
    with pytest.raises(GradientError, match=r"t: a Value \(result, JVP, VJPs\) at 0.5.* at \[0\]"):
        check_primitive("t", 0.5)


@pytest.mark.usefixtures("scratch_registry")
@pytest.mark.parametrize("analytic", [np.sinh, lambda x: np.tanh(x).real])
def test_wrong_continuation(analytic: Any):
    """A continuation to complex numbers that is another function, or drops them, is found."""
    am.register_primitive("t", np.tanh, partials=[lambda z, x: 1.0 - z * z], analytic=analytic)
    with pytest.raises(GradientError, match=r"t: the (continuation|JVP against the complex step)"):
        check_primitive("t")


@pytest.mark.usefixtures("scratch_registry")
def test_rule_that_raises():
    """A rule that fails on arrays is named, and its own error kept."""
    am.register_primitive("total", np.sum, vjps=[lambda z_bar, z, x: z_bar.nonsense])
    with pytest.raises(GradientError, match=r"total: the VJP .* cannot be computed: Attrib") as e:
        check_primitive("total", [1.0, 2.0])
    assert isinstance(e.value.__cause__, AttributeError)


@pytest.mark.usefixtures("scratch_registry")
def test_not_a_number():
    """A rule that gives NaN is wrong."""
    am.register_primitive("t", np.tanh, partials=[lambda z, x: math.nan * z])
    with pytest.raises(GradientError, match="got nan"):
        check_primitive("t")


# Operands


def test_kinks_are_left_out():
    """At a kink, which `sides` tells of, nothing is compared; elsewhere everything is."""
    assert check_primitive("relu", [0.0, 1.0, -1.0])
    assert check_primitive("maximum", [1.0, 2.0], [1.0, 3.0])
    with pytest.raises(DataError, match="every component lies at a kink"):
        check_primitive("relu", 0.0)


@pytest.mark.usefixtures("scratch_registry")
def test_wrong_rule_beside_a_kink():
    """A wrong piece is found although another component is at the kink."""
    am.register_primitive(
        "r",
        lambda x: np.maximum(x, 0.0),
        partials=[lambda z, x: 1.001 * am.greater(x, 0.0)],
        sides=lambda x: np.greater(x, 0.0),
    )
    with pytest.raises(GradientError, match=r"r: the VJP for operand 0 at \[1\]"):
        check_primitive("r", [0.0, 1.0, -1.0])


def test_integers_are_floats_and_booleans_conditions():
    """Integers are differentiated like floats, booleans are held fixed."""
    assert check_primitive("power", 2, 3)
    with pytest.raises(DataError, match="no operand is made of floats"):
        check_primitive("greater", True, False)


def test_refusals():
    """Unknown names, sources without derivatives, and operands on which nothing can be computed."""
    with pytest.raises(RegistrationError, match="no_such"):
        check_primitive("no_such")
    with pytest.raises(DataError, match="expected a primitive or its name, got <function sum"):
        check_primitive(am.sum)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(DerivativeError, match="keep_mask is registered as having no derivative"):
        check_primitive("keep_mask")
    with pytest.raises(DataError, match=r"give your own, and params: check_primitive\('sum', x"):
        check_primitive("sum")
    with pytest.raises(DataError, match=r"matmul cannot be computed on operands of shapes"):
        check_primitive("matmul", M, M)
    with pytest.raises(DataError, match="not made of finite floats"):
        check_primitive("log", -1.0)
    with pytest.raises(DataError, match="real numbers"):
        check_primitive("exp", [1j])
