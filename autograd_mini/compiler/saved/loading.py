"""`load_program`: a compiled function from a file. Nothing in the file is executed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autograd_mini.compiler.arguments import units_in
from autograd_mini.compiler.compiled import Compiled
from autograd_mini.compiler.executors import ENGINES, Engine
from autograd_mini.compiler.plan import Plan, without
from autograd_mini.compiler.program import Constant, Entry, Guard, Input, Instruction, Program
from autograd_mini.compiler.replay import Replay
from autograd_mini.compiler.saved.saving import FORMAT, FORMAT_VERSION
from autograd_mini.compiler.setup import Setup, axes_of
from autograd_mini.compiler.tracing.derivatives import Aim
from autograd_mini.compiler.tracing.reach import surroundings_of
from autograd_mini.compiler.tracing.record import Record
from autograd_mini.compiler.variant import Variant
from autograd_mini.errors import AutogradError, RegistrationError, SavedFileError, VariantError
from autograd_mini.files import read_json
from autograd_mini.primitive import Primitive, lookup


def load_program(path: str | Path, *, engine: Engine = "auto") -> Compiled:
    """Return a compiled function that `Compiled.save` has written.

    It is called as the one that was saved, with arguments of the forms that were saved. There is no
    Python function to trace, so anything else raises `VariantError`. Nodes that the function used
    from outside have the numbers that they had when it was saved.

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
    document = read_json(path.read_bytes(), path, FORMAT, FORMAT_VERSION)
    try:
        return compiled_from(document, path, engine)
    except RegistrationError as error:
        raise SavedFileError(f"{path}: {error}") from None
    except (AutogradError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise SavedFileError(f"{path}: the file is damaged: {error!r:.200}") from None


class Missing:
    """What stands for the Python function of a saved program.

    Args:
        name: of the function.
        path: of the file.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.__name__, self.path = name, str(path)

    def __call__(self, *args: Any, **settings: Any) -> NoReturn:
        """Say that there is no program for a call.

        Raises:
            VariantError: always.
        """
        raise VariantError(
            f"{self.path} holds no program of {self.__name__} for this call: saved are only the "
            "methods, argnums, shapes and structures that it was called with before, and the ways "
            "through it that were taken; and there are no nodes, to be differentiated or traced. "
            "Compile the function itself, call it so, and save it again"
        )


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
    setup = Setup(f, engine, check(document["exact"], bool), in_axes, reduction)
    compiled = Compiled(setup)
    for part in document["replays"]:
        compiled.adopt(replay_from(part, setup))
    return compiled


def replay_from(document: dict[str, Any], setup: Setup) -> Replay:
    """Return the variants for one form of arguments."""
    argnums = tuple([check(i, int) for i in document["argnums"]])
    single, allow_unused = (check(document[name], bool) for name in ("single", "allow_unused"))
    aim = Aim(document["mode"], argnums, single, allow_unused)
    args = [form_from_json(form) for form in document["arguments"]]
    settings = check(form_from_json(document["settings"]), dict)
    count = len(args) - aim.vectors
    if aim.mode not in ("value", "gradient", "hvp", "hessian") or (aim.mode == "value") == any(
        True for _ in argnums
    ):
        raise ValueError(f"mode {aim.mode!r} with argnums {argnums}")
    if any(not 0 <= i < count for i in argnums):
        raise ValueError(f"argnums {argnums} of {count} arguments")
    axes = axes_of(setup.in_axes, args, aim)
    programs = [program_from(part) for part in document["variants"]]
    trees = [form_from_json(part["result"]) for part in document["variants"]]
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


def form_from_json(form: Any) -> Any:
    """Return an argument or a result of that form, with zeros for numbers."""
    if form == "number":
        return 0.0
    ((kind, value),) = check(form, dict).items()
    if kind == "array":
        return np.broadcast_to(0.0, [check(n, int) for n in value])
    if kind == "list":
        return [form_from_json(part) for part in value]
    if kind == "tuple":
        return tuple([form_from_json(part) for part in value])
    if kind == "dict":
        keys = [check(key, str if isinstance(key, str) else int) for key, _ in value]
        if len({*keys}) != len(keys):
            raise ValueError(f"keys {keys}")
        return {key: form_from_json(part) for key, (_, part) in zip(keys, value, strict=True)}
    if kind == "is" and (value is None or isinstance(value, str | bool)):
        return value
    raise ValueError(f"form {form!r:.60}")


def program_from(document: dict[str, Any]) -> Program:
    """Return the program of a variant."""
    entries = [entry_from(check(line, str), k) for k, line in enumerate(document["entries"])]
    outputs = tuple([position(k, len(entries)) for k in document["outputs"]])
    guards = tuple(
        [Guard(position(k, len(entries)), check(on, bool)) for k, on in document["guards"]]
    )
    return Program(entries, outputs, guards)


def entry_from(line: str, before: int) -> Entry:
    """Return the entry that a line stands for; its operands are among the `before` first ones."""
    kind, _, rest = line.partition(" ")
    if kind in ("input", "lane"):
        return Input(rest, kind == "lane")
    if kind == "constant":
        return Constant(float.fromhex(rest))
    if kind != "apply":
        raise ValueError(f"entry {line!r:.60}")
    name, *operands = rest.split(" ")
    primitive: Primitive = lookup(name)
    if primitive.scalar is None or len(operands) != primitive.arity:
        raise ValueError(f"{name} of {len(operands)} numbers")
    return Instruction(primitive, tuple([position(int(k), before) for k in operands]))


def position(k: Any, count: int) -> int:
    """Return a position among the first `count` entries."""
    if not 0 <= check(k, int) < count:
        raise ValueError(f"position {k} of {count}")
    return k


def check(x: Any, kind: type) -> Any:
    """Return something of exactly that type."""
    if type(x) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {x!r:.60}")
    return x
