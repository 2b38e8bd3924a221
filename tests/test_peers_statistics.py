"""Products, scans, statistics and ordering against PyTorch and JAX.

Where conventions differ at ties, a peer is left out: PyTorch takes any of tied elements in sort and
topk, and the lower of two in the middle as the median; JAX takes the earlier one, as here. The
derivative of std at equal numbers is 0 in PyTorch, as here, and NaN in JAX.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from tests import test_peers as peers
from tests.test_peers import TIED, Peer

MATRIX = np.random.default_rng(12).normal(size=(2, 3))
ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0]])
EQUAL = np.array([[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]])
WEIGHTS = np.array([1.0, 2.0, 0.5])

ALONG_AN_AXIS = [
    ("var", am.var, lambda t, x, a: t.var(x, a, correction=0), lambda n, x, a: n.var(x, a)),
    (
        "var with ddof",
        lambda x, a: am.var(x, a, 1),
        lambda t, x, a: t.var(x, a),
        lambda n, x, a: n.var(x, a, ddof=1),
    ),
    (
        "std with ddof",
        lambda x, a: am.std(x, a, 1),
        lambda t, x, a: t.std(x, a),
        lambda n, x, a: n.std(x, a, ddof=1),
    ),
    ("prod", am.prod, lambda t, x, a: t.prod(x, a), lambda n, x, a: n.prod(x, a)),
    ("cumsum", am.cumsum, lambda t, x, a: t.cumsum(x, a), lambda n, x, a: n.cumsum(x, a)),
    ("cumprod", am.cumprod, lambda t, x, a: t.cumprod(x, a), lambda n, x, a: n.cumprod(x, a)),
    (
        "diff",
        lambda x, a: am.diff(x, axis=a),
        lambda t, x, a: t.diff(x, dim=a),
        lambda n, x, a: n.diff(x, axis=a),
    ),
    ("sort", am.sort, lambda t, x, a: t.sort(x, a).values, lambda n, x, a: n.sort(x, a)),
    (
        "quantile",
        lambda x, a: am.quantile(x, 0.3, a),
        lambda t, x, a: t.quantile(x, 0.3, a),
        lambda n, x, a: n.quantile(x, 0.3, a),
    ),
    ("median", am.median, None, lambda n, x, a: n.median(x, a)),
    (
        "ptp",
        am.ptp,
        lambda t, x, a: t.amax(x, a) - t.amin(x, a),
        lambda n, x, a: n.ptp(x, a),
    ),
]
CALLS = {name: calls for name, *calls in ALONG_AN_AXIS}
INPUTS = [
    *((name, MATRIX, True) for name in CALLS),
    *((name, ZEROS, True) for name in ("prod", "cumprod")),
    *((name, TIED, name == "ptp") for name in ("sort", "median", "ptp")),
]

ROWS: list[tuple[Any, ...]] = [
    *(
        (
            f"{name} over {a} of {array.tolist() if array is not MATRIX else 'a matrix'}",
            lambda x, f=CALLS[name][0], a=a: f(x, a),
            CALLS[name][1] and with_torch and (lambda t, x, f=CALLS[name][1], a=a: f(t, x, a)),
            lambda j, x, f=CALLS[name][2], a=a: f(j.numpy, x, a),
            (array,),
        )
        for name, array, with_torch in INPUTS
        for a in (0, 1)
    ),
    *(
        (
            f"softmax over {a}",
            lambda x, a=a: am.softmax(x, a),
            lambda t, x, a=a: t.softmax(x, a),
            lambda j, x, a=a: j.nn.softmax(x, a),
            (100.0 * MATRIX,),
        )
        for a in (0, 1)
    ),
    (
        "top_k",
        lambda x: am.top_k(x, 2),
        lambda t, x: t.topk(x, 2).values,
        lambda j, x: j.lax.top_k(x, 2)[0],
        (MATRIX,),
    ),
    ("top_k of tied", lambda x: am.top_k(x, 2), None, lambda j, x: j.lax.top_k(x, 2)[0], (TIED,)),
    (
        "median of an odd number",
        lambda x: am.median(x, 1),
        lambda t, x: t.median(x, 1).values,
        lambda j, x: j.numpy.median(x, 1),
        (MATRIX,),
    ),
    (
        "std of equal numbers",
        lambda x: am.std(x, 1),
        lambda t, x: t.std(x, 1, correction=0),
        None,
        (EQUAL,),
    ),
    (
        "average",
        lambda x, w: am.average(x, 1, w),
        lambda t, x, w: (x * w).sum(1) / w.sum(),
        lambda j, x, w: j.numpy.average(x, 1, w),
        (MATRIX, WEIGHTS),
    ),
]
PEERS = [Peer(*row) for row in ROWS]


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.torch], ids=str)
def test_against_pytorch(peer: Peer):
    """Result and gradients are PyTorch's."""
    peers.test_against_pytorch(peer)


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.jax], ids=str)
def test_against_jax(peer: Peer):
    """Result and gradients are JAX's, in double precision."""
    peers.test_against_jax(peer)
