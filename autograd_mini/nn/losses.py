"""Losses: scalars, the mean over the m samples of a sum over the outputs of each.

Predictions are nodes, object arrays or lists of `Value`s, with one sample a row: (m,) or (m, k).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.ops.elementwise import equal, relu, softplus, square, where, xlog1py, xlogy
from autograd_mini.ops.linalg import vdot
from autograd_mini.ops.one_hot import one_hot
from autograd_mini.ops.reductions import sum as sum_
from autograd_mini.ops.softmaxes import log_softmax
from autograd_mini.recording import constant
from autograd_mini.state import scope
from autograd_mini.tape import Node, is_object_array, primal
from autograd_mini.tensor import Tensor
from autograd_mini.text import summary
from autograd_mini.tracer import TRACER
from autograd_mini.value import primals


def squared_error(prediction: Any, target: Any) -> Any:
    """Return 1/m Σ (a - y)².

    Args:
        prediction: a, (m,) or (m, k).
        target: y, of the same shape.

    Raises:
        ShapeError: the shapes differ.
    """
    m, a, y = batch("squared_error", prediction, target)
    with scope("squared_error"):
        return sum_(square(a - y)) / m


def binary_cross_entropy(probability: Any, target: Any) -> Any:
    """Return -1/m Σ (y log a + (1 - y) log(1 - a)), with 0 log 0 = 0.

    From logits use `binary_cross_entropy_with_logits`, which does not lose digits near 0 and 1.

    Args:
        probability: a, in [0, 1], (m,) or (m, k).
        target: y, in [0, 1], of the same shape.

    Raises:
        ShapeError: the shapes differ.
        ValueError: a probability or a target is outside [0, 1].
    """
    m, a, y = batch("binary_cross_entropy", probability, target)
    check("binary_cross_entropy: targets", y, is_probability, "from 0 to 1")
    check(
        "binary_cross_entropy: probabilities",
        a,
        is_probability,
        "from 0 to 1 (for logits there is binary_cross_entropy_with_logits)",
    )
    with scope("binary_cross_entropy"):
        return sum_(xlogy(y, a) + xlog1py(1.0 - y, -a)) / -m


def binary_cross_entropy_with_logits(logits: Any, target: Any) -> Any:
    """Return the binary cross-entropy of a = σ(z): 1/m Σ (y softplus(-z) + (1 - y) softplus(z)).

    Args:
        logits: z, (m,) or (m, k).
        target: y, in [0, 1], of the same shape.

    Raises:
        ShapeError: the shapes differ.
        ValueError: a target is outside [0, 1].
    """
    m, z, y = batch("binary_cross_entropy_with_logits", logits, target)
    check("binary_cross_entropy_with_logits: targets", y, is_probability, "from 0 to 1")
    with scope("binary_cross_entropy_with_logits"):
        return sum_(y * softplus(-z) + (1.0 - y) * softplus(z)) / m


def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """Return -1/m Σ y log softmax(z).

    Args:
        logits: z, (m, k).
        labels: the classes, integers 0 ... k - 1 of shape (m,), or their probabilities y, (m, k).

    Raises:
        ShapeError: the shapes do not fit.
        ValueError: a label is not one of the k classes.
    """
    logits = as_array("softmax_cross_entropy", logits)
    shape = np.shape(primal(logits))
    if len(shape) != 2:
        raise ShapeError(f"softmax_cross_entropy: logits must have shape (m, k), got {shape}")
    classes = np.shape(primal(labels)) == shape[:1] and shape[0] > 0
    if classes:
        traced = TRACER.get() is not None and isinstance(labels, Tensor)
        if is_object_array(labels):
            check(
                "softmax_cross_entropy: labels",
                labels,
                lambda y: (y >= 0) & (y < shape[1]) & (y == np.floor(y)),
                f"integers from 0 to {shape[1] - 1}",
            )
        labels = one_hot(labels if traced else np.asarray(labels), shape[1], primal(logits).dtype)
    m, z, y = batch("softmax_cross_entropy", logits, labels)
    if not classes:
        check("softmax_cross_entropy: labels", y, is_probability, "classes, or from 0 to 1")
    with scope("softmax_cross_entropy"):
        log_p, weights = log_softmax(z), y / -m
        loss = vdot(log_p, weights)
        if (TRACER.get() is not None and not isinstance(loss, Tensor)) or not np.isfinite(loss):
            # A class is masked, or out of reach: 0 log 0 = 0.
            log_p = where(equal(y, 0.0) * equal(log_p, -np.inf), 0.0, log_p)
            loss = vdot(log_p, weights)
        return loss


def hinge(scores: Any, target: Any) -> Any:
    """Return 1/m Σ max(0, 1 - y s).

    Args:
        scores: s, (m,) or (m, k).
        target: y, -1 or 1, of the same shape.

    Raises:
        ShapeError: the shapes differ.
        ValueError: a target is neither -1 nor 1.
    """
    m, s, y = batch("hinge", scores, target)
    check("hinge: targets", y, lambda y: np.abs(y) == 1, "-1 or 1")
    with scope("hinge"):
        return sum_(relu(1.0 - y * s)) / m


def batch(loss: str, prediction: Any, target: Any) -> tuple[int, Any, Any]:
    """Return m, prediction and target after checking that the two have one shape."""
    prediction, target = as_array(loss, prediction), as_array(loss, target)
    shape, target_shape = np.shape(primal(prediction)), np.shape(primal(target))
    if 0 in shape:
        raise ShapeError(f"{loss}: there is no sample in shape {shape}, so no mean over samples")
    if shape != target_shape:
        raise ShapeError(
            f"{loss}: the prediction has shape {shape} and the target {target_shape}; they must "
            "agree, or broadcasting would pair each sample with every other. Reshape one of them, "
            "for instance with .reshape(-1, 1)"
        )
    if isinstance(prediction, Tensor) and not isinstance(target, Node):
        target = np.asarray(target, dtype=prediction.dtype)  # float32 predictions stay float32
    return (shape[0] if shape else 1), prediction, target


def as_array(loss: str, x: Any) -> Any:
    """Return a list of numbers or `Value`s as an array, and anything else as it is."""
    return constant(loss, x) if isinstance(x, list | tuple) else x


def check(what: str, x: Any, holds: Callable[[Any], Any], expected: str) -> None:
    """Raise `ValueError` unless all numbers are such as the loss is made for.

    While a function is traced the nodes are asked, so that each replay asks, too.
    """
    if not np.all(holds(primals(x) if TRACER.get() is None else x)):
        raise ValueError(f"{what} must be {expected}, got {summary(primals(x))}")


def is_probability(x: Any) -> Any:
    """Return where numbers lie in [0, 1]."""
    return (x >= 0) & (x <= 1)
