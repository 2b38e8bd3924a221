"""Inverted dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import DataError, KeepProbError
from autograd_mini.ops.random import Generator, keep_mask
from autograd_mini.state import scope
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.value import Value


def dropout(a: Any, keep_prob: float, *, rng: Generator, training: bool = True) -> Any:
    """Return `a * D / keep_prob` with a fresh random mask D, or `a` itself when not training.

    D is 1 where `rng.random(shape) < keep_prob` and 0 elsewhere. Dividing by `keep_prob` keeps the
    expected value: E[dropout(a)] = a, so that nothing needs to change when not training (inverted
    dropout; Srivastava et al. 2014, JMLR 15:1929). The mask is a node of its own on the tape, a
    source without operands; the gradient is masked by the same D.

    Args:
        a: activations: a node, an object array of `Value`s, or plain numbers.
        keep_prob: the probability to keep an element, in (0, 1].
        rng: anything with `.random(shape)`, uniform on [0, 1).
        training: False gives the identity.

    Raises:
        KeepProbError: `keep_prob` is outside (0, 1].
        DataError: `rng` is no generator.
    """
    if not hasattr(rng, "random"):
        raise DataError(
            f"dropout draws from a generator, got rng={rng!r:.60}; make one, outside and once: "
            "rng = np.random.default_rng(0)"
        )
    if keep_prob == 1.0 or not training:
        check_keep_prob(keep_prob)
        return a
    keep_prob = check_keep_prob(keep_prob)
    shape, dtype = np.shape(primal(a)), getattr(primal(a), "dtype", np.dtype(float))
    if isinstance(a, Node):
        kind: type[Node] | None = type(a)
    else:
        kind = Value if is_object_array(a) else None
    with scope("dropout"):
        return a * keep_mask(kind, shape, keep_prob, rng, dtype) / keep_prob


def check_keep_prob(keep_prob: float) -> float:
    """Return `keep_prob` if it lies in (0, 1], else raise `KeepProbError`."""
    if not 0.0 < keep_prob <= 1.0:
        raise KeepProbError(
            f"keep_prob is the probability to keep a unit and lies in (0, 1], got {keep_prob!r}"
        )
    return float(keep_prob)
