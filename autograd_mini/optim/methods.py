"""The methods: SGD, RMSprop, Adam and AdamW, each a formula over θ (parameters) and g (gradient).

They compute what the classes of the same names in `torch.optim` compute.
"""

from __future__ import annotations

import math

import numpy as np

from autograd_mini.optim.blocks import Array
from autograd_mini.optim.optimizer import Optimizer, Parameters
from autograd_mini.optim.ranges import require
from autograd_mini.optim.schedules import Schedule


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay if wanted.

    g ← g + weight_decay · θ
    b ← momentum · b + g
    θ ← θ - lr · b, or with `nesterov` θ - lr · (g + momentum · b)

    Args:
        params: a Module, or leaf nodes in a list.
        lr: the learning rate, or a schedule.
        momentum: how much of the last direction b stays, in [0, 1).
        nesterov: look one step ahead; needs momentum.
        weight_decay: the strength of the pull towards 0; as that of a penalty
            (weight_decay / 2) ‖θ‖² in the loss.

    Raises:
        ParameterError: there is no parameter, one twice, or one that is not a leaf node.
        SettingError: a setting is outside its range.

    Source: Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum
    in deep learning (2013), in the form of `torch.optim.SGD`, where lr does not go into b.
    """

    def __init__(
        self,
        params: Parameters,
        lr: Schedule | float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        require(0 <= momentum < 1, "SGD: momentum", momentum, "in [0, 1)")
        require(momentum > 0 or not nesterov, "SGD: momentum", momentum, "positive for nesterov")
        require(0 <= weight_decay < math.inf, "SGD: weight_decay", weight_decay, _DECAY)
        super().__init__(params, lr, slots=["momentum"] if momentum else [])
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay

    def update(
        self, theta: Array, g: Array, state: list[Array], t: int | Array, lr: float
    ) -> tuple[Array, list[Array]]:
        """Return the new θ and b."""
        if self.weight_decay:
            g = g + self.weight_decay * theta
        if not self.momentum:
            return theta - lr * g, []
        b = self.momentum * state[0] + g
        return theta - lr * (g + self.momentum * b if self.nesterov else b), [b]


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient.

    v ← decay · v + (1 - decay) · g²
    θ ← θ - lr · g / (√v + eps)

    Args:
        params: a Module, or leaf nodes in a list.
        lr: the learning rate, or a schedule.
        decay: how much of the mean square v stays, in [0, 1); `alpha` in PyTorch.
        eps: keeps the division away from 0; positive.

    Raises:
        ParameterError: there is no parameter, one twice, or one that is not a leaf node.
        SettingError: a setting is outside its range.

    Source: Tieleman and Hinton, Neural Networks for Machine Learning (2012), lecture 6.5, with the
    defaults of `torch.optim.RMSprop` and eps outside the root, as there.
    """

    def __init__(
        self,
        params: Parameters,
        lr: Schedule | float = 0.01,
        *,
        decay: float = 0.99,
        eps: float = 1e-8,
    ) -> None:
        require(0 <= decay < 1, "RMSprop: decay", decay, "in [0, 1)")
        require(0 < eps < math.inf, "RMSprop: eps", eps, _EPS)
        super().__init__(params, lr, slots=["mean_square"])
        self.decay = decay
        self.eps = eps

    def update(
        self, theta: Array, g: Array, state: list[Array], t: int | Array, lr: float
    ) -> tuple[Array, list[Array]]:
        """Return the new θ and v."""
        v = self.decay * state[0] + (1 - self.decay) * g * g
        return theta - lr * g / (np.sqrt(v) + self.eps), [v]


class Adam(Optimizer):
    """Momentum and RMSprop together, both corrected for their start at 0.

    m ← β₁ m + (1 - β₁) g,    m̂ = m / (1 - β₁ᵗ)
    v ← β₂ v + (1 - β₂) g²,   v̂ = v / (1 - β₂ᵗ)
    θ ← θ - lr · m̂ / (√v̂ + eps)

    Args:
        params: a Module, or leaf nodes in a list.
        lr: the learning rate, or a schedule.
        betas: β₁ and β₂, how much of the mean m and of the mean square v stays, each in [0, 1).
        eps: keeps the division away from 0; positive.

    Raises:
        ParameterError: there is no parameter, one twice, or one that is not a leaf node.
        SettingError: a setting is outside its range.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (2015), algorithm 1.
    """

    def __init__(
        self,
        params: Parameters,
        lr: Schedule | float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        name = type(self).__name__
        beta1, beta2 = betas
        require(0 <= beta1 < 1 and 0 <= beta2 < 1, f"{name}: betas", betas, "both in [0, 1)")
        require(0 < eps < math.inf, f"{name}: eps", eps, _EPS)
        super().__init__(params, lr, slots=["mean", "mean_square"])
        self.betas = betas
        self.eps = eps

    def update(
        self, theta: Array, g: Array, state: list[Array], t: int | Array, lr: float
    ) -> tuple[Array, list[Array]]:
        """Return the new θ, and m and v."""
        beta1, beta2 = self.betas
        m, v = state
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        return theta - lr * m_hat / (np.sqrt(v_hat) + self.eps), [m, v]


class AdamW(Adam):
    """Adam with weight decay beside the gradient, not in it.

    θ ← θ - lr · weight_decay · θ, then the step of Adam.

    Args:
        params: a Module, or leaf nodes in a list.
        lr: the learning rate, or a schedule.
        betas: β₁ and β₂ of Adam, each in [0, 1).
        eps: keeps the division away from 0; positive.
        weight_decay: the strength of the pull towards 0; 0 or more.

    Raises:
        ParameterError: there is no parameter, one twice, or one that is not a leaf node.
        SettingError: a setting is outside its range.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2, with
    lr in the decay too, as in `torch.optim.AdamW`.
    """

    def __init__(
        self,
        params: Parameters,
        lr: Schedule | float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        require(0 <= weight_decay < math.inf, "AdamW: weight_decay", weight_decay, _DECAY)
        super().__init__(params, lr, betas=betas, eps=eps)
        self.weight_decay = weight_decay

    def update(
        self, theta: Array, g: Array, state: list[Array], t: int | Array, lr: float
    ) -> tuple[Array, list[Array]]:
        """Return the new θ, and m and v."""
        return super().update(theta - lr * self.weight_decay * theta, g, state, t, lr)


_DECAY = "0 or more, and finite"
_EPS = "positive and finite"
