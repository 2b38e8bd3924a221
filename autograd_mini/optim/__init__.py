"""Optimisers, which move parameters against their gradients, and learning-rate schedules."""

from autograd_mini.optim.methods import SGD, Adam, AdamW, RMSprop
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.optim.schedules import Schedule, constant, cosine, step_decay, warm_up

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "constant",
    "cosine",
    "step_decay",
    "warm_up",
]
