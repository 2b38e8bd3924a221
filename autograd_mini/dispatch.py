"""What NumPy's functions do with nodes: each records what stands for it in the table, or refuses.

Nothing is computed on detached data unasked. What only reads (shapes, comparisons, positions) gives
plain results, since no derivative flows through it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np

from autograd_mini.changes import read_only
from autograd_mini.errors import DispatchError, InPlaceError
from autograd_mini.ops import NUMPY, elementwise, reductions, scans, shaping, softmaxes
from autograd_mini.primitive import BY_UFUNC
from autograd_mini.recording import apply, boxed_node
from autograd_mini.tape import Node, primal
from autograd_mini.tracer import TRACER, told

BY_METHOD: dict[tuple[Any, str], Callable[..., Any]] = {
    (np.add, "reduce"): reductions.sum,
    (np.multiply, "reduce"): reductions.prod,
    (np.maximum, "reduce"): reductions.max,
    (np.minimum, "reduce"): reductions.min,
    (np.logaddexp, "reduce"): softmaxes.logsumexp,
    (np.add, "accumulate"): scans.cumsum,
    (np.multiply, "accumulate"): scans.cumprod,
}
"""The same for the methods of ufuncs. NumPy's default axis is 0 there."""

SCIPY: dict[str, Callable[..., Any]] = {
    "erf": elementwise.erf,
    "erfc": elementwise.erfc,
    "expit": elementwise.sigmoid,
    "gammaln": elementwise.lgamma,
    "psi": elementwise.digamma,
    "xlogy": elementwise.xlogy,
    "xlog1py": elementwise.xlog1py,
}
"""By the name of a ufunc of `scipy.special` what stands for it."""

READING_UFUNCS = {
    *(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal),
    *(np.isfinite, np.isinf, np.isnan, np.signbit),
    *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
}
SHAPE_FUNCTIONS = {
    *(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj),
    *(np.zeros_like, np.ones_like, np.empty_like),
}
READING_FUNCTIONS = {
    *(np.array_equal, np.array_equiv, np.allclose, np.isclose, np.any, np.all),
    *(np.argmax, np.argmin, np.argsort, np.nonzero, np.flatnonzero, np.count_nonzero),
    *(np.argwhere, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from),
    *(np.searchsorted, np.digitize, np.isposinf, np.isneginf, np.may_share_memory),
    *(np.array2string, np.array_repr, np.array_str),
}


def call_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """Record what stands for a call of a ufunc, or of a method of it.

    Raises:
        InPlaceError: the result was to be written into an existing array.
        DispatchError: nothing stands for the call.
    """
    if any(x is not None for x in settings.get("out", ())) or method == "at":
        raise in_place(f"np.{ufunc.__name__}")
    settings = {name: setting for name, setting in settings.items() if name != "out"}
    if method == "__call__" and not settings:
        if ufunc in READING_UFUNCS:
            answer, tracer = ufunc(*map(primal, inputs)), TRACER.get()
            return answer if tracer is None else tracer.asked(ufunc.__name__, (*inputs,), answer)
        if ufunc in BY_UFUNC:
            return apply(BY_UFUNC[ufunc], *inputs)
        if ufunc.__name__ in SCIPY and not hasattr(np, ufunc.__name__):
            return SCIPY[ufunc.__name__](*inputs)
    if method == "__call__" and ufunc in NUMPY:
        return call_table(ufunc.__name__, NUMPY[ufunc], inputs, settings)
    if method == "outer" and not settings and ufunc in BY_UFUNC:
        x, y = inputs
        ones = (1,) * np.ndim(primal(y))
        return apply(BY_UFUNC[ufunc], shaping.reshape(x, (*np.shape(primal(x)), *ones)), y)
    call = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    if (ufunc, method) in BY_METHOD and np.ndim(primal(inputs[0])):
        return call_table(call, BY_METHOD[ufunc, method], inputs, {"axis": 0, **settings})
    setting = f" with {', '.join(settings)}" if settings else ""
    raise no_rule(f"np.{call}" if getattr(np, ufunc.__name__, None) is ufunc else call, setting)


