"""Damaged files of programs of Tensors: errors that say where, and no wrong number."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as am
from autograd_mini.compiler.saved import loading
from autograd_mini.errors import AutogradError, DataError, SavedFileError, VariantError


def small(x: Any, i: Any, w: Any) -> Any:
    """Return results of many kinds of instructions."""
    z = np.where(x > 1.0, x @ w, -x)[i] if x[0, 0] > 0.0 else x.T * 2.0
    return {"z": z, "sum": np.sum(z, axis=0, keepdims=True), "all": np.max(z)}


ARGUMENTS = np.array([[1.0, 2.0], [-3.0, 0.5]]), np.array([1, 0]), np.eye(2)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return the document of a small function of Tensors, and that of one of Values."""
    path = tmp_path_factory.mktemp("documents") / "f.json"
    offset = am.Tensor([0.5, 0.25])
    of_tensors = am.compile(lambda *args: small(*args), kind=am.Tensor)
    of_tensors(*ARGUMENTS)
    of_tensors(-ARGUMENTS[0], *ARGUMENTS[1:])
    of_captured = am.compile(lambda x, i, w: np.sum(np.tanh(x + offset) @ w), kind=am.Tensor)
    of_captured.value_and_grad(*ARGUMENTS)
    of_values = am.compile(
        lambda x, i, w: (x @ w).sum() if x[0, 0] > 0 else w[0, 0], engine="numpy"
    )
    of_values.value_and_grad(*ARGUMENTS)
    found = []
    for step in (of_tensors, of_captured, of_values):
        step.save(path)
        found.append(json.loads(path.read_bytes()))
    return found


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each part of a document as what holds it and its key there."""
    keys = range(len(document)) if isinstance(document, list) else [*document]
    for key in keys:
        yield document, key
        if isinstance(document[key], list | dict):
            yield from places(document[key])


JUNK = st.sampled_from(
    [
        *(None, True, -1, 0, 1, 2, 5, 10**18, 2**64, 0.5, "", "x", "number", "0x1p+0", [], [0], {}),
        *(
            [2, 2],
            [2, 3],
            {"tensor": {"array": [2, 2]}},
            {"tuple": [0, 1]},
            {"slice": [0, 1, None]},
        ),
        *("apply tanh 0", "apply matmul 0 0", "ask greater 0 0", "ask any 0", "apply keep_mask"),
    ]
)


CHANGES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("kind",), "Value", r"replays\[0\]: .*kind 'Tensor'"),
    (("in_axes",), 0, "takes the whole batch itself"),
    (("mode",), "hessian", r"replays\[0\]: .*mode 'hessian'"),
    (("arguments", 0), {"float32": [-2, 2]}, r"replays\[0\]: .*negative"),
    (("arguments", 0), {"object": [2, 2]}, r"replays\[0\]: .*form"),
    (("arguments", 2), {"scalar": "int"}, "other inputs than its arguments"),
    (("variants", 0, "result"), {"list": []}, r"replays\[0\]: variants\[0\]: "),
    (("variants", 0, "shapes"), [None, [3], None], "is made of shape"),
    (("variants", 0, "constants"), [1], "other whole numbers"),
    (("variants", 0, "captured"), [1.5], r"variants\[0\]: .*value 1\.5"),
    (("variants", 0, "captured"), ["a"], "expected a number or an array"),
    (("variants", 0, "outputs"), [1], "other outputs than its results"),
    (("variants", 0, "entries", 2), ["input w", {}], r"entries\[2\]: .*'input w'"),
    (("variants", 0, "entries", 3), "apply matmul 0 3", r"entries\[3\]: .*position 3 of 3"),
    (("variants", 0, "entries", 3), "apply keep_mask", r"entries\[3\]: .*keep_mask of 0"),
    (("variants", 0, "entries", 3), "apply sum 0", r"entries\[3\]: .*sum of 1 operands with \[\]"),
    (("variants", 0, "entries", 3), ["apply sum 0", {"out": 0}], r"entries\[3\]: .*with \['out'\]"),
    (("variants", 0, "entries", 3), ["apply tanh 0", {"x": 0}], r"entries\[3\]: .*with \['x'\]"),
    (("reduction",), "mean", "reduction 'mean'"),
    (
        ("variants", 0, "entries", 3),
        ["ask any 0", {"axis": 0}],
        r"any of 1 operands with \['axis'\]",
    ),
    (("variants", 0, "entries", 3), ["ask less 0 0", {"axis": 0}], r"less of 2 .* \['axis'\]"),
    (("variants", 0, "entries", 3), "ask greater 0", r"entries\[3\]: .*greater of 1 operands"),
    (("variants", 0, "entries", 3), "ask os.system 0", r"entries\[3\]: KeyError"),
    (("variants", 0, "entries", 3), ["constant", {"tuple": []}], r"entries\[3\]: .*number or an"),
    (("variants", 0, "entries", 3), "apply no_such_primitive 0", "no primitive is named"),
]


@pytest.mark.parametrize(("where", "what", "says"), CHANGES)
def test_damaged_documents(
    documents: list[Any], tmp_path: Path, where: tuple[Any, ...], what: Any, says: str
):
    """What does not fit is found when a file is read, and it says where that is."""
    document = copy.deepcopy(documents[0])
    part = document if where[0] in document else document["replays"][0]
    for key in where[:-1]:
        part = part[key]
    assert part[where[-1]] != what
    part[where[-1]] = what
    (tmp_path / "f.json").write_text(json.dumps(document))
    with pytest.raises(SavedFileError, match=rf"f\.json: .*{says}"):
        am.load_program(tmp_path / "f.json")


@pytest.mark.parametrize(
    ("which", "where", "what", "says"),
    [
        (1, ("outputs",), [7, 7], r"results of shapes \[\(\), \(\)\], expected \[None, \(2, 2\)\]"),
        (1, ("outputs",), [5, 12], r"results of shapes \[\(2, 2\), \(2, 2\)\]"),
        (1, ("entries", 7, 1, "axis"), 7, "cannot be replayed: AxisError.* it is damaged, or"),
        (1, ("entries", 7, 1, "axis"), {"ellipsis": None}, "cannot be replayed: TypeError"),
        (0, ("guards",), [[8, False]], "cannot be replayed: ValueError.*more than one element"),
        (0, ("entries", 3, 1, "index"), {"tuple": [0, 9]}, "cannot be replayed: IndexError"),
    ],
)
def test_damage_that_is_found_at_the_first_replay(
    documents: list[Any], tmp_path: Path, which: int, where: tuple[Any, ...], what: Any, says: str
):
    """What fits until shapes are known is found then, and each time: no number comes out."""
    document = copy.deepcopy(documents[which])
    part = document["replays"][0]["variants"][0]
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = what
    (tmp_path / "f.json").write_text(json.dumps(document))
    loaded = am.load_program(tmp_path / "f.json")
    for _ in range(2):
        with pytest.raises(SavedFileError, match=rf"f\.json: .*{says}"):
            (loaded.value_and_grad if which else loaded)(*ARGUMENTS)


def test_arguments_of_any_size(
    documents: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A form is a few bytes, its plan as large as it says: programs of Values are counted first."""
    document = copy.deepcopy(documents[2])
    document["replays"][0]["arguments"][0] = {"array": [10**6, 10**6]}
    (tmp_path / "f.json").write_text(json.dumps(document))
    monkeypatch.setattr(loading, "Plan", None)
    with pytest.raises(SavedFileError, match="the arguments hold 1000000000006 numbers"):
        am.load_program(tmp_path / "f.json")


