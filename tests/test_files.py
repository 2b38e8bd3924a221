"""Files that are whole or not there, and are refused when they are not what they should be."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from autograd_mini.errors import SavedFileError
from autograd_mini.files import (
    json_bytes,
    npz_bytes,
    read_json,
    read_npz,
    write_atomically,
)

ARRAYS = {"a/W": np.arange(6.0).reshape(2, 3) / 7, "b": np.array(-0.0), "n": np.array(3)}


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    error: type[BaseException],
) -> None:
    """Whatever goes wrong before the new content has the name, the old one stays, and no litter."""
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(*args: object) -> NoReturn:
        raise error

    monkeypatch.setattr(*((os, "fsync") if failing == "fsync" else (Path, "replace")), fail)
    with pytest.raises(error):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_new_content_is_on_the_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is flushed and synced while the old one still has the name."""
    path = tmp_path / "file"
    write_atomically(path, b"old")
    seen = []
    sync = os.fsync

    def spy(descriptor: int) -> None:
        seen.append((path.read_bytes(), os.fstat(descriptor).st_size))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    write_atomically(path, b"new content")
    assert seen[0] == (b"old", len(b"new content"))
    assert path.read_bytes() == b"new content"


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """Writing where there is no directory raises what Python raises."""
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing" / "file", b"")


def test_arrays_come_back_bit_for_bit(tmp_path: Path) -> None:
    """Names, shapes, dtypes and every bit survive; the sign of zero, too."""
    path = tmp_path / "a.npz"
    path.write_bytes(npz_bytes(ARRAYS))
    loaded = read_npz(path)
    assert loaded.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert loaded[name].dtype == array.dtype
        assert loaded[name].tobytes() == array.tobytes()
        assert loaded[name].shape == array.shape


def test_the_bytes_of_an_npz_do_not_depend_on_the_time() -> None:
    """No entry bears the time at which it was written."""
    with zipfile.ZipFile(io.BytesIO(npz_bytes(ARRAYS))) as archive:
        dates = {entry.date_time for entry in archive.infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    """No prefix of a file is taken for the file."""
    content, path = npz_bytes(ARRAYS), tmp_path / "a.npz"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(SavedFileError, match="damaged"):
            read_npz(path)


def test_a_changed_number_is_noticed(tmp_path: Path) -> None:
    """The checksum of an entry is verified."""
    content, path = bytearray(npz_bytes(ARRAYS)), tmp_path / "a.npz"
    position = content.index(ARRAYS["a/W"].tobytes())
    content[position + 12] ^= 1
    path.write_bytes(content)
    with pytest.raises(SavedFileError, match="damaged"):
        read_npz(path)


class Trap:
    """An object that, when unpickled, leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("kind", ["npz", "npy", "pickle"])
def test_nothing_in_a_file_is_executed(tmp_path: Path, kind: str) -> None:
    """A file with a pickle in it is refused, and the pickle is not opened."""
    trace, path = tmp_path / "trace", tmp_path / "a.npz"
    trap = np.array([Trap(trace)], dtype=object)
    with path.open("wb") as file:
        if kind == "npz":
            np.savez(file, a=trap)
        elif kind == "npy":
            np.save(file, trap)
        else:
            trap.dump(file)
    with pytest.raises(SavedFileError, match="plain arrays"):
        read_npz(path)
    assert not trace.exists()


def test_a_single_array_is_not_an_npz(tmp_path: Path) -> None:
    """NumPy's other format is refused."""
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(SavedFileError, match="not an npz file"):
        read_npz(path)


def test_json_comes_back(tmp_path: Path) -> None:
    """Numbers come back bit for bit, integers of any size too, and letters as they are."""
    document = {"format": "f", "format_version": 1, "x": 0.1 + 0.2, "n": 2**127 + 1, "s": "é"}
    assert read_json(json_bytes(document), tmp_path, "f", 1) == document
    assert read_json(json_bytes(document), tmp_path, "f", 2, 1) == document


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "damaged"),
        (b'{"format": "f", "form', "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[1]", "this is not an f"),
        (b'{"format": "g"}', "this is not an f"),
        (b'{"format": "f", "format_version": 2, "library_version": "9"}', "format version 2"),
    ],
)
def test_other_json_is_refused(content: bytes, expected: str) -> None:
    """What is cut off, of another format or of another version is refused, with the file named."""
    with pytest.raises(SavedFileError, match=expected) as caught:
        read_json(content, Path("model.json"), "f", 1)
    assert str(caught.value).startswith("model.json")
