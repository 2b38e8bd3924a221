"""`Module`: an object that owns parameters, its own and those of the modules inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import StateError
from autograd_mini.primitive import scope
from autograd_mini.tape import Node, is_object_array
from autograd_mini.value import data, write

_calling: ContextVar[Module | None] = ContextVar("calling", default=None)
"""The module whose `forward` is running."""


class Module:
    """A part of a network.

    Its parameters are its attributes that are nodes or object arrays of `Value`s, its parts those
    that are Modules, also where they lie in a list or dict. Nothing has to be registered.
    """

    training: bool = True

    def __call__(self, *inputs: Any) -> Any:
        """Compute `forward`; the nodes that it makes carry this module's name as their scope."""
        parent = _calling.get()
        names = (name for name, item in parent._items() if item is self) if parent else iter(())
        token = _calling.set(self)
        try:
            with scope(next(names, type(self).__name__)):
                return self.forward(*inputs)
        finally:
            _calling.reset(token)

    def forward(self, *inputs: Any) -> Any:
        """Return the output; what a subclass defines."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward()")

    def arrays(self) -> dict[str, Any]:
        """Return every parameter as it is stored, a node or an object array, by dotted name."""
        found: dict[str, Any] = {}
        for name, item in self._items():
            if isinstance(item, Module):
                found |= {f"{name}.{own}": array for own, array in item.arrays().items()}
            elif isinstance(item, Node) or is_object_array(item):
                found[name] = item
        return found

    def named_parameters(self) -> Iterator[tuple[str, Node]]:
        """Yield every leaf with its name; an element of an object array is called `name[i,j]`."""
        for name, array in self.arrays().items():
            if isinstance(array, Node):
                yield name, array
            else:
                for index, node in np.ndenumerate(array):
                    yield f"{name}[{','.join(map(str, index))}]", node

    def parameters(self) -> list[Node]:
        """Return every leaf: a `Value` for each number, or a `Tensor` for each array."""
        return [node for _, node in self.named_parameters()]

    def weights(self) -> list[Any]:
        """Return the weights without the biases, as stored: what L2 regularisation shrinks.

        They are the parameters whose own name starts with W or w.
        """
        return [array for name, array in self.arrays().items() if name.split(".")[-1][0] in "Ww"]

    def zero_grad(self) -> None:
        """Forget the gradients: set the `.grad` of every parameter to None."""
        for node in self.parameters():
            node.grad = None

    def train(self) -> Self:
        """Switch on what acts in training only, such as dropout; return this module."""
        return self._set_training(True)

    def eval(self) -> Self:
        """Switch off what acts in training only, such as dropout; return this module."""
        return self._set_training(False)

    def state_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of the numbers of every parameter, by the names of `arrays()`."""
        return {name: np.array(data(array)) for name, array in self.arrays().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter from what `state_dict` gave.

        Raises:
            StateError: a name is missing or unknown, or a shape differs; nothing is changed then.
        """
        arrays = self.arrays()
        if arrays.keys() != state.keys():
            raise StateError(
                f"the state has parameters {sorted(state)}, this module {sorted(arrays)}"
            )
        numbers = {}
        for name, array in arrays.items():
            now, then = np.asarray(data(array)), np.asarray(state[name])
            if then.shape != now.shape or then.dtype.kind not in "fiub":
                raise StateError(
                    f"{name} holds numbers of shape {now.shape}, its state {then.dtype} of shape "
                    f"{then.shape}"
                )
            numbers[name] = np.array(then, dtype=now.dtype)
        for name, array in arrays.items():
            write(array, numbers[name])

    def _items(self) -> Iterator[tuple[str, Any]]:
        """Yield the attributes, and what lies in those that are lists, tuples or dicts."""
        waiting = list(vars(self).items())[::-1]
        while waiting:
            name, item = waiting.pop()
            if isinstance(item, list | tuple):
                item = dict(enumerate(item))
            if isinstance(item, dict):
                waiting += [(f"{name}.{key}", part) for key, part in item.items()][::-1]
            else:
                yield name, item

    def _set_training(self, training: bool) -> Self:
        self.training = training
        for _, item in self._items():
            if isinstance(item, Module):
                item._set_training(training)
        return self