def call_function(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Record what stands for a call of a NumPy function.

    Raises:
        InPlaceError: the result was to be written into an existing array.
        DispatchError: nothing stands for the call.
    """
    if function in SHAPE_FUNCTIONS:
        return function(*map(primal, args), **kwargs)
    if function in READING_FUNCTIONS or (function is np.where and len(args) == 1):
        return function(*map(to_read, args), **{name: to_read(x) for name, x in kwargs.items()})
    name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
    ours = NUMPY.get(function)
    values = [x for x in args if isinstance(x, Node) and x.rank == 1]
    if values and function not in elementwise.NUMPY:
        # To NumPy a Value is an object like any other, an array of one number.
        z = function(*map(boxed_values, args), **kwargs)
        if np.asarray(z).dtype.kind == "f":  # it was read as a float on the way
            raise no_rule(name)
        return z
    if ours is None:
        raise no_rule(name)
    operands, settings = [*args], {**kwargs}
    signature = signature_of(function)
    if signature is not None:
        operands, settings = sorted_arguments(signature, args, kwargs)
    if settings.pop("out", None) is not None:
        raise in_place(name)
    return call_table(name, ours, operands, settings)


def call_table(
    name: str, ours: Callable[..., Any], operands: Sequence[Any], settings: Mapping[str, Any]
) -> Any:
    """Call a function of the table, if it takes these settings."""
    if settings:
        taken = inspect.signature(ours).parameters
        unknown = [setting for setting in settings if setting not in taken]
        if unknown:
            raise DispatchError(
                f"{name} with {', '.join(unknown)}=... has no rule for nodes; it takes "
                f"{', '.join([*taken][len(operands) :]) or 'no settings'}"
            )
    return ours(*operands, **settings)


def sorted_arguments(
    signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the operands of a call in order, and by name the settings that are no defaults."""
    operands: list[Any] = []
    settings: dict[str, Any] = {}
    for name, given in signature.bind(*args, **kwargs).arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            operands += given
        elif parameter.kind is parameter.VAR_KEYWORD:
            settings.update(given)
        elif parameter.default is parameter.empty or parameter.kind is parameter.POSITIONAL_ONLY:
            operands.append(given)
        elif given is not parameter.default:
            settings[name] = given
    return operands, settings


@cache
def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a NumPy function; None where it is written in C and has none."""
    try:
        return inspect.signature(function)
    except ValueError:
        return None


def to_read(x: Any) -> Any:
    """Return an argument as NumPy may read it, but not write to it."""
    if isinstance(x, Node):
        told(x)
    return read_only(x.primal) if isinstance(x, Node) and x.rank > 1 else primal(x)


def boxed_values(x: Any) -> Any:
    """Return an argument with every `Value` in it as an object array without axes."""
    if isinstance(x, list | tuple):
        return type(x)(map(boxed_values, x))
    return boxed_node(x) if isinstance(x, Node) else x


def no_rule(name: str, setting: str = "") -> DispatchError:
    """Return the error for a call that nothing stands for, with what may have been meant."""
    known = {f.__name__ for f in (*NUMPY, *BY_UFUNC)}
    similar = get_close_matches(name.split(".")[-1], sorted(known), cutoff=0.75)
    meant = f" (similar ones that have: {', '.join(similar)})" if similar else ""
    return DispatchError(
        f"{name}{setting} has no rule for nodes{meant}. All that have one are in the table, "
        "docs/primitives.md; register_primitive adds one. To leave the tape, and so without a "
        "gradient, pass x.data"
    )


def in_place(name: str) -> InPlaceError:
    """Return the error for a call that writes into an existing array or node."""
    return InPlaceError(
        f"{name} was to write into an existing array or node, which the tape cannot see; write "
        "a = a + b instead of a += b, and leave out= away"
    )
