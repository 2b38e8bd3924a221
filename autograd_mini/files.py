"""Files that are whole or not there: written at once, and the same bytes for the same numbers."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import SavedFileError

Array = npt.NDArray[Any]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, it holds its old content or the new one.

    The content goes into a file beside it, onto the disk, and only then takes the name.

    Raises:
        OSError: the file cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    if os.name == "posix":  # the new name must reach the disk too; elsewhere there is no way to say
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays in NumPy's npz format, without pickles.

    The same arrays give the same bytes: NumPy writes 1980 as the date of every entry.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]  # its stub takes arrays for a flag
    return buffer.getvalue()


def read_npz(path: Path) -> dict[str, Array]:
    """Read what `npz_bytes` gave; nothing in the file is executed.

    Raises:
        OSError: the file cannot be read.
        SavedFileError: it is damaged, holds pickles or is another kind of file.
    """
    try:
        loaded = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            return dict(loaded)
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        pass
    raise SavedFileError(f"{path}: the file is damaged, or is not an npz file of plain arrays")


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON; numbers come back from it bit for bit."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def read_json(content: bytes, path: Path, kind: str, version: int, *older: int) -> dict[str, Any]:
    """Read what `json_bytes` gave of a document that says its "format" and "format_version".

    Args:
        content: the JSON.
        path: what messages call it.
        kind: the format that is expected.
        version: the version of the format that this library writes.
        older: others that it reads.

    Raises:
        SavedFileError: it is damaged, or has another format or version.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SavedFileError(f"{path}: the file is damaged: {error}") from None
    if not isinstance(document, dict) or document.get("format") != kind:
        raise SavedFileError(f"{path}: this is not an {kind}")
    if document.get("format_version") not in (version, *older):
        raise SavedFileError(
            f"{path}: the file has format version {document.get('format_version')}, and this "
            f"version of the library reads {version}; use the version that wrote it "
            f"({document.get('library_version')})"
        )
    return document
