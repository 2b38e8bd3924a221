"""`load_program`: a compiled function from a file. Nothing in the file is executed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autograd_mini.compiler.aim import Aim
from autograd_mini.compiler.arguments import numbers_of, units_in
from autograd_mini.compiler.arrays.plan import ArrayPlan
from autograd_mini.compiler.arrays.replay import ArrayReplay
from autograd_mini.compiler.arrays.variant import ArrayRecord
from autograd_mini.compiler.compiled import Compiled
from autograd_mini.compiler.eager import on_arrays
from autograd_mini.compiler.executors import ENGINES, Engine
from autograd_mini.compiler.plan import Plan, without
from autograd_mini.compiler.program import Input
from autograd_mini.compiler.replay import Replay
from autograd_mini.compiler.saved.damage import DAMAGE, check, described, each
from autograd_mini.compiler.saved.forms import form_from_json
from autograd_mini.compiler.saved.loaded_variant import LoadedVariant, leaf
from autograd_mini.compiler.saved.programs import number_or_array, program_from
from autograd_mini.compiler.saved.saving import FORMAT, FORMAT_VERSION
from autograd_mini.compiler.setup import Setup, axes_of
from autograd_mini.compiler.tracing.reach import surroundings_of
from autograd_mini.compiler.tracing.record import Record
from autograd_mini.compiler.variant import Variant
from autograd_mini.errors import RegistrationError, SavedFileError, VariantError
from autograd_mini.files import read_json
from autograd_mini.tensor import Tensor
from autograd_mini.value import Value

Call = tuple[Aim, list[Any], dict[str, Any]]
"""What is computed, and arguments and keyword arguments, with zeros for numbers."""

KINDS = {None: None, "Value": Value, "Tensor": Tensor}


def load_program(path: str | Path, *, engine: Engine = "auto") -> Compiled:
    """Return a compiled function that `Compiled.save` has written.

    It is called as the one that was saved, with arguments of the forms that were saved. There is no
    Python function to trace, so anything else raises `VariantError`. Nodes that the function used
    from outside have the numbers that they had when it was saved. Programs of Tensors are checked
    once more when they are first replayed, which raises `SavedFileError` too.

    Args:
        path: of the file.
        engine: as in `compile`.

    Raises:
        OSError: the file cannot be read.
        SavedFileError: it is damaged, of another version, or uses a primitive that is not
            registered here.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine is 'auto', 'numpy' or 'numba', got {engine!r}")
    path = Path(path)
    document = read_json(path.read_bytes(), path, FORMAT, FORMAT_VERSION, 1)
    try:
        return compiled_from(upgraded(document), path, engine)
    except RegistrationError as error:
        raise SavedFileError(f"{path}: {error}") from None
    except DAMAGE as error:
        raise SavedFileError(f"{path}: the file is damaged: {described(error)}") from None


SHOWN = 4
"""So many calls that a file has programs for are told of."""


class Missing:
    """What stands for the Python function of a saved program.

    Args:
        name: of the function.
        path: of the file.

    Attributes:
        calls: what the file has programs for, in words.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.__name__, self.path = name, str(path)
        self.calls: list[str] = []

    def __call__(self, *args: Any, **settings: Any) -> NoReturn:
        """Say that there is no program for a call.

        Raises:
            VariantError: always.
        """
        raise VariantError(
            f"{self.path} holds no program of {self.__name__} for this call: saved are only the "
            "methods, argnums, shapes, dtypes and structures that it was called with before, and "
            f"the ways through it that were taken: here {'; '.join(self.calls[:SHOWN])}. It cannot "
            "be differentiated or traced. Compile the function itself, call it so, and save it"
        )


def upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of version 1 as the present one would be."""
    if document["format_version"] == FORMAT_VERSION:
        return document
    replays = [{**part, "kind": "Value"} for part in document["replays"]]
    return {**document, "kind": None, "replays": replays}


def compiled_from(document: dict[str, Any], path: Path, engine: Engine) -> Compiled:
    """Return the compiled function of a document."""
    f = Missing(check(document["function"], str), path)
    in_axes, reduction = document["in_axes"], document["reduction"]
    if isinstance(in_axes, list):
        in_axes = tuple([None if axis is None else check(axis, int) for axis in in_axes])
    elif in_axes is not None:
        check(in_axes, int)
    if reduction not in ("mean", "sum", None) or (in_axes is None and reduction):
        raise ValueError(f"reduction {reduction!r}")
    kind = KINDS[document["kind"]]
    setup = Setup(f, engine, check(document["exact"], bool), in_axes, reduction, kind)
    compiled = Compiled(setup)
    each("replays", document["replays"], lambda _, part: adopt(compiled, setup, part))
    return compiled


