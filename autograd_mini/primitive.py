"""A primitive: an operation declared once with its local derivatives.

Everything else follows from a declaration: both sweeps, higher orders, NumPy dispatch, pictures.
Rules are written with recordable operations, so they work alike on floats, arrays and nodes, and
they never branch on data, so that one recording holds for every input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from autograd_mini.errors import DataError, DerivativeError, RegistrationError
from autograd_mini.recording import apply

Rule = Callable[..., Any]

REGISTRY: dict[str, Primitive] = {}
"""Every primitive by its name."""

BY_UFUNC: dict[Any, Primitive] = {}
"""The primitives that a NumPy ufunc computes, by that ufunc: what `np.exp(node)` records."""


class Primitive:
    """An operation with declared local derivatives; calling it computes and records.

    Attributes:
        name: unique in the registry.
        array: the forward function on arrays (and on floats where `scalar` is None).
        scalar: the forward function on Python floats; None where the operation needs arrays.
        arity: the number of operands; None where any number goes.
        symbol: how the operation is written between or before its operands.
        latex: the formula of each partial, in terms of the operands {x}, {y}, {w} and the result
            {z}; "name = formula" where the partial has a name of its own. Of an array primitive,
            the formula of each VJP, in terms of {dz} too; {x.T} is a transpose, {n} the number of
            elements that go into one of the result.
        formula: that of the operation itself, in the same terms; None where it is written as its
            name and the operands.
        sides: for a piecewise operation, a function of the operands' data that tells which piece
            each element lies on; None for a smooth one.
        convention: what holds at its singular points, kinks and ties, in words.
        analytic: the forward function continued to complex numbers, where `array` is not that
            itself (True says that it is); None where there is none.
        reads_data: whether a rule needs the numbers of the result or the operands.
    """

    partials: Sequence[Any] = ()  # only elementwise primitives have them

    def __init__(
        self,
        name: str,
        array: Callable[..., Any],
        scalar: Callable[..., float] | None = None,
        *,
        arity: int | None,
        symbol: str | None = None,
        latex: Sequence[str] = (),
        formula: str | None = None,
        sides: Rule | None = None,
        convention: str = "",
        analytic: Rule | bool | None = None,
    ) -> None:
        if name in REGISTRY:
            raise RegistrationError(f"a primitive named {name!r} is registered already")
        self.name = name
        self.array = array
        self.scalar = scalar
        self.arity = arity
        self.symbol = symbol or name
        self.latex = tuple(latex)
        self.formula = formula
        self.sides = sides
        self.convention = convention
        self.analytic = array if analytic is True else analytic or None
        self.reads_data = True
        REGISTRY[name] = self
        if isinstance(array, np.ufunc):
            BY_UFUNC[array] = self

    def __call__(self, *operands: Any) -> Any:
        """Compute on numbers, arrays or nodes, and record where there is a node."""
        if self.arity is not None and len(operands) != self.arity:
            raise DataError(f"{self.name} takes {self.arity} operands, got {len(operands)}")
        return apply(self, *operands)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Primitive], tuple[str]]:
        return lookup, (self.name,)  # copies and pickles refer to the table

    def pullback(
        self, i: int, z_bar: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return the cotangent that `z_bar` sends to operand `i` (before unbroadcasting)."""
        raise DerivativeError(
            f"{self.name} is registered as having no derivative; if no gradient should flow "
            f"through it, detach its result: {self.name}(...).detach()"
        )

    def pushforward(
        self, i: int, x_dot: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return the tangent of the result that the tangent `x_dot` of operand `i` causes."""
        return self.pullback(i, x_dot, z, operands, params)


def register_primitive(
    name: str,
    forward: Rule,
    *,
    partials: Rule | Sequence[Rule | float] | None = None,
    vjps: Rule | Sequence[Rule] | None = None,
    jvps: Rule | Sequence[Rule] | Literal["linear"] | None = None,
    scalar: Rule | None = None,
    **texts: Any,
) -> Primitive:
    """Add a primitive of your own to the table and return it, to be called like the others.

    It is elementwise if it has `partials`: one function `(z, x, y ...)` an operand, or a number
    where the partial is constant. Otherwise it works on whole arrays and has one VJP
    `(z_bar, z, x, y ..., **params)` and one JVP `(x_dot, z, x, y ..., **params)` an operand. Write
    rules with operators and functions of this library, so that they can be differentiated again.
    `gradcheck.check_primitive(name)` checks them.

    Args:
        name: unique in the table.
        forward: the operation on arrays and, if elementwise, on floats.
        partials: of an elementwise primitive.
        vjps: of an array primitive.
        jvps: of an array primitive; "linear" says that it is linear in each operand. None is for
            one that is differentiated in reverse alone: a forward sweep through it raises.
        scalar: the operation on floats, where `forward` takes arrays alone or is slow.
        texts: `symbol`, `latex`, `formula`, `convention` ... as in `Primitive`.

    Raises:
        RegistrationError: the name is taken, or the rules contradict each other.
    """
    if (partials is None) == (vjps is None):
        raise RegistrationError(f"{name}: give either partials, or vjps with jvps")
    if callable(partials):
        partials = [partials]  # of the only operand
    if partials is not None:
        floats = scalar or (lambda *operands: float(forward(*operands)))
        return Elementwise(name, floats, forward, *partials, **texts)
    assert vjps is not None

    def no_jvp(i: int, *operands: Any, **params: Any) -> Any:
        raise DerivativeError(
            f"{name} is registered without a JVP, so no forward sweep goes through it; give jvps, "
            "or differentiate in reverse: vjp, grad, jacobian(mode='reverse')"
        )

    if callable(vjps):
        return ArrayPrimitive(name, forward, vjps, no_jvp if jvps is None else jvps, **texts)
    if jvps is None:
        jvps = [partial(no_jvp, i) for i in range(len(vjps))]
    return ArrayPrimitive(name, forward, vjps, jvps, **texts)


def lookup(name: str) -> Primitive:
    """Return the primitive of that name; what a pickle does.

    Raises:
        RegistrationError: there is none.
    """
    if name not in REGISTRY:
        raise RegistrationError(
            f"no primitive is named {name!r} here; register it first: import the module that does"
        )
    return REGISTRY[name]


class Elementwise(Primitive):
    """A primitive that acts on each element alone, given by its partials dz/dx, dz/dy ...

    A partial is a function of `(z, x, y ...)`, or a number where it is constant.
    """

    def __init__(
        self, name: str, scalar: Rule, array: Rule, *partials: Rule | float, **texts: Any
    ) -> None:
        check_rules(name, partials, 1 + len(partials), params=False)
        super().__init__(name, array, scalar, arity=len(partials), **texts)
        self.partials = [p if callable(p) else float(p) for p in partials]
        self.reads_data = any(map(callable, partials))

    def pullback(
        self, i: int, z_bar: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return `z_bar` times the partial: the same product in both directions."""
        partial = self.partials[i]
        if callable(partial):
            try:
                return z_bar * partial(z, *operands)
            except ArithmeticError:
                return z_bar * partial(z, *as_ieee(operands))
        return z_bar if partial == 1 else z_bar * partial


def as_ieee(operands: Sequence[Any]) -> list[Any]:
    """Return operands with NumPy's numbers for Python's, which raise where IEEE has inf or nan."""
    return [np.float64(x) if isinstance(x, float | int) else x for x in operands]


class ArrayPrimitive(Primitive):
    """A primitive on whole arrays, given by one VJP and one JVP an operand.

    A VJP is a function `(z_bar, z, x, y ..., **params)`, a JVP `(x_dot, z, x, y ..., **params)`.
    `jvps="linear"` says that the operation is linear in each operand: the tangent then goes
    through the operation itself. With `arity=None` there is one rule, which takes the
    position of the operand as its first argument.
    """

    def __init__(
        self,
        name: str,
        array: Rule,
        vjps: Rule | Sequence[Rule],
        jvps: Rule | Sequence[Rule] | Literal["linear"],
        **texts: Any,
    ) -> None:
        arity = None if callable(vjps) else len(vjps)
        if not callable(vjps):
            if not isinstance(jvps, str) and (callable(jvps) or len(jvps) != len(vjps)):
                raise RegistrationError(f"{name}: {len(vjps)} VJPs need as many JVPs, got {jvps}")
            rules = (*vjps, *(() if isinstance(jvps, str) else jvps))
            check_rules(name, rules, 2 + len(vjps), params=True)
        super().__init__(name, array, arity=arity, **texts)
        self.vjps = vjps
        self.jvps = jvps

    def pullback(
        self, i: int, z_bar: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return what the VJP of operand `i` makes of `z_bar`."""
        if callable(self.vjps):
            return self.vjps(i, z_bar, z, *operands, **params)
        return self.vjps[i](z_bar, z, *operands, **params)

    def pushforward(
        self, i: int, x_dot: Any, z: Any, operands: Sequence[Any], params: Mapping[str, Any]
    ) -> Any:
        """Return what the JVP of operand `i` makes of `x_dot`."""
        if isinstance(self.jvps, str):
            return apply(self, *operands[:i], x_dot, *operands[i + 1 :], params=params)
        if callable(self.jvps):
            return self.jvps(i, x_dot, z, *operands, **params)
        return self.jvps[i](x_dot, z, *operands, **params)


def check_rules(name: str, rules: Sequence[Rule | float], expected: int, *, params: bool) -> None:
    """Raise `RegistrationError` unless all rules take `expected` arguments and the same params."""
    codes = [rule.__code__ for rule in rules if hasattr(rule, "__code__")]
    signatures = [code.co_varnames[: code.co_argcount] for code in codes]
    common = signatures[0][expected:] if signatures and params else ()
    for signature in signatures:
        if len(signature) < expected or signature[expected:] != common:
            raise RegistrationError(
                f"{name}: with one rule an operand, here {expected - 1 - params}, a rule takes "
                f"{expected} arguments (the cotangent or tangent if it is a VJP or JVP, the "
                "result, each operand), then the params of the operation, the same in every rule; "
                f"got one that takes {signature}"
            )
