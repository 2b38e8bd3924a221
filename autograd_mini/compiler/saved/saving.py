"""Saved programs: what a compiled function became, as a document of JSON. Nothing in it is code."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arrays.plan import ArrayPlan
from autograd_mini.compiler.arrays.replay import ArrayReplay
from autograd_mini.compiler.arrays.variant import ArrayRecord
from autograd_mini.compiler.edits import replaced
from autograd_mini.compiler.program import Constant, Program
from autograd_mini.compiler.replay import Replay
from autograd_mini.compiler.saved.contents import encoded
from autograd_mini.compiler.saved.forms import form_to_json
from autograd_mini.compiler.saved.programs import program_to_json, random_draws
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.record import Record
from autograd_mini.errors import DataError

FORMAT = "autograd_mini program"
FORMAT_VERSION = 2
"""Version 1 had programs of `Value`s alone, and did not say so."""


def document_of(name: str, setup: Setup, replays: Iterable[Replay | ArrayReplay]) -> dict[str, Any]:
    """Return the document of a function: all its variants, for all forms of arguments so far.

    Raises:
        DataError: there is something in it that a file cannot hold.
    """
    parts = []
    for replay in replays:
        if isinstance(replay, Replay):
            parts += [document_of_replay(replay)] if replay.variants else []
        else:
            parts += [document_of_plan(replay.aim, plan) for plan in replay.plans if plan.variants]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "library_version": version("autograd_mini"),
        "function": name,
        "kind": setup.kind and setup.kind.__name__,
        "exact": setup.exact,
        "in_axes": setup.in_axes,
        "reduction": setup.reduction,
        "replays": parts,
    }


def document_of_replay(replay: Replay) -> dict[str, Any]:
    """Return the document of the variants for one form of arguments."""
    variants = [document_of_record(variant.record) for variant in replay.variants]
    return {"kind": "Value", **of_arguments(replay.aim, replay.plan.example), "variants": variants}


def document_of_plan(aim: Aim, plan: ArrayPlan) -> dict[str, Any]:
    """Return the document of the variants for arguments of one form with Tensors."""
    variants = [document_of_array_record(variant.record) for variant in plan.variants]
    return {"kind": "Tensor", **of_arguments(aim, plan.example), "variants": variants}


def of_arguments(aim: Aim, example: tuple[Any, Any]) -> dict[str, Any]:
    """Return what is computed, and of what arguments."""
    args, settings = example
    forms = [form_to_json(x) for x in args]
    return {**aim._asdict(), "arguments": forms, "settings": form_to_json(settings)}


def document_of_record(record: Record) -> dict[str, Any]:
    """Return the document of one variant. Captured nodes become constants."""
    if record.draws:
        raise random_draws()
    program = program_to_json(with_constants(record))
    if not all(isinstance(entry, str) for entry in program["entries"]):
        raise DataError(
            "a function that was compiled for Values computes with arrays; say compile(f, "
            "kind=Tensor), and call it so before it is saved"
        )
    return {"result": form_to_json(record.tree), **program}


def with_constants(record: Record) -> Program:
    """Return a program with floats for constants, as are captured nodes at present."""
    program, inputs = record.program, record.program.inputs
    numbers = {k: program.details[k].value for k in program.constants}
    captured = zip(inputs[len(inputs) - len(record.captured) :], record.captured, strict=True)
    numbers |= {k: node.primal for k, node in captured}
    return replaced(program, {k: Constant(as_float(x)) for k, x in numbers.items()})


def as_float(x: Any) -> Any:
    """Return a number as a float, and an array as it is."""
    return x if getattr(x, "ndim", 0) else float(x)


def document_of_array_record(record: ArrayRecord) -> dict[str, Any]:
    """Return the document of one variant. Captured nodes have the numbers of now for good."""
    return {
        "result": form_to_json(record.tree),
        "shapes": record.shapes,
        "constants": [encoded(x) for x in record.constants],
        "captured": [encoded(node.primal) for node in record.captured],
        **program_to_json(record.program),
    }