def adopt(compiled: Compiled, setup: Setup, document: dict[str, Any]) -> None:
    """Let a compiled function have the programs for arguments of one form."""
    aim, args, settings = call = call_from(document)
    setup.f.calls.append(in_words(aim, args))  # type: ignore[attr-defined]  # it is a Missing
    kind = Tensor if on_arrays(setup, args, settings) else Value
    if document["kind"] != kind.__name__:
        raise ValueError(f"kind {document['kind']!r:.60} of arguments for {kind.__name__}s")
    if kind is Value:
        compiled.adopt(replay_from(document, setup, call))
        return
    if aim.mode == "hessian":
        raise ValueError("Hessians of Tensors are made of products with it")
    replay, units = compiled._replay(*call)
    assert isinstance(replay, ArrayReplay)
    plan = replay.plan_of(args, settings, units)
    plan.variants = each(
        "variants", document["variants"], lambda _, x: array_variant_from(x, setup, aim, plan)
    )


def in_words(aim: Aim, args: Sequence[Any]) -> str:
    """Return what was called, and with what: `value_and_grad(argnums=(1,)) of (2, 3), ()`."""
    shapes = ", ".join(str(np.shape(numbers_of(unit))) for unit in units_in([*args]))
    method = {"value": "the function", "gradient": "value_and_grad"}.get(aim.mode, aim.mode)
    by = f"(argnums={aim.argnums})" if aim.argnums else ""
    return f"{method}{by} of shapes {shapes or 'none'}"


def call_from(document: dict[str, Any]) -> Call:
    """Return what is computed, and of what arguments."""
    argnums = tuple([check(i, int) for i in document["argnums"]])
    single, allow_unused = (check(document[name], bool) for name in ("single", "allow_unused"))
    aim = Aim(document["mode"], argnums, single, allow_unused)
    args = [form_from_json(form) for form in document["arguments"]]
    settings = check(form_from_json(document["settings"]), dict)
    modes = ("gradient", "hvp", "hessian") if argnums else ("value",)
    if aim.mode not in modes:
        raise ValueError(f"mode {aim.mode!r} with argnums {argnums}")
    return aim, args, settings


def replay_from(document: dict[str, Any], setup: Setup, call: Call) -> Replay:
    """Return the variants for one form of arguments."""
    aim, args, settings = call
    axes = axes_of(setup.in_axes, args, aim)
    parts = document["variants"]
    programs = each("variants", parts, lambda _, part: program_from(part, of_tensors=False))
    trees = each("variants", parts, lambda _, part: form_from_json(part["result"]))
    expected = size_of(args, settings, axes)  # before a plan is made, which takes as much memory
    if any(len(program.inputs) != expected for program in programs):
        raise ValueError(f"the arguments hold {expected} numbers, the program takes others")
    plan = Plan(setup.f, args, settings, axes)
    replay = Replay(setup, aim, plan)
    for program, tree in zip(programs, trees, strict=True):
        record = Record(program, tree, [], [], surroundings_of(setup.f))
        variant = Variant(setup, aim, plan, record)
        lanes = [entry.lane for entry in program.entries if isinstance(entry, Input)]
        if lanes != plan.lanes or len(program.outputs) != sum(variant.sizes):
            raise ValueError("the program is not one for its arguments and results")
        replay.variants.append(variant)
    return replay


def size_of(args: Sequence[Any], settings: dict[str, Any], axes: Sequence[Any] | None) -> int:
    """Return how many numbers one lane has in its arguments."""
    axes = [*(axes or [None] * len(args)), None]
    return sum(
        int(np.prod(without(np.shape(unit), axis, i), dtype=object))
        for i, (tree, axis) in enumerate(zip([*args, settings], axes, strict=True))
        for unit in units_in(tree)
    )


def array_variant_from(
    document: dict[str, Any], setup: Setup, aim: Aim, plan: ArrayPlan
) -> LoadedVariant:
    """Return a variant of a function of Tensors."""
    record = ArrayRecord(
        program_from(document, of_tensors=True),
        form_from_json(document["result"]),
        [x if x is None else tuple([check(n, int) for n in x]) for x in document["shapes"]],
        [number_or_array(x) for x in document["constants"]],
        [leaf(number_or_array(x)) for x in document["captured"]],
        surroundings_of(setup.f),
    )
    return LoadedVariant(setup, aim, plan, record)
