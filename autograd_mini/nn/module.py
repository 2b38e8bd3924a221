"""`Module`: an object that owns parameters, its own and those of the modules inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import StateError
from autograd_mini.tape import Node, is_object_array
from autograd_mini.value import data


class Module:
    """A part of a network.

    Its parameters are its attributes that are nodes or object arrays of `Value`s; its parts are
    its attributes that are Modules, or lists of them. Nothing has to be registered.
    """

    training: bool = True

    def arrays(self) -> dict[str, Any]:
        """Return every parameter as it is stored, a node or an object array, by dotted name."""
        found: dict[str, Any] = {}
        for name, attribute in vars(self).items():
            if isinstance(attribute, Node) or is_object_array(attribute):
                found[name] = attribute
        for part_name, part in self._parts():
            for name, array in part.arrays().items():
                found[f"{part_name}.{name}"] = array
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
        for name, array in arrays.items():
            if np.shape(state[name]) != np.shape(data(array)):
                raise StateError(
                    f"{name} has shape {np.shape(data(array))}, its state {np.shape(state[name])}"
                )
        for name, array in arrays.items():
            if isinstance(array, Node) and array.rank > 1:
                array.data = np.array(state[name], dtype=array.data.dtype)
            elif isinstance(array, Node):
                array.data = float(state[name])
            else:
                for index, node in np.ndenumerate(array):
                    node.data = float(state[name][index])

    def _parts(self) -> Iterator[tuple[str, Module]]:
        for name, attribute in vars(self).items():
            if isinstance(attribute, Module):
                yield name, attribute
            elif isinstance(attribute, list | tuple):
                for position, item in enumerate(attribute):
                    if isinstance(item, Module):
                        yield f"{name}.{position}", item

    def _set_training(self, training: bool) -> Self:
        self.training = training
        for _, part in self._parts():
            part._set_training(training)
        return self
