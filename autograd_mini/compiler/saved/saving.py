"""Saved programs: what a compiled function became, as a document of JSON. Nothing in it is code.

An argument or a result is written as its form: "number", {"array": shape}, {"list": parts},
{"tuple": parts}, {"dict": [[key, part], ...]} or, where there is no number, {"is": value}. An entry
of a program is a line: "input NAME", "lane NAME" (an input that each lane has for itself),
"constant NUMBER" in hexadecimal, so that every bit is kept, or "apply PRIMITIVE OPERANDS".
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import numpy as np

from autograd_mini.compiler.edits import replaced
from autograd_mini.compiler.program import Constant, Entry, Input, Program
from autograd_mini.compiler.replay import Replay
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.record import Record
from autograd_mini.errors import DataError
from autograd_mini.tape import is_object_array

FORMAT = "autograd_mini program"
FORMAT_VERSION = 1


def document_of(name: str, setup: Setup, replays: Iterable[Replay]) -> dict[str, Any]:
    """Return the document of a function: all its variants, for all forms of arguments so far.

    Raises:
        DataError: there is something in it that a file cannot hold.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "library_version": version("autograd_mini"),
        "function": name,
        "exact": setup.exact,
        "in_axes": setup.in_axes,
        "reduction": setup.reduction,
        "replays": [document_of_replay(replay) for replay in replays if replay.variants],
    }


def document_of_replay(replay: Replay) -> dict[str, Any]:
    """Return the document of the variants for one form of arguments."""
    args, settings = replay.plan.example
    return {
        **replay.aim._asdict(),
        "arguments": [form_to_json(x) for x in args],
        "settings": form_to_json(settings),
        "variants": [document_of_record(variant.record) for variant in replay.variants],
    }


def document_of_record(record: Record) -> dict[str, Any]:
    """Return the document of one variant. Captured nodes become constants."""
    if record.draws:
        raise DataError(
            "a program that draws random numbers cannot be saved, its generator would be lost; "
            "switch dropout off, as model.eval() does, and call the function so before saving it"
        )
    program = with_constants(record)
    return {
        "result": form_to_json(record.tree),
        "entries": [line_of(entry) for entry in program.entries],
        "outputs": program.outputs,
        "guards": program.guards,
    }


def with_constants(record: Record) -> Program:
    """Return a program with the present numbers of captured nodes in their place."""
    inputs = record.program.inputs
    captured = zip(inputs[len(inputs) - len(record.captured) :], record.captured, strict=True)
    return replaced(record.program, {k: Constant(node.primal) for k, node in captured})


def form_to_json(tree: Any) -> Any:
    """Return the form of an argument or a result.

    Raises:
        DataError: there is something in it that a file cannot hold.
    """
    kind = type(tree)
    if kind is float:
        return "number"
    if kind is np.ndarray and tree.dtype.kind == "f":
        return {"array": tree.shape}
    if kind is list or kind is tuple:
        return {kind.__name__: [form_to_json(part) for part in tree]}
    if kind is dict and all(type(key) in (str, int) for key in tree):
        return {"dict": [[key, form_to_json(part)] for key, part in tree.items()]}
    if tree is None or kind in (bool, str):
        return {"is": tree}
    what = "an array of Values" if is_object_array(tree) else f"{kind.__name__} {tree!r:.60}"
    raise DataError(
        f"a saved program takes and returns numbers, arrays, None, strings, booleans, and dicts, "
        f"lists and tuples of those; got {what}. Pass arrays in place of nodes and Modules, as "
        "am.data(w) and model.state_dict() give them"
    )


def line_of(entry: Entry) -> str:
    """Return an entry of a program as a line.

    Raises:
        DataError: it belongs to a program of Tensors.
    """
    if isinstance(entry, Input):
        return f"{'lane' if entry.lane else 'input'} {entry.name}"
    if isinstance(entry, Constant):
        if np.ndim(entry.value):
            raise DataError("programs of Tensors cannot be saved; compile the function on Values")
        return f"constant {float(entry.value).hex()}"
    name = entry.operation.name
    if entry.params:
        raise DataError(
            f"{name} with {', '.join(entry.params)} belongs to a program of Tensors, which cannot "
            "be saved; compile the function on Values"
        )
    if name.split() != [name]:
        raise DataError(f"a primitive whose name has spaces cannot be saved: {name!r}")
    return " ".join(["apply", name, *map(str, entry.operands)])
