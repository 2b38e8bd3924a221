"""Random sources: nodes without operands, drawn anew each time they are computed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import ModuleType
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


def way_back(rng: Generator) -> Callable[[], None]:
    """Return what sets a generator of NumPy back to what it is now; others stay where they are."""
    if hasattr(rng, "bit_generator"):
        return partial(setattr, rng.bit_generator, "state", rng.bit_generator.state)
    if hasattr(rng, "get_state") and hasattr(rng, "set_state"):  # a RandomState
        return partial(rng.set_state, rng.get_state())
    return lambda: None


_source: ContextVar[Callable[[Generator], Generator]] = ContextVar("source", default=lambda g: g)


@contextmanager
def draw_from(source: Callable[[Generator], Generator]) -> Iterator[None]:
    """Draw inside from what `source` says for a generator, not from the generator itself."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


@contextmanager
def drawn_again(*, last: bool) -> Iterator[None]:
    """Draw inside what the next run will draw again; only the last one moves generators on."""
    if last:
        yield
        return
    copies: dict[int, Generator] = {}
    source = _source.get()
    with draw_from(lambda rng: copies.setdefault(id(rng), copy.deepcopy(source(rng)))):
        yield


def source_of(rng: Generator) -> Generator:
    """Return what is drawn from in the place of a generator."""
    return _source.get()(rng)


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
    if isinstance(rng, ModuleType):  # np.random, whose functions are methods of a generator
        rng = rng.random.__self__
    tracer = TRACER.get()
    if kind is None and tracer is not None:  # a plain array would be drawn once for all
        kind = tracer.kind
    dtype = np.dtype(float if kind is not None and kind.rank == 1 else dtype)
    params = {"shape": shape, "keep_prob": keep_prob, "rng": rng, "dtype": dtype}
    mask = _keep_mask.array(**params)
    if kind is None:
        return mask
    if kind.rank > 1:
        nodes: Any = record(kind, mask, _keep_mask, (), params)
    else:
        params["shape"] = ()
        nodes = np.empty(shape, dtype=object)
        for index, drawn in np.ndenumerate(mask):
            nodes[index] = record(kind, float(drawn), _keep_mask, (), params)
    if tracer is not None:
        tracer.drawn(nodes, keep_prob, rng)
    return nodes


_keep_mask = Primitive(
    "keep_mask",
    lambda shape, keep_prob, rng, dtype: np.asarray(
        source_of(rng).random(shape) < keep_prob, dtype=dtype
    ),
    arity=0,
)
