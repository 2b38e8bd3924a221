"""Parameters as one vector and back: over Modules, dicts and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import ShapeError
from autograd_mini.nn.module import Module
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.value import data

Vector = npt.NDArray[Any]


def dictionary_to_vector(params: Any) -> Vector:
    """Return the numbers of all parameters in one vector, in order, as float64."""
    arrays = [np.ravel(data(entry)) for _, entry in named_entries(params)]
    return np.concatenate(arrays, dtype=np.float64) if arrays else np.zeros(0)


def vector_to_dictionary(vector: Any, like: Any) -> Any:
    """Return the numbers of a vector as arrays shaped like the parameters `like`.

    Returns:
        A dict for a Module or dict (one that `load_state_dict` takes), a list for a list.

    Raises:
        ShapeError: the vector is longer or shorter than the parameters.
    """
    vector = np.ravel(vector)
    entries = dict(named_entries(like))
    sizes = [np.size(data(entry)) for entry in entries.values()]
    if vector.size != sum(sizes):
        raise ShapeError(f"the vector has {vector.size} numbers, the parameters {sum(sizes)}")
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    arrays = {
        name: part.reshape(np.shape(data(entry)))
        for (name, entry), part in zip(entries.items(), parts, strict=True)
    }
    return arrays if isinstance(like, Module | Mapping) else list(arrays.values())


def gradients_to_vector(gradients: Any) -> Vector:
    """Return gradients in one vector, in order: the `.grad` of nodes, or plain arrays as they are.

    A node without a gradient counts as 0: the loss did not depend on it.
    """
    parts = []
    for _, entry in named_entries(gradients):
        for x in [entry] if isinstance(entry, Node) else np.ravel(np.asarray(entry)):
            grad = x if not isinstance(x, Node) else x.grad
            parts.append(np.ravel(np.zeros(np.shape(primal(x))) if grad is None else grad))
    return np.concatenate(parts, dtype=np.float64) if parts else np.zeros(0)


def named_entries(params: Any) -> Iterator[tuple[str, Any]]:
    """Yield each parameter with its name: a node, an object array or a float array."""
    if isinstance(params, Module):
        params = params.arrays()
    if isinstance(params, Mapping):
        yield from ((str(name), entry) for name, entry in params.items())
    elif isinstance(params, list | tuple):
        for position, entry in enumerate(params):
            yield getattr(entry, "name", None) or f"[{position}]", entry
    else:
        yield getattr(params, "name", None) or "parameter", params


def entry_dtype(entry: Any) -> np.dtype[Any]:
    """Return the floating-point type in which a parameter is stored."""
    dtype = getattr(primal(entry), "dtype", np.dtype(float))
    return dtype if dtype.kind == "f" else np.dtype(float)


def write(entry: Any, numbers: Any) -> None:
    """Set the numbers of a parameter: rebound in a node, in place in a plain array."""
    if isinstance(entry, Node):
        entry.data = numbers if entry.rank > 1 else float(numbers)
    elif is_object_array(entry):
        for node, number in zip(entry.flat, np.ravel(numbers), strict=True):
            node.data = float(number)
    else:
        entry[...] = numbers
