"""Random sources: nodes without operands, drawn anew each time they are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np

from autograd_mini.primitive import Primitive
from autograd_mini.recording import record
from autograd_mini.tape import Node
from autograd_mini.tracer import TRACER


class Generator(Protocol):
    """Whatever draws uniform numbers from [0, 1): `np.random.default_rng(seed)`, for one."""

    def random(self, size: Any) -> Any:
        """Return an array of `size` numbers."""


_source: ContextVar[Callable[[Generator], Generator]] = ContextVar("source", default=lambda g: g)


@contextmanager
def draw_from(source: Callable[[Generator], Generator]) -> Iterator[None]:
    """Draw inside from what `source` says for a generator, not from the generator itself."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def keep_mask(
    kind: type[Node] | None,
    shape: tuple[int, ...],
    keep_prob: float,
    rng: Generator,
    dtype: Any = np.float64,
) -> Any:
    """Return a node of ones and zeros, `rng.random(shape) < keep_prob`; no gradient enters it.

    Args:
        kind: that of the node; `Value` gives an object array with a node for each element, None
            a plain array.
        shape: of the mask.
        keep_prob: the probability of a one.
        rng: the source.
        dtype: of the mask of a `Tensor`.
    """
    dtype = np.dtype(float if kind is not None and kind.rank == 1 else dtype)
    params = {"shape": shape, "keep_prob": keep_prob, "rng": rng, "dtype": dtype}
    if kind is None:
        return _keep_mask.array(**params)
    if kind.rank > 1:
        return record(kind, _keep_mask.array(**params), _keep_mask, (), params)
    mask = _keep_mask.array(**params)
    params["shape"] = ()
    nodes = np.empty(shape, dtype=object)
    for index, drawn in np.ndenumerate(mask):
        nodes[index] = record(kind, float(drawn), _keep_mask, (), params)
    tracer = TRACER.get()
    if tracer is not None:
        tracer.drawn(nodes, keep_prob, rng)
    return nodes


_keep_mask = Primitive(
    "keep_mask",
    lambda shape, keep_prob, rng, dtype: np.asarray(
        _source.get()(rng).random(shape) < keep_prob, dtype=dtype
    ),
    arity=0,
)
