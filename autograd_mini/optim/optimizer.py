"""`Optimizer`: what all optimisers share: parameters, learning rate, steps, and state to save."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import ParameterError, StateError
from autograd_mini.optim.blocks import Array, TensorBlock, ValueBlock
from autograd_mini.optim.ranges import require
from autograd_mini.optim.schedules import Schedule, as_schedule
from autograd_mini.tape import Node, primal
from autograd_mini.tensor import Tensor
from autograd_mini.transforms import structure
from autograd_mini.value import Value


@runtime_checkable
class HasParameters(Protocol):
    """Whatever lists its parameters: an `nn.Module`, for one."""

    def parameters(self) -> Iterable[Any]:
        """Return the leaf nodes."""
        ...


Parameters = HasParameters | Iterable[Any]


class Optimizer:
    """The base of all optimisers; one of them is its `update` formula and little else.

    A step replaces the data of a parameter by a new array and changes none in place, so an older
    tape keeps the numbers that it was computed with. A parameter whose `.grad` is None is left
    alone by the step, and its state too, as in PyTorch.

    Args:
        params: a Module, or leaf nodes in a list; object arrays of `Value`s may be among them.
        lr: the learning rate, or a schedule: a function from the number of a step to its rate.
        slots: the names of the running quantities that `update` keeps for every parameter.

    Attributes:
        params: the leaf nodes that a step updates.
        schedule: the learning rate of each step.
        steps: how many steps were taken.

    Raises:
        ParameterError: there is no parameter, one twice, or one that is not a leaf node.
        SettingError: the learning rate is not positive and finite.
    """

    def __init__(self, params: Parameters, lr: Schedule | float, slots: Sequence[str] = ()) -> None:
        self.params = leaves(params)
        self.schedule = as_schedule(lr)
        self.steps = 0
        values = [p for p in self.params if isinstance(p, Value)]
        self._blocks: list[TensorBlock | ValueBlock] = [
            TensorBlock(p, slots) for p in self.params if isinstance(p, Tensor)
        ]
        if values:
            self._blocks.append(ValueBlock(values, slots))

    def update(
        self, theta: Array, g: Array, state: list[Array], t: int | Array, lr: float
    ) -> tuple[Array, list[Array]]:
        """Return the new parameters and the new state; the formula of the method.

        Args:
            theta: the parameters, an array of any shape.
            g: the gradient of the loss with respect to them, in that shape.
            state: one array of that shape for each slot, zero before the first update.
            t: how many updates these parameters have had, this one included; one number, or one
                for each of them.
            lr: the learning rate.
        """
        raise NotImplementedError

    @property
    def lr(self) -> float:
        """The learning rate of the next step.

        Raises:
            SettingError: the schedule gives a rate that is negative, infinite or NaN.
        """
        lr = float(self.schedule(self.steps))
        require(0 <= lr < math.inf, f"the learning rate of step {self.steps}", lr, "0 or more")
        return lr

    def step(self, gradients: Any = None) -> None:
        """Update every parameter that has a gradient, once.

        Args:
            gradients: what `value_and_grad` gave for the parameters: a Module, or numbers, arrays
                and nodes in any structure, in their order. They become the `.grad` of the
                parameters. By default those have theirs from `backward()`.

        Raises:
            ParameterError: there are not as many gradients as parameters.
            SettingError: the schedule gives a rate that is negative, infinite or NaN.
            ShapeError: a gradient has another shape than its parameter.
        """
        if gradients is not None:
            self.set_grads(gradients)
        lr = self.lr
        for block in self._blocks:
            block.check()
        for block in self._blocks:
            block.step(self.update, lr)
        self.steps += 1

    def set_grads(self, gradients: Any) -> None:
        """Set the `.grad` of every parameter; an array is spread over as many `Value`s."""
        found: list[Any] = []
        for g in map(primal, structure.leaves(gradients)):
            of_value = len(found) < len(self.params) and isinstance(self.params[len(found)], Value)
            found += np.ravel(g).tolist() if of_value and g.__class__ is not float else [g]
        if len(found) != len(self.params):
            raise ParameterError(
                f"step() was given {len(found)} gradients for {len(self.params)} parameters; give "
                "what value_and_grad returns beside the value, one for each parameter in order"
            )
        for p, g in zip(self.params, found, strict=True):
            p.grad = g

    def zero_grad(self) -> None:
        """Forget all gradients: set `.grad` to None, so that `backward()` starts anew."""
        for p in self.params:
            p.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all that steps have left here, for `np.savez` and the like.

        "step" is the number of steps; then, for each block, "updates.0" is how many updates it
        had and "momentum.0" and so on its slots. Each tensor is a block, in the order given; all
        `Value`s together are the last one. Settings and learning rate are not part of it.
        """
        state = {"step": np.array(self.steps)}
        for i, block in enumerate(self._blocks):
            for slot, array in {"updates": block.updates, **block.state}.items():
                state[f"{slot}.{i}"] = np.array(array)
        return state

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Take over a state saved by `state_dict`, of the same method on the same parameters.

        Raises:
            StateError: a name, shape or dtype is not what this optimiser has; nothing is changed.
        """
        expected = self.state_dict()
        if state.keys() != expected.keys():
            raise StateError(
                f"{type(self).__name__}: the state does not fit: "
                f"missing {sorted(expected.keys() - state.keys())}, "
                f"unknown {sorted(state.keys() - expected.keys())}; load it into the same method "
                "on the same parameters"
            )
        arrays = {name: np.array(array) for name, array in state.items()}
        for name, array in arrays.items():
            if (array.shape, array.dtype) != (expected[name].shape, expected[name].dtype):
                raise StateError(
                    f"{type(self).__name__}: {name!r} has shape {array.shape} and dtype "
                    f"{array.dtype}, expected {expected[name].shape} and {expected[name].dtype}; "
                    "load the state into the same method on the same parameters"
                )
        self.steps = int(arrays["step"])
        for i, block in enumerate(self._blocks):
            block.updates = arrays[f"updates.{i}"]
            for slot in block.state:
                block.state[slot] = arrays[f"{slot}.{i}"]


def leaves(params: Parameters) -> list[Node]:
    """Return the leaf nodes of a Module, or of a list of nodes and object arrays of `Value`s.

    Raises:
        ParameterError: there is none, one twice, or something that is not a leaf node.
    """
    if isinstance(params, Node):
        raise ParameterError("an optimiser takes a list of parameters; give [x] instead of x")
    listed = params.parameters() if isinstance(params, HasParameters) else params
    nodes: list[Node] = []
    for p in listed:
        nodes.extend(p.flat if isinstance(p, np.ndarray) else [p])
    for i, p in enumerate(nodes):
        if not isinstance(p, Value | Tensor):
            raise ParameterError(
                f"parameter {i} must be a Value or a Tensor, got {type(p).__name__} {p!r:.60}"
            )
        if p.primitive is not None:
            raise ParameterError(
                f"parameter {i} must be a leaf, got the result of {p.primitive.name}, which is "
                "computed from other nodes; give those, or .detach() it before it is used"
            )
    if not nodes:
        raise ParameterError("an optimiser needs at least one parameter, got none")
    if len(set(nodes)) < len(nodes):
        twice = next(i for i, p in enumerate(nodes) if p in set(nodes[:i]))
        raise ParameterError(
            f"parameter {twice} is listed twice and would be updated twice a step; list it once"
        )
    return nodes
