"""Programs as JSON, of `Value`s and of Tensors.

An entry is a line: "input NAME", "lane NAME" (an input that each lane has for itself), "constant
NUMBER" in hexadecimal, "apply PRIMITIVE OPERANDS", or "ask CONDITION OPERANDS", which gives
booleans. Programs of Tensors also have [line, settings], of an operation that has some, and
["constant", value], of one that is no float.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini.compiler.machine import CONDITIONS, SAME, Operation
from autograd_mini.compiler.program import Constant, Entry, Guard, Input, Instruction, Program
from autograd_mini.compiler.saved.contents import decoded, encoded
from autograd_mini.compiler.saved.damage import check, each
from autograd_mini.errors import DataError
from autograd_mini.primitive import ArrayPrimitive, Elementwise, Primitive, lookup

QUESTIONS: Mapping[str, Operation] = {**CONDITIONS, SAME.name: SAME}
"""What a program asks about arrays, by name."""

REDUCTION = {"axis", "keepdims"}
"""The settings of `any` and `all`."""


def program_to_json(program: Program) -> dict[str, Any]:
    """Return a program as JSON.

    Raises:
        DataError: there is something in it that a file cannot hold.
    """
    return {
        "entries": [entry_to_json(entry) for entry in program.entries],
        "outputs": program.outputs,
        "guards": program.guards,
    }


def entry_to_json(entry: Entry) -> Any:
    """Return an entry of a program as JSON."""
    if isinstance(entry, Input):
        return f"{'lane' if entry.lane else 'input'} {entry.name}"
    if isinstance(entry, Constant):
        x = entry.value
        return f"constant {x.hex()}" if type(x) is float else ["constant", encoded(x)]
    name, params = entry.operation.name, entry.params or {}
    if "rng" in params:
        raise random_draws()
    if name.split() != [name]:
        raise DataError(f"a primitive whose name has spaces cannot be saved: {name!r}")
    kind = "apply" if isinstance(entry.operation, Primitive) else "ask"
    line = " ".join([kind, name, *map(str, entry.operands)])
    try:
        return [line, {key: encoded(x) for key, x in params.items()}] if params else line
    except DataError as error:
        raise DataError(f"{name} with {', '.join(params)} cannot be saved: {error}") from None


def random_draws() -> DataError:
    """Return the error for a program that draws random numbers."""
    return DataError(
        "a program that draws random numbers cannot be saved, its generator would be lost; "
        "switch dropout off, as model.eval() does, compile the function anew, and call it before "
        "saving it"
    )


def program_from(document: dict[str, Any], *, of_tensors: bool) -> Program:
    """Return the program of a variant."""
    entries = each("entries", document["entries"], lambda k, x: entry_from(x, k, of_tensors))
    outputs = tuple([position(k, len(entries)) for k in document["outputs"]])
    guards = tuple(
        [Guard(position(k, len(entries)), check(on, bool)) for k, on in document["guards"]]
    )
    return Program(entries, outputs, guards)


def entry_from(document: Any, before: int, of_tensors: bool) -> Entry:
    """Return an entry; its operands are among the `before` first ones."""
    params: dict[str, Any] | None = None
    match document:
        case str(line):
            pass
        case ["constant", value] if of_tensors:
            return Constant(number_or_array(value))
        case [str(line), dict(settings)] if of_tensors:
            params = {key: decoded(value) for key, value in settings.items()}
        case _:
            raise ValueError(f"entry {document!r:.60}")
    kind, _, rest = line.partition(" ")
    if kind in ("apply", "ask"):
        name, *operands = rest.split(" ")
        positions = tuple([position(int(k), before) for k in operands])
        operation = lookup(name) if kind == "apply" else QUESTIONS[name]
        check_call(operation, len(positions), params or {}, of_tensors)
        return Instruction(operation, positions, params)
    if params is None and kind in ("input", "lane"):
        return Input(rest, kind == "lane")
    if params is None and kind == "constant":
        return Constant(float.fromhex(rest))
    raise ValueError(f"entry {line!r:.60}")


def check_call(
    operation: Primitive | Operation, count: int, params: Mapping[str, Any], of_tensors: bool
) -> None:
    """Raise an error unless an operation takes so many operands, and these settings."""
    if not of_tensors:
        fits = operation.scalar is not None and count == arity_of(operation)
    else:
        fits = bool(count) and arity_of(operation) in (None, count)
        fits = fits and takes(operation, count, params)
    if not fits:
        raise ValueError(f"{operation.name} of {count} operands with {sorted(params)}")


def arity_of(operation: Primitive | Operation) -> int | None:
    """Return how many operands an operation takes; None where any number goes."""
    if isinstance(operation, Primitive):
        return operation.arity
    return 2 if operation is SAME else getattr(operation.array, "nin", 1)


def takes(operation: Primitive | Operation, count: int, params: Mapping[str, Any]) -> bool:
    """Return whether an operation on arrays has these settings, as its rules name them."""
    if isinstance(operation, Operation):
        return not params or (operation.name in ("any", "all") and {*params} == REDUCTION)
    if isinstance(operation, Elementwise):
        return not params
    rule, given = operation.array, count
    if isinstance(operation, ArrayPrimitive):
        if callable(operation.vjps):
            rule, given = operation.vjps, count + 3  # the position, the cotangent and the result
        else:
            rule, given = operation.vjps[0], count + 2
    try:
        inspect.signature(rule).bind(*[None] * given, **params)
    except TypeError:
        return False
    except ValueError:  # it is written in C
        return True
    return True


def number_or_array(document: Any) -> Any:
    """Return a constant."""
    x = decoded(document)
    if not isinstance(x, int | float | np.ndarray | np.generic):
        raise TypeError(f"expected a number or an array, got {x!r:.60}")
    return x


def position(k: Any, count: int) -> int:
    """Return a position among the first `count` entries."""
    if not 0 <= check(k, int) < count:
        raise ValueError(f"position {k} of {count}")
    return k