@given(data=st.data())
def test_damage(documents: list[Any], tmp_path_factory: pytest.TempPathFactory, data: Any):
    """Whatever is changed: there are results, or it is an error of this library that says it."""
    document = copy.deepcopy(data.draw(st.sampled_from(documents)))
    for _ in range(data.draw(st.integers(1, 2))):
        found = [*places(document)]
        owner, key = found[data.draw(st.integers(0, len(found) - 1))]
        how = data.draw(st.sampled_from(["replace", "remove", "swap"]))
        if how == "remove":
            del owner[key]
        elif how == "replace":
            owner[key] = copy.deepcopy(data.draw(JUNK))
        else:
            other, there = found[data.draw(st.integers(0, len(found) - 1))]
            owner[key] = copy.deepcopy(other[there])
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(json.dumps(document))
    errors: list[AutogradError] = []
    try:
        loaded = am.load_program(path, engine="numpy")
    except SavedFileError as error:
        errors.append(error)
    else:
        for call in (loaded, loaded.value_and_grad):
            for x in (ARGUMENTS[0], -ARGUMENTS[0]):
                with np.errstate(all="ignore"):
                    try:
                        call(x, *ARGUMENTS[1:])
                    except AutogradError as error:
                        errors.append(error)
    for error in errors:
        assert isinstance(error, SavedFileError | VariantError | DataError)
        assert "damaged.json" in str(error)
