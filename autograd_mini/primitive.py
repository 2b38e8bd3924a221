"""A primitive: an operation declared once with its local derivatives; `apply` records it.

Everything else follows from a declaration: both sweeps, higher orders, NumPy dispatch, pictures.
Rules are written with recordable operations, so they work alike on floats, arrays and nodes, and
they never branch on data, so that one recording holds for every input.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import Any, Literal

import numpy as np

from autograd_mini.errors import DataError, DerivativeError, RegistrationError
from autograd_mini.tape import Node, Watch, contains_node, is_object_array, next_index

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
    partials: Sequence[Rule | float] | None = None,
    vjps: Rule | Sequence[Rule] | None = None,
    jvps: Rule | Sequence[Rule] | Literal["linear"] = "linear",
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
        vjps: of an array primitive; `jvps="linear"` says that it is linear in each operand.
        jvps: of an array primitive.
        scalar: the operation on floats, where `forward` takes arrays alone or is slow.
        texts: `symbol`, `latex`, `formula`, `convention` ... as in `Primitive`.

    Raises:
        RegistrationError: the name is taken, or the rules contradict each other.
    """
    if (partials is None) == (vjps is None):
        raise RegistrationError(f"{name}: give either partials, or vjps with jvps")
    if partials is not None:
        floats = scalar or (lambda *operands: float(forward(*operands)))
        return Elementwise(name, floats, forward, *partials, **texts)
    assert vjps is not None
    return ArrayPrimitive(name, forward, vjps, jvps, **texts)


def lookup(name: str) -> Primitive:
    """Return the primitive of that name."""
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
            return z_bar * partial(z, *operands)
        return z_bar if partial == 1 else z_bar * partial


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
                f"{name}: a rule takes {expected} arguments (the cotangent or tangent if it is a "
                "VJP or JVP, the result, each operand), then the params of the operation, the same "
                f"in every rule; got one that takes {signature}"
            )


_scope: ContextVar[str | None] = ContextVar("scope", default="")
"""Where nodes are being made, `MLP/layers.0`; None where nothing is recorded."""


class scope:  # noqa: N801  # reads as a function, like no_grad
    """Name the module or function whose nodes are made inside; a context manager.

    Scopes nest: their names are joined by slashes, which gives the path that the context yields, or
    "" where nothing is recorded. Pictures draw each as a box.
    """

    __slots__ = ("name", "token")

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> str:
        outer = _scope.get()
        path = f"{outer}/{self.name}" if outer else self.name
        self.token = _scope.set(None if outer is None else path)
        return "" if outer is None else path

    def __exit__(self, *exception: object) -> None:
        _scope.reset(self.token)


@contextmanager
def no_grad() -> Iterator[None]:
    """Stop recording: what is computed inside has no history. A context manager or a decorator."""
    token = _scope.set(None)
    try:
        yield
    finally:
        _scope.reset(token)


def is_recording() -> bool:
    """Return whether results are recorded here, which `no_grad()` stops."""
    return _scope.get() is not None


@contextmanager
def recording() -> Iterator[None]:
    """Record inside, also where `no_grad()` is in force outside: what a transform is asked for."""
    outer = _scope.get()
    token = _scope.set("" if outer is None else outer)
    try:
        yield
    finally:
        _scope.reset(token)


