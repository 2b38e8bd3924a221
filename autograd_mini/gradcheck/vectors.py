"""Parameters as one vector and back: over Modules, dicts and lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import DataError, ShapeError
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
    arrays = split(vector, like)
    if isinstance(like, Module | Mapping):
        names = like.arrays() if isinstance(like, Module) else like
        return dict(zip(names, arrays, strict=True))
    return arrays


def split(vector: Any, like: Any) -> list[Vector]:
    """Return the numbers of a vector as one array a parameter, each shaped like it.

    Raises:
        ShapeError: the vector is longer or shorter than the parameters.
    """
    vector = np.ravel(vector)
    shapes = [np.shape(data(entry)) for _, entry in named_entries(like)]
    ends = np.cumsum([math.prod(shape) for shape in shapes], dtype=int)
    if vector.size != sum(map(math.prod, shapes)):
        raise ShapeError(
            f"the vector has {vector.size} numbers, the parameters {sum(map(math.prod, shapes))}"
        )
    return [
        vector[end - math.prod(shape) : end].reshape(shape)
        for shape, end in zip(shapes, ends, strict=True)
    ]


def by_node(arrays: Sequence[Any], params: Any) -> dict[Node, Any]:
    """Return arrays shaped like the parameters as what belongs to each node of them."""
    found: dict[Node, Any] = {}
    for (_, entry), array in zip(named_entries(params), arrays, strict=True):
        if isinstance(entry, Node):
            found[entry] = array if entry.rank > 1 else float(array)
        else:
            found.update(zip(nodes_of(entry), map(float, np.ravel(array)), strict=True))
    return found


def gradients_to_vector(gradients: Any) -> Vector:
    """Return gradients in one vector, in order: the `.grad` of nodes, or plain arrays as they are.

    A node without a gradient counts as 0: the loss did not depend on it.
    """
    parts = []
    for _, entry in named_entries(gradients):
        for x in nodes_of(entry) or [entry]:
            grad = x.grad if isinstance(x, Node) else x
            parts.append(np.ravel(np.zeros(np.shape(primal(x))) if grad is None else grad))
    return np.concatenate(parts, dtype=np.float64) if parts else np.zeros(0)


def named_entries(params: Any) -> list[tuple[str, Any]]:
    """Return each parameter with its name: a node, an object array or an array of numbers.

    In a list a parameter is called by its own name, or by its position if it has none or shares it.
    """
    if isinstance(params, Module):
        params = params.arrays()
    if isinstance(params, Mapping):
        return [(str(name), entry) for name, entry in params.items()]
    if not isinstance(params, list | tuple):
        return [(getattr(params, "name", None) or "parameter", params)]
    names = [getattr(entry, "name", None) for entry in params]
    return [
        (name if name and names.count(name) == 1 else f"{name or ''}[{position}]", entry)
        for position, (name, entry) in enumerate(zip(names, params, strict=True))
    ]


def nodes_of(entry: Any) -> list[Node]:
    """Return the nodes of a parameter; none for an array of numbers."""
    if isinstance(entry, Node):
        return [entry]
    return list(entry.flat) if is_object_array(entry) else []


def entry_dtype(entry: Any) -> np.dtype[Any]:
    """Return the floating-point type in which a parameter is stored.

    Raises:
        DataError: it is neither a node nor an array of nodes or floats, so it cannot be moved.
    """
    if is_object_array(entry):
        return np.dtype(float)
    if isinstance(entry, Node):
        return getattr(entry.primal, "dtype", np.dtype(float))
    if not isinstance(entry, np.ndarray) or entry.dtype.kind != "f":
        raise DataError(
            "a parameter is a node, an object array of Values or an array of floats, got "
            f"{type(entry).__name__} {entry!r:.60}"
        )
    return entry.dtype
