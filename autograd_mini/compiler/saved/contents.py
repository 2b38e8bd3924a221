"""What a program holds besides its structure, as JSON: constants, and settings of operations.

None, booleans, whole numbers and strings stand for themselves. A float is written in hexadecimal,
so that every bit is kept, and so are the elements of an array, one after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import DataError

Array = npt.NDArray[Any]

INTEGERS = [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]

DTYPES = {name: np.dtype(name) for name in ("float64", "float32", "float16", "bool", *INTEGERS)}
"""By name the dtypes of arrays in a file; they are the same on every machine."""

LARGEST = 2**64
"""No array of numbers has an integer as large as that."""


def encoded(x: Any) -> Any:
    """Return a value as JSON, from which `decoded` makes the same one, of the same type.

    Raises:
        DataError: a file cannot hold it.
    """
    kind = type(x)
    if x is None or kind in (bool, str) or (kind is int and abs(x) < LARGEST):
        return x
    if kind is float:
        return {"float": x.hex()}
    if x is Ellipsis:
        return {"ellipsis": None}
    if kind is tuple or kind is list:
        return {kind.__name__: [encoded(part) for part in x]}
    if kind is slice:
        return {"slice": [encoded(part) for part in (x.start, x.stop, x.step)]}
    if isinstance(x, np.dtype):
        return {"type": name_of(x)}
    if isinstance(x, np.generic):
        return {"dtype": name_of(x.dtype), "scalar": text_of(np.asarray(x))}
    if kind is np.ndarray:
        order = "F" if x.flags.f_contiguous and not x.flags.c_contiguous else "C"
        form = {"dtype": name_of(x.dtype), "shape": x.shape, "order": order}
        return {**form, "array": text_of(x.ravel(order))}
    raise DataError(
        f"a file holds numbers, arrays, texts and slices, got {kind.__name__} {x!r:.60}"
    )


def decoded(document: Any) -> Any:
    """Return the value that `encoded` has written.

    Raises:
        ValueError: it has not written that.
    """
    match document:
        case None | bool() | str():
            return document
        case int() if abs(document) < LARGEST:
            return document
        case {"float": str(text)}:
            return float.fromhex(text)
        case {"ellipsis": None}:
            return ...
        case {"tuple": [*parts]}:
            return tuple([decoded(part) for part in parts])
        case {"list": [*parts]}:
            return [decoded(part) for part in parts]
        case {"slice": [start, stop, step]}:
            return slice(decoded(start), decoded(stop), decoded(step))
        case {"type": str(name)}:
            return DTYPES[name]
        case {"scalar": str(text), "dtype": str(name)}:
            (x,) = elements_of(text, DTYPES[name])
            return x
        case {"array": str(text), "dtype": str(name), "shape": [*shape], "order": "C" | "F" as way}:
            array = elements_of(text, DTYPES[name]).reshape(shape, order=way)
            if array.shape == tuple(shape):  # no length was -1
                return array
    raise ValueError(f"value {document!r:.60}")


def text_of(array: Array) -> str:
    """Return the elements of an array as they follow one another."""
    if array.dtype.kind == "f":
        return " ".join([x.hex() for x in array.ravel().tolist()])
    return " ".join([str(int(x)) for x in array.ravel().tolist()])


def elements_of(text: str, dtype: np.dtype[Any]) -> Array:
    """Return the elements of an array.

    Raises:
        ValueError: they are not written as numbers of this dtype are.
    """
    read = float.fromhex if dtype.kind == "f" else int
    with np.errstate(all="ignore"):
        elements = np.array([read(x) for x in text.split()], dtype)
    if text_of(elements) != text:
        raise ValueError(f"elements {text!r:.60} of {dtype}")
    return elements


def name_of(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype.

    Raises:
        DataError: no file has it, since machines differ in it.
    """
    if dtype.name not in DTYPES or not dtype.isnative:
        raise DataError(
            f"a file holds arrays of {', '.join(DTYPES)}, got {dtype}; convert it, as in "
            "x.astype(float)"
        )
    return dtype.name
