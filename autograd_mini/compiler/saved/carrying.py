"""What a pickle or a copy of a compiled function carries: its programs, where they hold elsewhere.

A program that reads nodes from outside, or draws random numbers, belongs to objects of this
process; the function is traced anew where the copy is called. So it is where the names that the
function uses stand for something else by then.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any

from autograd_mini.compiler.replay import Replay
from autograd_mini.compiler.setup import Setup
from autograd_mini.compiler.tracing.reach import surroundings_of
from autograd_mini.compiler.tracing.record import Record
from autograd_mini.compiler.variant import Variant

if TYPE_CHECKING:
    from autograd_mini.compiler.compiled import Compiled


def packed(replays: Iterable[Replay]) -> list[bytes]:
    """Return a pickle for each form of arguments, without those that cannot be pickled."""
    found = []
    for replay in replays:
        records = [
            (variant.record.program, variant.record.tree, tokens)
            for variant in replay.variants
            if None not in (tokens := tokens_of(variant.record)).values()
        ]
        try:
            found.append(pickle.dumps((replay.aim, replay.plan, records)))
        except (pickle.PicklingError, TypeError, AttributeError):  # an argument of a local class
            continue
    return found


def unpacked(setup: Setup, pickles: Iterable[bytes]) -> Iterator[Replay]:
    """Yield what `packed` was given, made ready to run."""
    around = surroundings_of(setup.f)
    tokens = around.tokens()
    for content in pickles:
        aim, plan, records = pickle.loads(content)
        replay = Replay(setup, aim, plan)
        replay.variants = [
            Variant(setup, aim, plan, Record(program, tree, [], [], around.like(then)))
            for program, tree, then in records
            if then.items() <= tokens.items()
        ]
        yield replay


def tokens_of(record: Record) -> dict[str, str | None]:
    """Return what tells each thing apart that a record depends on, None where nothing does."""
    tokens = record.around.tokens()
    return tokens | {"what is of this process": None} if record.draws or record.captured else tokens


def named_like(f: Callable[..., Any]) -> Any:
    """Return what the name of a function stands for in its module, or its object, if anything."""
    if isinstance(f, MethodType):
        return getattr(f.__self__, f.__name__, None)
    found: Any = sys.modules.get(getattr(f, "__module__", None) or "")
    for name in getattr(f, "__qualname__", "").split("."):
        found = getattr(found, name, None)
    return found


def restored(
    kind: type[Compiled], setup: Setup, is_decorated: bool, pickles: Sequence[bytes]
) -> Compiled:
    """Return a compiled function that was pickled."""
    if is_decorated:
        setup = setup._replace(f=setup.f._setup.f)  # type: ignore[attr-defined]  # a Compiled
    compiled = kind(setup)
    for replay in unpacked(setup, pickles):
        compiled.adopt(replay)
    return compiled
