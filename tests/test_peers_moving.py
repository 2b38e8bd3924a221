"""What moves, joins, picks and changes elements against PyTorch and JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from tests import test_peers as peers
from tests.test_peers import MATRIX, RNG, TIED, Peer

CUBE = RNG.normal(size=(2, 3, 4))


def moving(
    label: str,
    ours: Callable[..., Any],
    torch: Callable[..., Any] | None,
    *inputs: np.ndarray,
) -> Peer:
    """Return a function that JAX has under NumPy's name: `ours` takes the module first."""
    return Peer(
        label,
        lambda *x: ours(am, *x),
        torch,
        lambda j, *x: ours(j.numpy, *x),
        inputs or (CUBE,),
    )


MOVING = [
    moving("ravel", lambda m, x: m.ravel(x), lambda t, x: t.ravel(x)),
    moving("ravel in order F", lambda m, x: m.ravel(x, "F"), None),
    moving("squeeze", lambda m, x: m.squeeze(x[:1]), lambda t, x: t.squeeze(x[:1])),
    moving("swapaxes", lambda m, x: m.swapaxes(x, 0, 2), lambda t, x: t.swapaxes(x, 0, 2)),
    moving("mT", lambda m, x: x.mT, lambda t, x: x.mT),
    moving(
        "moveaxis",
        lambda m, x: m.moveaxis(x, (0, 1), (2, 0)),
        lambda t, x: t.moveaxis(x, (0, 1), (2, 0)),
    ),
    moving(
        "atleast_3d",
        lambda m, x: m.atleast_3d(x) * m.atleast_3d(x[0]),
        lambda t, x: t.atleast_3d(x) * t.atleast_3d(x[0]),
        MATRIX,
    ),
    moving("flip", lambda m, x: m.flip(x, (0, 2)), lambda t, x: t.flip(x, (0, 2))),
    moving("fliplr", lambda m, x: m.fliplr(x), lambda t, x: t.fliplr(x)),
    moving("flipud", lambda m, x: m.flipud(x), lambda t, x: t.flipud(x)),
    *(
        moving(f"rot90 {k}", lambda m, x, k=k: m.rot90(x, k), lambda t, x, k=k: t.rot90(x, k))
        for k in (-1, 1, 2)
    ),
    moving("roll", lambda m, x: m.roll(x, 5), lambda t, x: t.roll(x, 5)),
    moving(
        "roll over axes",
        lambda m, x: m.roll(x, (1, -1), (0, 2)),
        lambda t, x: t.roll(x, (1, -1), (0, 2)),
    ),
    moving("tile", lambda m, x: m.tile(x, (2, 1, 3)), lambda t, x: t.tile(x, (2, 1, 3))),
    moving("repeat", lambda m, x: m.repeat(x, 2, 1), lambda t, x: t.repeat_interleave(x, 2, dim=1)),
    moving(
        "repeat by counts",
        lambda m, x: m.repeat(x, np.array([1, 0, 2]), 1),
        lambda t, x: t.repeat_interleave(x, t.tensor([1, 0, 2]), dim=1),
    ),
    *(
        moving(
            f"pad {ours}",
            lambda m, x, ours=ours: m.pad(x, ((0, 0), (0, 0), (2, 1)), mode=ours),
            theirs and (lambda t, x, theirs=theirs: t.nn.functional.pad(x, (2, 1), theirs)),
        )
        for ours, theirs in {
            "edge": "replicate",
            "reflect": "reflect",
            "symmetric": None,
            "wrap": "circular",
        }.items()
    ),
    moving(
        "pad constant",
        lambda m, x: m.pad(x, ((0, 0), (1, 0), (2, 1)), constant_values=3.0),
        lambda t, x: t.nn.functional.pad(x, (2, 1, 1, 0), value=3.0),
    ),
    moving(
        "broadcast_arrays",
        lambda m, x, y: m.broadcast_arrays(x, y)[0] * m.broadcast_arrays(x, y)[1],
        lambda t, x, y: t.broadcast_tensors(x, y)[0] * t.broadcast_tensors(x, y)[1],
        MATRIX,
        MATRIX[:, :1],
    ),
    *(
        moving(
            name,
            lambda m, x, y, name=name: getattr(m, name)([x, y, x]),
            lambda t, x, y, name=name: getattr(t, name)([x, y, x]),
            MATRIX[0],
            MATRIX[1],
        )
        for name in ("stack", "vstack", "hstack", "dstack", "column_stack")
    ),
    moving(
        "append",
        lambda m, x, y: m.append(x, y),
        lambda t, x, y: t.cat([x.ravel(), y]),
        MATRIX,
        MATRIX[0],
    ),
    moving(
        "split",
        lambda m, x: m.split(x, [1, 3], 2)[1] * m.split(x, 4, 2)[0],
        lambda t, x: t.tensor_split(x, [1, 3], 2)[1] * t.tensor_split(x, 4, 2)[0],
    ),
    moving(
        "array_split",
        lambda m, x: m.array_split(x, 3, 2)[0],
        lambda t, x: t.tensor_split(x, 3, 2)[0],
    ),
    moving(
        "meshgrid",
        lambda m, x, y: m.meshgrid(x, y)[0] * m.meshgrid(x, y)[1],
        lambda t, x, y: t.mul(*t.meshgrid(x, y, indexing="xy")),
        MATRIX[0],
        MATRIX[1, :2],
    ),
    moving(
        "take",
        lambda m, x: m.take(x, np.array([2, 2, 0]), 1),
        lambda t, x: t.index_select(x, 1, t.tensor([2, 2, 0])),
    ),
    moving(
        "take_along_axis",
        lambda m, x: m.take_along_axis(x, np.array([[[0, 3, 3]]]), 2),
        lambda t, x: t.take_along_dim(x, t.tensor([[[0, 3, 3]]]), 2),
    ),
    *(
        moving(
            f"diagonal {offset}",
            lambda m, x, k=offset: m.diagonal(x, k, 1, 2),
            lambda t, x, k=offset: t.diagonal(x, k, 1, 2),
        )
        for offset in (0, 2, -1)
    ),
    moving("diag", lambda m, x: m.diag(x, -1), lambda t, x: t.diag(x, -1), MATRIX[0]),
    moving("tril", lambda m, x: m.tril(x, -1), lambda t, x: t.tril(x, -1)),
    moving("triu", lambda m, x: m.triu(x, 1), lambda t, x: t.triu(x, 1)),
    moving(
        "select",
        lambda m, x, y: m.select([MATRIX > 1.0, MATRIX > 0.0], [x, y], 0.5),
        lambda t, x, y: t.where(t.tensor(MATRIX > 1.0), x, t.where(t.tensor(MATRIX > 0.0), y, 0.5)),
        MATRIX,
        TIED,
    ),
    *(
        Peer(
            f"at {way} {index}",
            lambda x, y, way=way, index=index: getattr(x.at[index], way)(y),
            torch,
            lambda j, x, y, way=way, index=index: getattr(x.at[index], way)(y, unique_indices=True),
            (np.abs(CUBE), np.array([0.5, 1.5, 2.5, 3.5])),
        )
        for index in (
            1,
            (slice(None), np.array([2, 0])),
            (0, slice(None, None, 2)),
            CUBE[..., 0] > 0,
        )
        for way, torch in {
            "set": lambda t, x, y, index=index: assigned(x, index, y),
            "add": lambda t, x, y, index=index: assigned(x, index, x[index] + y),
            "subtract": None,
            "multiply": lambda t, x, y, index=index: assigned(x, index, x[index] * y),
            "divide": None,
            "power": lambda t, x, y, index=index: assigned(x, index, x[index] ** y),
            "min": None,
            "max": lambda t, x, y, index=index: assigned(x, index, t.maximum(x[index], y)),
        }.items()
    ),
    Peer(
        "at add twice",
        lambda x, y: x.at[np.array([1, 1, 0])].add(y),
        lambda t, x, y: x.index_add(0, t.tensor([1, 1, 0]), y.expand(3, 3)),
        lambda j, x, y: x.at[np.array([1, 1, 0])].add(y),
        (MATRIX, MATRIX[0]),
    ),
]


def assigned(x: Any, index: Any, y: Any) -> Any:
    """Return a copy of a PyTorch tensor with elements changed in place, as is usual there."""
    z = x.clone()
    z[index] = y
    return z


@pytest.mark.parametrize("peer", [peer for peer in MOVING if peer.torch], ids=str)
def test_against_pytorch(peer: Peer):
    """Result and gradients are PyTorch's."""
    peers.test_against_pytorch(peer)


@pytest.mark.parametrize("peer", MOVING, ids=str)
def test_against_jax(peer: Peer):
    """Result and gradients are JAX's, in double precision."""
    peers.test_against_jax(peer)