def apply(primitive: Primitive, *operands: Any, params: Mapping[str, Any] | None = None) -> Any:
    """Compute a primitive on nodes and constants and record the result; the one way to do so.

    Without a node among the operands the result is a plain number or array, which is how the rules
    run in a sweep that is not recorded. Object arrays of `Value`s give object arrays of `Value`s.

    Raises:
        DataError: an operand is not made of real numbers, or kinds are mixed that do not mix.
    """
    kind: type[Node] | None = None
    data = []
    numbers = True  # every constant is a Python number
    unusual = False  # some constant had to be converted, or is an object array
    for x in operands:
        if isinstance(x, Node):
            if kind is None:
                kind = x.__class__
            elif kind is not x.__class__:
                raise DataError(
                    f"{primitive.name}: a Value and a Tensor do not mix; make the number a Tensor "
                    "too, Tensor(2.0), or leave its tape with .item()"
                )
            if x.changed.__class__ is Watch:
                x.changed.look()  # what was written until now is what is computed with
            data.append(x.primal)
        elif x.__class__ is float or x.__class__ is int:
            data.append(x)
        else:
            numbers = False
            if x.__class__ is not np.ndarray or x.dtype.kind not in "fb":
                x = constant(primitive.name, x)
                unusual = True
            data.append(x)
    if unusual or (not numbers and kind is not None and kind.rank == 1):
        if any(map(is_object_array, data)) or (
            kind is not None and kind.rank == 1 and any(map(np.ndim, data))
        ):
            return apply_to_objects(primitive, kind, operands, params)
        if kind is not None and kind.rank == 1:
            data = [float(x) for x in data]
        operands = tuple(
            x if isinstance(x, Node) else c for x, c in zip(operands, data, strict=True)
        )
    if kind is None:
        if numbers and primitive.scalar is not None:
            return on_floats(primitive, data)
        return primitive.array(*data, **params) if params else primitive.array(*data)
    return record(kind, kind.compute(primitive, data, params), primitive, operands, params)


_new, _current_scope = object.__new__, _scope.get  # looked up once: record() makes every node


def record(
    kind: type[Node],
    data: Any,
    primitive: Primitive,
    parents: tuple[Any, ...],
    params: Mapping[str, Any] | None = None,
) -> Any:
    """Make the node of a result; under `no_grad()` it is a leaf."""
    node = _new(kind)
    node.primal = data
    node.changed = 0
    node.grad = None
    node.index = next_index()
    node.name = None
    where = _current_scope()
    if where is None:
        node.primitive = None
        node.parents = ()
        node.params = None
        node.scope = ""
    else:
        node.primitive = primitive
        if len(parents) == 2:  # most often; what the setter of `parents` does, without the call
            node.operand0, node.operand1 = parents
        else:
            node.parents = parents
        node.params = params
        node.scope = where
    return node


def on_floats(primitive: Primitive, data: Sequence[float]) -> float:
    """Run a primitive on floats, with IEEE results (inf, nan) where Python's math would raise."""
    assert primitive.scalar is not None
    try:
        return primitive.scalar(*data)
    except (ArithmeticError, ValueError):
        return float(primitive.array(*map(np.float64, data)))


def apply_to_objects(
    primitive: Primitive,
    kind: type[Node] | None,
    operands: Sequence[Any],
    params: Mapping[str, Any] | None,
) -> Any:
    """Run a primitive on object arrays of `Value`s: on each element, or as NumPy itself does."""
    if kind is not None and kind.rank > 1:
        raise DataError(
            f"{primitive.name}: a Tensor does not mix with an object array of Values; use one kind"
        )
    # Thousands of nodes are about to be made. They are never part of a cycle, so the collector
    # would walk the growing graph again and again and find nothing: it takes a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        if primitive.scalar is not None:
            boxed = [boxed_node(x) if isinstance(x, Node) else x for x in operands]
            return np.frompyfunc(primitive, len(operands), 1)(*boxed)
        return primitive.array(*operands, **(params or {}))
    finally:
        if collecting:
            gc.enable()


def boxed_node(node: Node) -> Any:
    """Return a 0-d object array of a node, which NumPy broadcasts without asking what is in it."""
    box = np.empty((), dtype=object)
    box[()] = node
    return box


def constant(operation: str, x: Any) -> Any:
    """Return a plain operand as a float, a NumPy scalar or an array, of numbers or of objects.

    Integers become float64, as in a `Tensor`.
    """
    if isinstance(x, list | tuple):
        x, listed = np.asarray(x), x
        if contains_node(listed) and not is_object_array(x):
            raise DataError(f"{operation}: got a list of Tensors; join them with stack(...)")
    if isinstance(x, np.ndarray | np.generic):
        if x.dtype.kind in "iu":
            return x.astype(np.float64)
        if x.dtype.kind in "fbO":
            return x
    elif isinstance(x, Real):
        return float(x)
    raise DataError(f"{operation}: expected real numbers, got {type(x).__name__} {x!r:.60}")
