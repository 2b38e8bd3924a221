"""Files that hold no program, or a damaged one of Values: errors that say so."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini.errors import SavedFileError


def saved(path: Path) -> dict[str, Any]:
    """Save a small program and return its document."""
    step = am.compile(lambda x, y: {"z": x[0] * y + 2.0} if y > 0 else x[1], engine="numpy")
    batch = step.batched((0, None), reduce=None)
    batch(np.ones((2, 2)), 1.0)
    batch.save(path)
    return json.loads(path.read_bytes())


CHANGES: list[tuple[tuple[Any, ...], Any]] = [
    (("function",), None),
    (("exact",), 1),
    (("kind",), "Node"),
    (("kind",), "Tensor"),
    (("in_axes",), None),
    (("in_axes",), [0]),
    (("in_axes",), [5, None]),
    (("in_axes",), "0"),
    (("reduction",), "max"),
    (("replays",), 3),
    (("replays", 0), None),
    (("replays", 0, "kind"), "Tensor"),
    (("replays", 0, "mode"), "jvp"),
    (("replays", 0, "mode"), "gradient"),
    (("replays", 0, "argnums"), [0]),
    (("replays", 0, "arguments"), []),
    (("replays", 0, "arguments", 0), {"array": [2, 3]}),
    (("replays", 0, "arguments", 0), {"array": [2, 10**18]}),
    (("replays", 0, "arguments", 0), {"array": [-1]}),
    (("replays", 0, "arguments", 1), {"set": []}),
    (("replays", 0, "arguments", 1), {"is": 1}),
    (("replays", 0, "arguments", 1), {"dict": [["a", "number"], ["a", "number"]]}),
    (("replays", 0, "settings"), {"list": []}),
    (("replays", 0, "variants", 0, "result"), {"dict": []}),
    (("replays", 0, "variants", 0, "result"), {"array": [3]}),
    (("replays", 0, "variants", 0, "outputs"), [-1]),
    (("replays", 0, "variants", 0, "outputs"), [99]),
    (("replays", 0, "variants", 0, "outputs"), [True]),
    (("replays", 0, "variants", 0, "guards"), [[0, 1]]),
    (("replays", 0, "variants", 0, "entries"), []),
    (("replays", 0, "variants", 0, "entries", 0), "input x[0]"),
    (("replays", 0, "variants", 0, "entries", 0), 5),
    (("replays", 0, "variants", 0, "entries", 0), "constant 0x1p+0"),
    (("replays", 0, "variants", 0, "entries", 3), "constant one"),
    (("replays", 0, "variants", 0, "entries", 3), "constant 0x1p+9999"),
    (("replays", 0, "variants", 0, "entries", 3), ["constant", 2]),
    (("replays", 0, "variants", 0, "entries", 3), "ask greater 0 1"),
    (("replays", 0, "variants", 0, "entries", 3), "call os.system 0"),
    (("replays", 0, "variants", 0, "entries", 3), "apply no_such_primitive 0"),
    (("replays", 0, "variants", 0, "entries", 3), "apply multiply 0"),
    (("replays", 0, "variants", 0, "entries", 3), "apply multiply 0 3"),
    (("replays", 0, "variants", 0, "entries", 3), "apply multiply 0 -1"),
    (("replays", 0, "variants", 0, "entries", 3), "apply multiply 0 x"),
    (("replays", 0, "variants", 0, "entries", 3), "apply matmul 0 1"),
    (("replays", 0, "variants", 0, "entries", 3), "apply keep_mask"),
]


@pytest.mark.parametrize(("where", "what"), CHANGES)
def test_damaged_documents(tmp_path: Path, where: tuple[Any, ...], what: Any):
    """What does not fit is found when a file is read, not when it is replayed."""
    path = tmp_path / "f.json"
    document = saved(path)
    part = changed = copy.deepcopy(document)
    for key in where[:-1]:
        part = part[key]
    assert part[where[-1]] != what
    part[where[-1]] = what
    path.write_text(json.dumps(changed))
    with pytest.raises(SavedFileError, match=r"f\.json: "):
        am.load_program(path)


def test_missing_parts(tmp_path: Path):
    """Each part of a document is needed."""
    path = tmp_path / "f.json"
    document = saved(path)
    replay = document["replays"][0]
    for part in (document, replay, replay["variants"][0]):
        for key in [*part]:
            if key == "library_version":
                continue
            value = part.pop(key)
            path.write_text(json.dumps(document))
            with pytest.raises(SavedFileError, match=r"f\.json"):
                am.load_program(path)
            part[key] = value


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "damaged"),
        (b"\x80\x04.", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"format": "something else"}', "not an autograd_mini program"),
        (b"[]", "not an autograd_mini program"),
        (b'{"format": "autograd_mini program", "format_version": 3}', "format version 3"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, says: str):
    """A file of another kind or version says so."""
    path = tmp_path / "f.json"
    path.write_bytes(content)
    with pytest.raises(SavedFileError, match=says):
        am.load_program(path)


def test_a_deep_structure(tmp_path: Path):
    """A structure that is nested too deep to be read is damage, and no crash."""
    path = tmp_path / "f.json"
    document = saved(path)
    text = json.dumps(document).replace('"number"', '{"list": [' * 900 + "]}" * 900, 1)
    path.write_text(text)
    with pytest.raises(SavedFileError, match="damaged"):
        am.load_program(path)


def test_a_cut_file(tmp_path: Path):
    """A file that was cut off anywhere is refused."""
    path = tmp_path / "f.json"
    saved(path)
    content = path.read_bytes()
    for end in range(0, len(content) - 3, 29):
        path.write_bytes(content[:end])
        with pytest.raises(SavedFileError, match="damaged"):
            am.load_program(path)


def test_a_missing_file_and_a_wrong_engine(tmp_path: Path):
    """What is no matter of the content."""
    with pytest.raises(FileNotFoundError):
        am.load_program(tmp_path / "f.json")
    with pytest.raises(ValueError, match="engine is"):
        am.load_program(tmp_path / "f.json", engine="gpu")  # type: ignore[arg-type]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file is written beside the old one, which it replaces when it is whole."""
    path = tmp_path / "f.json"
    saved(path)
    before = path.read_bytes()

    def fail(*args: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        saved(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["f.json"]
