"""Plant small faults in the table and the sweep, and see whether the tests find them.

    python -m tests.tools.mutants [ROOM ...] [--rules] [--percent N] [--again]

A mutant is tried in a process of its own, forked from one that has imported the packages below but
nothing of this one: first on the rows of the functions that the fault may reach, the nearest
first, then on the files of tests that name them. The first failure kills it, and so does running
for too long. What is found is kept, so that a run may be interrupted. It needs POSIX.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.machinery
import importlib.util
import json
import os
import re
import resource
import signal
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import numpy as np
import pytest
import scipy.linalg
import scipy.special

from tests.tools.equivalent import EQUIVALENT
from tests.tools.mutations import Mutant, mutants_of, unchanged
from tests.tools.sources import ROOMS, ROOT, SWEEPS, module

PRELOADED = (hypothesis, np, pytest, scipy.linalg, scipy.special)
TIME = 180  # seconds for one mutant
MEMORY = 6 << 30
FILES = 6  # of tests for one mutant
WORKERS = 2
OUTCOMES = ("rows", "tests", "time", "survived")
TABLE_TESTS = [
    *sorted((ROOT / "tests" / "ops").glob("test_*.py")),
    *(
        ROOT / "tests" / f"test_{name}.py"
        for name in ("kinds", "objects", "tensor", "value", "primitive")
    ),
    ROOT / "tests" / "nn" / "test_dropout.py",
]
WHOLE = ("test_analytic",)  # names nothing: it goes over the whole registry
SWEEP_TESTS = [
    *("test_sweep", "test_primitive", "test_mutation", "test_value", "test_tensor", "test_tape"),
    *("test_anomaly", "test_threads", "test_kinds", "test_micrograd_code"),
    *("transforms/test_gradients", "transforms/test_checkpoint"),
]
SWEEP_ROWS = (
    *("multiply", "add", "where", "sum", "mean", "max", "matmul", "getitem", "concatenate"),
    *("clip", "power", "hypot", "checkpoint", "greater", "broadcast_to", "einsum"),
)


class Planted(importlib.machinery.SourceFileLoader):
    """Loads one module from the source of a mutant, everything else as ever."""

    def __init__(self, mutant: Mutant) -> None:
        name = f"autograd_mini.{mutant.room}"
        super().__init__(name, str(ROOT / f"{name.replace('.', '/')}.py"))
        self.code = mutant.code

    def find_spec(self, name: str, *_: Any) -> Any:
        """Return how the mutated module is imported; None for any other."""
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def get_code(self, fullname: str) -> Any:
        """Return the mutant, compiled."""
        return compile(self.code, self.path, "exec", dont_inherit=True)


def attempt(mutant: Mutant) -> None:
    """Try a mutant, and end this process with the position of the outcome in `OUTCOMES`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(TIME)  # ends the process
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, Planted(mutant))  # type: ignore[arg-type]  # finds and loads
    sys.dont_write_bytecode = True
    outcome = "rows"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try_rows(mutant)
        outcome = "tests"
        files = [str(path) for path in test_files(mutant)]
        options = ["-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
        if not files or pytest.main([*options, *files]) == 0:
            outcome = "survived"
    finally:
        os._exit(OUTCOMES.index(outcome))


def try_rows(mutant: Mutant) -> None:
    """Check the rows of what the fault may affect; what raises, an import too, finds it."""
    rows = importlib.import_module("tests.table").ROWS
    check = importlib.import_module("tests.checks").check
    levels = [SWEEP_ROWS] if mutant.room in SWEEPS else mutant.affected
    for name in dict.fromkeys(name for level in levels for name in level):
        for case in rows.get(name, ()):
            check(case)


def test_files(mutant: Mutant) -> list[Path]:
    """Return the tests to try: those that name most what the fault affects come first."""
    if mutant.room in SWEEPS:
        return [ROOT / "tests" / f"{name}.py" for name in SWEEP_TESTS]
    names = {name for level in mutant.affected[:4] for name in level if name.isidentifier()}
    word = re.compile(rf"\b({'|'.join(map(re.escape, sorted(names)))})\b")
    room = mutant.room.removeprefix("ops.")
    found = {}
    for path in TABLE_TESTS:
        count = len(word.findall(path.read_text())) + 1000 * (path.stem in (f"test_{room}", *WHOLE))
        if count and path.stem != "test_rows":
            found[path] = count
    return sorted(found, key=lambda path: -found[path])[:FILES]


def run(mutants: Iterator[Mutant]) -> Iterator[tuple[Mutant, str]]:
    """Yield mutants with what became of them, several at a time."""
    running: dict[int, Mutant] = {}
    for mutant in mutants:
        if len(running) == WORKERS:
            yield finished(running)
        pid = os.fork()
        if not pid:
            attempt(mutant)
        running[pid] = mutant
    while running:
        yield finished(running)


def finished(running: dict[int, Mutant]) -> tuple[Mutant, str]:
    """Wait for the next process to end; return its mutant and the outcome."""
    pid, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    return running.pop(pid), "time" if code < 0 else OUTCOMES[code]


def chosen(room: str, args: argparse.Namespace, known: dict[str, Any]) -> Iterator[Mutant]:
    """Yield the mutants of a room that are still to be tried."""
    for mutant in mutants_of(room, rules=args.rules):
        before = known.get(mutant.key)
        sampled = zlib.crc32(mutant.key.encode()) % 100 < args.percent
        if (sampled and before is None) or (args.again and before and alive(before)):
            yield mutant


def still_there(one: dict[str, Any]) -> bool:
    """Return whether what a mutant changed is in its module as it is now."""
    return one["before"] in " ".join(line.strip() for line in module(one["room"]).lines)


def alive(one: dict[str, Any]) -> bool:
    """Return whether no test found a mutant that computes something else."""
    return one["outcome"] == "survived" and not reason(one)


def report(known: dict[str, Any], rooms: list[str]) -> str:
    """Return the table by room, and every survivor."""
    head = ["room", "mutants", "by rows", "by tests", "by time", "equivalent", "survived"]
    lines = [head, ["---"] * len(head)]
    survivors, totals = [], Counter[str]()
    for rule in (True, False):
        for room in rooms:
            ones = [one for one in known.values() if one["room"] == room and one["rule"] is rule]
            counts = Counter(one["outcome"] for one in ones)
            alive = [one for one in ones if one["outcome"] == "survived"]
            equal = [one for one in alive if reason(one)]
            counts["equivalent"], counts["survived"] = len(equal), len(alive) - len(equal)
            counts["mutants"] = len(ones)
            survivors += [one for one in alive if one not in equal]
            totals.update({f"{name} {rule}": n for name, n in counts.items()})
            if ones:
                lines.append(row(f"{room}{'' if rule else ', the rest'}", counts))
        counts = Counter({k.split()[0]: n for k, n in totals.items() if k.endswith(f" {rule}")})
        lines.append(row("**rules**" if rule else "**the rest**", counts))
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join([table, *map(described, survivors)])


def row(name: str, counts: Counter[str]) -> list[str]:
    """Return a row of the table."""
    return [name, *(str(counts[c]) for c in ("mutants", *OUTCOMES[:3], "equivalent", "survived"))]


def described(one: dict[str, Any]) -> str:
    """Return a survivor: where it is, and the line before and after."""
    where = f"autograd_mini/{one['room'].replace('.', '/')}.py:{one['line']}"
    rule = "rule" if one["rule"] else "rest"
    return f"{where} ({rule}, {one['operator']} #{one['nth']})\n- {one['before']}\n+ {one['after']}"


def reason(one: dict[str, Any]) -> str:
    """Return why a mutant computes the same, or is as right; "" where it is not known to."""
    for (room, before, after), why in EQUIVALENT.items():
        found = re.search(before, one["before"]) and re.search(after, one["after"])
        if found and room in ("", one["room"]):
            return why
    return ""


def main() -> None:
    """Try what is asked for and has not been tried, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    every = [*ROOMS, *SWEEPS]
    parser.add_argument("rooms", nargs="*", help=f"of {', '.join(every)}")
    parser.add_argument("--rules", action="store_true", help="only mutants of rules")
    parser.add_argument("--percent", type=int, default=100, help="so many of them, at random")
    parser.add_argument("--again", action="store_true", help="try survivors again")
    parser.add_argument("--out", type=Path, default=ROOT / ".mutants.json", help="what is known")
    parser.add_argument("--check", action="store_true", help="only try rooms without a fault")
    parser.add_argument("--print", action="store_true", help="only print what is known")
    args = parser.parse_args()
    os.nice(2)
    os.chdir(ROOT)
    known = json.loads(args.out.read_text()) if args.out.exists() else {}
    known = {key: one for key, one in known.items() if still_there(one)}
    rooms = args.rooms or every
    if args.check:
        for mutant, outcome in run(map(unchanged, rooms)):
            print(f"{mutant.room}: {outcome}", flush=True)  # "survived", or the tests say nothing
        return
    for room in [] if args.print else rooms:
        for mutant, outcome in run(chosen(room, args, known)):
            kept = {k: v for k, v in vars(mutant).items() if k not in ("code", "affected")}
            known[mutant.key] = {**kept, "outcome": outcome}
            args.out.write_text(json.dumps(known, indent=1, ensure_ascii=False))
            print("." if outcome != "survived" else "S", end="", flush=True)
        print(f" {room}")
    print(report(known, rooms))


if __name__ == "__main__":
    main()
