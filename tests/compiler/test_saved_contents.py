"""Constants and settings of saved programs: each comes back as it was, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from autograd_mini.compiler.saved.contents import decoded, encoded
from autograd_mini.errors import DataError

VALUES = [
    *(
        None,
        True,
        0,
        -(2**63),
        2**63,
        "é \n",
        0.1,
        -0.0,
        float("inf"),
        ...,
        (),
        (1, (2,)),
        [3, None],
    ),
    *(slice(None), slice(1, None, -2), np.dtype("float32"), np.float32(0.1), np.int64(-3)),
    *(np.bool_(True), np.array([True, False]), np.zeros((0, 3), np.int8), np.array(1.5)),
    *(np.arange(6.0).reshape(2, 3).T, np.array([np.nan, 1e-45, -np.inf], np.float32)),
    *(np.array([2**64 - 1], np.uint64), np.array([0.1], np.float16), np.array([0.1, 5e-324])),
]


@pytest.mark.parametrize("x", VALUES, ids=str)
def test_values_come_back(x: Any):
    """Each value, through JSON, with its type, dtype, every bit and its layout."""
    found = decoded(json.loads(json.dumps(encoded(x), allow_nan=False)))
    assert type(found) is type(x)
    if isinstance(x, np.ndarray):
        assert (found.dtype, found.shape, found.tobytes()) == (x.dtype, x.shape, x.tobytes())
        assert found.flags.c_contiguous == x.flags.c_contiguous
    assert repr(found) == repr(x)


@pytest.mark.parametrize(
    "x", [2**64, -(2**64), 1j, np.array([1j]), np.ones(2, ">f8"), print, {}], ids=str
)
def test_values_that_no_file_holds(x: Any):
    """What could not be read again is not written."""
    with pytest.raises(DataError, match="a file holds"):
        encoded(x)


@pytest.mark.parametrize(
    "document",
    [
        {"array": "0x1.0p+0", "dtype": "float64", "shape": [2], "order": "C"},
        {"array": "0x1.0000000000000p+0", "dtype": "float64", "shape": [-1], "order": "C"},
        {"array": "0x1.0000000000000p+0", "dtype": "object", "shape": [1], "order": "C"},
        {"array": "0x1.0000000000000p+0", "dtype": "float64", "shape": [1], "order": "K"},
        {"array": "0x1.0000000000000p+999", "dtype": "float32", "shape": [1], "order": "C"},
        {"array": "300", "dtype": "uint8", "shape": [1], "order": "C"},
        {"array": "2", "dtype": "bool", "shape": [1], "order": "C"},
        {"array": "1_0", "dtype": "int64", "shape": [1], "order": "C"},
        {"scalar": "1 2", "dtype": "int64"},
        {"float": "0x1p+9999"},
        {"slice": [None, None]},
        {"dtype": "object"},
        {"call": "os.system"},
        1.5,
        10**30,
    ],
    ids=str,
)
def test_other_values_are_refused(document: Any):
    """What was not written by `encoded` raises, and so does what is too large for its dtype."""
    with pytest.raises((ValueError, KeyError, OverflowError)):
        decoded(document)
