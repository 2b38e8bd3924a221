"""`Module`: an object that owns parameters, its own and those of the modules inside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from operator import attrgetter
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from autograd_mini.errors import StateError
from autograd_mini.ops.elementwise import positive
from autograd_mini.state import scope
from autograd_mini.tape import Node, is_object_array
from autograd_mini.tracer import TRACER
from autograd_mini.value import data, write

_calling: ContextVar[Module | None] = ContextVar("calling", default=None)
"""The module whose `forward` is running."""


class Module:
    """A part of a network.

    Its parameters are its attributes that are leaves or object arrays of leaves, its parts those
    that are Modules, also where they lie in a list or dict. Nothing has to be registered. Results
    that it keeps are no parameters.
    """

    training: bool = True
    _called: str = ""  # what the module is called in the one around it, once it has run

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        """Compute `forward`; the nodes that it makes carry this module's name as their scope."""
        parent, tracer = _calling.get(), TRACER.get()
        if tracer is not None:
            tracer.entered(self)
        token = _calling.set(self)
        try:
            with scope(self._called or self._name_in(parent)) as path:
                if path and not self._called:
                    self._label(path)
                return self.forward(*inputs, **settings)
        finally:
            _calling.reset(token)

    def forward(self, *inputs: Any, **settings: Any) -> Any:
        """Return the output; what a subclass defines."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward()")

    def arrays(self) -> dict[str, Any]:
        """Return every parameter as it is stored, a node or an object array, by dotted name."""
        return {name: item for name, item in self._walk() if not isinstance(item, Module)}

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
        nodes: list[Node] = []
        for array in parameters_in([self], set()):
            nodes += [array] if isinstance(array, Node) else array.flat
        return nodes

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

    def _walk(self, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
        """Yield this module, the modules in it and all parameters, by dotted name.

        What is shared is met once, and a way back to a module around is not followed.
        """
        seen = set() if seen is None else seen
        seen.add(id(self))
        yield path, self
        for name, item in items(vars(self)):
            if id(item) in seen:
                continue
            if isinstance(item, Module):
                yield from item._walk(f"{path}.{name}" if path else name, seen)
            elif is_parameter(item):
                seen.add(id(item))
                yield f"{path}.{name}" if path else name, item

    def _set_training(self, training: bool) -> Self:
        for _, item in self._walk():
            if isinstance(item, Module):
                item.training = training
        return self

    def _name_in(self, parent: Module | None) -> str:
        """Return what this module is called in the one around it, or its type."""
        if parent is not None:
            for name, item in items(vars(parent)):
                if item is self:
                    return name
        return type(self).__name__

    def _label(self, path: str) -> None:
        """Tell the parameters of this module, once, where they belong and what they are called."""
        for name, array in items(vars(self)):
            if not is_parameter(array):
                continue
            elements = [((), array)] if isinstance(array, Node) else np.ndenumerate(array)
            for index, node in elements:
                node.scope = path
                node.name = node.name or (f"{name}[{','.join(map(str, index))}]" if index else name)
        self._called = path.split("/")[-1]


COLLECTIONS = (list, tuple, dict)

PLAIN = frozenset({bool, int, float, str, type(None)})
"""The classes of most attributes that are settings."""


def items(attributes: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Yield attributes, and what lies in those that are lists, tuples or dicts, by dotted name."""
    for name, item in attributes.items():
        if not isinstance(item, COLLECTIONS):
            yield name, item
            continue
        inner = item if isinstance(item, dict) else dict(enumerate(item))
        yield from ((f"{name}.{own}", part) for own, part in items(inner))


def is_parameter(x: Any) -> bool:
    """Return whether something is a leaf, or an object array of leaves."""
    if isinstance(x, Node):
        return stands_for_leaf(x)
    if not is_object_array(x):
        return False
    try:
        made_by = {*map(MADE_BY, x.flat)}
    except AttributeError:  # not all of them are nodes
        return False
    return made_by == {None} or all(map(stands_for_leaf, x.flat))


MADE_BY = attrgetter("primitive")


def stands_for_leaf(x: Node) -> bool:
    """Return whether a node is a leaf, or the copy that a transform puts in the place of one."""
    while x.primitive is positive:
        x = x.parents[0]
    return x.primitive is None


def parameters_in(parts: Iterable[Any], seen: set[int]) -> list[Any]:
    """Return what is stored as parameters, in the order of `arrays()`, which also has their names.

    Args:
        parts: modules, collections of those, and whatever else.
        seen: the modules and parameters that were met, by `id`; they are added to.
    """
    found = []
    for x in parts:
        if x.__class__ in PLAIN or id(x) in seen:
            continue
        if isinstance(x, Module):
            seen.add(id(x))
            found += parameters_in(vars(x).values(), seen)
        elif isinstance(x, COLLECTIONS):
            found += parameters_in(x.values() if isinstance(x, dict) else x, seen)
        elif is_parameter(x):
            seen.add(id(x))
            found.append(x)
    return found
