"""Forms of arguments and results: what they are without their numbers, as JSON.

A form is "number", {"array": shape}, {"list": parts}, {"tuple": parts}, {"dict": [[key, part],
...]} or, where there is no number, {"is": value}. Programs of Tensors are for dtypes too: these
have {"float32": shape} for arrays of other dtypes, {"tensor": form} for Tensors, and {"scalar":
dtype} for numbers that are no floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.compiler.arrays.plan import as_leaf
from autograd_mini.compiler.saved.contents import DTYPES, decoded, encoded, name_of
from autograd_mini.compiler.saved.damage import check
from autograd_mini.errors import DataError
from autograd_mini.tape import is_object_array
from autograd_mini.tensor import Tensor


def form_to_json(tree: Any) -> Any:
    """Return the form of an argument or a result.

    Raises:
        DataError: there is something in it that a file cannot hold.
    """
    kind = type(tree)
    if kind is float:
        return "number"
    if kind is int:
        return {"scalar": "int"}
    if isinstance(tree, np.generic) and tree.dtype.kind in "fiu":
        return {"scalar": name_of(tree.dtype)}
    if kind is Tensor and tree.dtype.kind in "fiu":
        return {"tensor": form_to_json(tree.primal)}
    if kind is np.ndarray and tree.dtype.kind in "fiu":
        name = name_of(tree.dtype)
        return {"array" if name == "float64" else name: tree.shape}
    if kind is list or kind is tuple:
        return {kind.__name__: [form_to_json(part) for part in tree]}
    if kind is dict and all(type(key) in (str, int) for key in tree):
        return {"dict": [[key, form_to_json(part)] for key, part in tree.items()]}
    if tree is None or kind in (bool, str) or (kind is np.ndarray and tree.dtype.kind == "b"):
        return {"is": encoded(tree)}
    what = "an array of Values" if is_object_array(tree) else f"{kind.__name__} {tree!r:.60}"
    raise DataError(
        f"a saved program takes and returns numbers, arrays, None, strings, booleans, and dicts, "
        f"lists and tuples of those; got {what}. Pass arrays in place of nodes and Modules, as "
        "am.data(w) and model.state_dict() give them"
    )


def form_from_json(form: Any) -> Any:
    """Return an argument or a result of that form, with zeros for numbers."""
    if form == "number":
        return 0.0
    ((kind, value),) = check(form, dict).items()
    if kind == "scalar":
        return 0 if value == "int" else DTYPES[value].type(0)
    if kind == "tensor":
        return as_leaf(array_from(*check(value, dict).items()))
    if kind == "array" or kind in DTYPES:
        return array_from((kind, value))
    if kind == "list":
        return [form_from_json(part) for part in value]
    if kind == "tuple":
        return tuple([form_from_json(part) for part in value])
    if kind == "dict":
        keys = [check(key, str if isinstance(key, str) else int) for key, _ in value]
        if len({*keys}) != len(keys):
            raise ValueError(f"keys {keys}")
        return {key: form_from_json(part) for key, (_, part) in zip(keys, value, strict=True)}
    if kind == "is":
        x = decoded(value)
        if x is None or isinstance(x, str | bool) or (type(x) is np.ndarray and x.dtype == bool):
            return x
    raise ValueError(f"form {form!r:.60}")


def array_from(form: tuple[str, Any]) -> Any:
    """Return zeros of a dtype and shape, which take no memory."""
    kind, shape = form
    zero = np.zeros((), DTYPES["float64" if kind == "array" else kind])
    return np.broadcast_to(zero, [check(n, int) for n in shape])
