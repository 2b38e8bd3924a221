"""Random sources: nodes without operands, drawn anew each time they are computed."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from autograd_mini.primitive import Primitive, record
from autograd_mini.tape import Node


class Generator(Protocol):
    """Whatever draws uniform numbers from [0, 1): `np.random.default_rng(seed)`, for one."""

    def random(self, size: Any) -> Any: ...


def keep_mask(kind: type[Node], shape: tuple[int, ...], keep_prob: float, rng: Generator) -> Any:
    """Return a node of 1s and 0s, `rng.random(shape) < keep_prob`; no gradient flows into it.

    For `Value`s it is an object array of `shape`, one node an element.
    """
    params = {"keep_prob": keep_prob, "rng": rng, "shape": shape}
    mask = _keep_mask.array(**params)
    if kind.rank > 1:
        return record(kind, mask, _keep_mask, (), params)
    params["shape"] = ()
    nodes = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        nodes[index] = record(kind, float(mask[index]), _keep_mask, (), params)
    return nodes


_keep_mask = Primitive(
    "keep_mask",
    lambda shape, keep_prob, rng: np.asarray(rng.random(shape) < keep_prob, dtype=float),
    arity=0,
)
