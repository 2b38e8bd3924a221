"""A rule that is slightly wrong, to be found."""

from __future__ import annotations

import math

import numpy as np

from autograd_mini.primitive import Elementwise


def tanh_with_slope(factor: float) -> Elementwise:
    """Return a tanh whose derivative is off by a factor."""
    return Elementwise("tanh_off", math.tanh, np.tanh, lambda z, x: factor * (1.0 - z * z))
