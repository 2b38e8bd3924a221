"""`Compiled`: a function that is replayed, the programs for all forms of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, update_wrapper
from itertools import repeat
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_mini.compiler.aim import Aim, Mode
from autograd_mini.compiler.arguments import of_nodes, taken, units_in
from autograd_mini.compiler.arrays.replay import ArrayReplay, array_hessian, not_batched
from autograd_mini.compiler.eager import called_eagerly, itself, must_be_eager, on_arrays
from autograd_mini.compiler.hessians import hessian
from autograd_mini.compiler.lanes import Reduction
from autograd_mini.compiler.listing import Listing
from autograd_mini.compiler.methods import bound, methods_of
from autograd_mini.compiler.plan import Plan
from autograd_mini.compiler.replay import Replay
from autograd_mini.compiler.retracing import Traces
from autograd_mini.compiler.saved.carrying import named_like, packed, restored
from autograd_mini.compiler.setup import Setup, axes_of, with_lanes
from autograd_mini.errors import DataError
from autograd_mini.files import json_bytes, write_atomically
from autograd_mini.state import is_recording
from autograd_mini.tensor import Tensor
from autograd_mini.transforms import gradients, matrices, products
from autograd_mini.transforms.run import Argnums, as_asked, positions_of

FORMS = 128
"""For so many forms of arguments programs are kept; the oldest is dropped."""

NO_PROGRAM = (
    "there is no program yet: call the function first. With a node or a Module among its arguments "
    "a plain call runs the function itself, so that its result can be differentiated; "
    "value_and_grad, or a call inside of no_grad(), is replayed"
)

Array = npt.NDArray[Any]


class Compiled:
    """A function that is replayed; what `compile` returns. It gives numbers and arrays.

    Inside of a function that is being differentiated or compiled, under `detect_anomaly()`, and
    where it is given nodes outside of `no_grad()`, it calls the function itself, so that
    derivatives flow through it and anomalies are found.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._replays: dict[Any, Replay | ArrayReplay] = {}
        self._aims: dict[Any, Aim] = {}
        self._batches: dict[Any, Compiled] = {}
        self._traces = Traces()
        self._last: Replay | ArrayReplay | None = None
        update_wrapper(self, setup.f, updated=())
        self.__isabstractmethod__ = getattr(setup.f, "__isabstractmethod__", False)

    def __repr__(self) -> str:
        f, engine, _, axes, reduction, _ = self._setup
        lanes = "" if axes is None else f", in_axes={axes}, reduce={reduction!r}"
        return f"<compiled {getattr(f, '__name__', f)}, engine={engine!r}{lanes}>"

    def __get__(self, instance: Any, kind: type | None = None) -> Compiled:
        """Return the method of an object or a class, which has programs of its own."""
        method = bound(self._setup.f, instance, kind)
        if method is None:
            return self
        methods = methods_of(method.__self__)
        if self not in methods:
            methods[self] = Compiled(self._setup._replace(f=method))
        return methods[self]

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """Return what the function returns, as numbers and arrays; as nodes if it is given some."""
        if must_be_eager():
            return called_eagerly(self._setup, itself, args, settings)
        replay, numbers = self._replay(Aim(), args, settings)
        if replay.of_nodes and is_recording():  # else they would be left out of the gradient
            return called_eagerly(self._setup, itself, args, settings, keep_nodes=True)
        return replay(args, settings, numbers)

    def value_and_grad(
        self, *args: Any, argnums: Argnums = 0, allow_unused: bool = False, **settings: Any
    ) -> tuple[Any, Any]:
        """Return the value, one number, and its gradient; as `value_and_grad` does.

        Args:
            args: the arguments of the function.
            argnums: which of them to differentiate by; several give a tuple of gradients.
            allow_unused: the gradient by an argument that the function does not depend on is 0.
            settings: its keyword arguments.

        Raises:
            UnusedError: the result does not depend on an argument that is differentiated by.
            ShapeError: the result is not one number.
        """
        if must_be_eager():
            both = partial(gradients.value_and_grad, argnums=argnums, allow_unused=allow_unused)
            return called_eagerly(self._setup, both, args, settings)
        aim = self._aim("gradient", argnums, args, allow_unused)
        replay, numbers = self._replay(aim, args, settings)
        return replay(args, settings, numbers)

    def grad(self, *args: Any, argnums: Argnums = 0, **settings: Any) -> Any:
        """Return the gradient; see `value_and_grad`."""
        return self.value_and_grad(*args, argnums=argnums, **settings)[1]

    def hvp(
        self, *args: Any, argnums: Argnums = 0, allow_unused: bool = False, **settings: Any
    ) -> Any:
        """Return H v, the product of the Hessian with v, which is the last argument.

        Args:
            args: the arguments of the function and, last, v, of the structure of what is
                differentiated by; a tuple for several arguments.
            argnums: which arguments to differentiate by.
            allow_unused: the function need not depend on them.
            settings: its keyword arguments.
        """
        if len(args) < 2:
            raise DataError("hvp takes the arguments of f and, last, v, of the argument's shape")
        if must_be_eager():
            product = partial(products.hvp, argnums=argnums, allow_unused=allow_unused)
            return called_eagerly(self._setup, product, args, settings)
        *primals, v = args
        aim = self._aim("hvp", argnums, primals, allow_unused)
        return self._run(aim, [*primals, *([v] if aim.single else v)], settings)

    def hessian(
        self, *args: Any, argnums: Argnums = 0, allow_unused: bool = False, **settings: Any
    ) -> Any:
        """Return all second derivatives, in the form in which `hessian` has them.

        They are products with unit vectors, one replay of `hvp` each, or one lane of it. With
        `batched(reduce=None)` each lane has its own, and the lanes come first.
        """
        if must_be_eager():
            matrix = partial(matrices.hessian, argnums=argnums, allow_unused=allow_unused)
            return called_eagerly(self._setup, matrix, args, settings)
        aim = self._aim("hessian", argnums, args, allow_unused)
        return self._hessian(aim, args, settings)

    def batched(
        self, in_axes: int | Sequence[int | None] | None = 0, reduce: Reduction | None = "mean"
    ) -> Compiled:
        """Return the function for many samples at once, each a lane.

        Args:
            in_axes: for each argument along which axis its lanes lie, or None where all lanes share
                it; one number is for all arguments. Those given by keyword are shared.
            reduce: "mean" or "sum" of the results over the lanes; None for one result a lane.

        Returns:
            A compiled function, the same one at each call. Gradients are of the mean or the sum;
            with None each lane has its own, also by what the lanes share, and the lanes come first;
            in the gradient by an argument with lanes they lie as they do in it.
        """
        if self._setup.kind is Tensor:
            raise not_batched()
        setup = with_lanes(self._setup, in_axes, reduce)
        lanes = setup.in_axes, setup.reduction
        if lanes not in self._batches:
            self._batches[lanes] = Compiled(setup)
        return self._batches[lanes]

    def save(self, path: str | Path) -> None:
        """Write what has been traced so far to a file of JSON, which `load_program` reads.

        Saved are the programs for all forms of arguments and ways through the function that are
        kept, not the function. Nodes from outside become constants, with the numbers they have now.
        Programs of Tensors are for the shapes and dtypes that they were called with.

        Args:
            path: of the file. It is whole or, whatever happens, the one that was there before.

        Raises:
            DataError: the function was not called yet; it draws random numbers; or it takes or
                returns something that a file cannot hold, such as a Module.
            OSError: the file cannot be written.
        """
        from autograd_mini.compiler.saved.saving import document_of  # which few need

        name = getattr(self._setup.f, "__name__", type(self._setup.f).__name__)
        document = document_of(name, self._setup, self._replays.values())
        if not document["replays"]:
            raise DataError(NO_PROGRAM)
        write_atomically(Path(path), json_bytes(document))

    def adopt(self, replay: Replay) -> None:
        """Take over programs that come from elsewhere, as those from a file."""
        replay.traces = self._traces
        args, settings = replay.plan.example
        self._replays[self._key(replay.aim, args, settings, [])] = replay
        self._last = replay

    @property
    def program(self) -> Listing:
        """The program that ran last, before and after each pass; to be printed.

        Raises:
            DataError: the function was not called yet.
        """
        for replay in [self._last, *reversed(self._replays.values())]:
            if replay is not None and replay.variants:  # else its call was in vain
                return replay.variants[0].listing
        raise DataError(NO_PROGRAM)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Return how to pickle and to copy it: with its programs, where they hold elsewhere.

        What decorates a function is found by the name of that, as the function would be, and a
        method by its object and name.
        """
        f = self._setup.f
        decorated = named_like(f)
        if decorated is self:
            if isinstance(f, MethodType):
                return getattr, (f.__self__, f.__name__)
            return f.__qualname__
        is_decorated = isinstance(decorated, Compiled) and decorated._setup.f == f
        setup = self._setup._replace(f=decorated) if is_decorated else self._setup
        return restored, (Compiled, setup, is_decorated, packed(self._of_values()))

    def _of_values(self) -> list[Replay]:
        return [replay for replay in self._replays.values() if isinstance(replay, Replay)]

    def _aim(self, mode: Mode, argnums: Argnums, args: Sequence[Any], allow_unused: bool) -> Aim:
        chosen = argnums if isinstance(argnums, int) else as_asked(argnums)
        asked = mode, chosen, len(args), allow_unused
        aim = self._aims.get(asked)
        if aim is None:
            positions = tuple(positions_of(chosen, len(args)))
            aim = Aim(mode, positions, isinstance(chosen, int), allow_unused)
            self._aims[asked] = aim
        return aim

    def _key(
        self, aim: Aim, args: Sequence[Any], settings: dict[str, Any], units: list[Any]
    ) -> Any:
        """Return what one `Replay` serves, and append the numbers of the arguments to `units`."""
        axes: Any = self._setup.in_axes
        if axes is None and aim.mode != "hessian":
            of_args = tuple(map(taken, args, repeat(units)))
        else:
            if axes.__class__ is not tuple or len(axes) != len(args):
                axes = axes_of(axes, args, aim)
            of_args = tuple(map(taken, args, repeat(units), axes))
        return aim, of_args, taken(settings, units) if settings else None

    def _replay(
        self, aim: Aim, args: Sequence[Any], settings: dict[str, Any]
    ) -> tuple[Replay | ArrayReplay, list[Any]]:
        """Return what replays for arguments of this form, and the numbers in them."""
        units: list[Any] = []
        key = self._key(aim, args, settings, units)
        self._traces.calls += 1
        replay = self._replays.get(key)
        if replay is None:
            self._traces.met(key)
            if on_arrays(self._setup, args, settings):
                made: Replay | ArrayReplay = ArrayReplay(self._setup, aim)
            else:
                axes = axes_of(self._setup.in_axes, args, aim)
                made = Replay(self._setup, aim, Plan(self._setup.f, args, settings, axes))
            made.traces = self._traces
            made.of_nodes = any(map(of_nodes, units_in([*args, settings])))
            replay = self._replays.setdefault(key, made)
            if len(self._replays) > FORMS:
                self._replays.pop(next(iter(self._replays)), None)
        self._last = replay
        return replay, units

    def _run(self, aim: Aim, args: Sequence[Any], settings: dict[str, Any]) -> Any:
        replay, numbers = self._replay(aim, args, settings)
        return replay(args, settings, numbers)

    def _hessian(self, aim: Aim, args: Sequence[Any], settings: dict[str, Any]) -> Any:
        if on_arrays(self._setup, args, settings):
            product = aim._replace(mode="hvp")
            return array_hessian(aim, args, lambda v: self._run(product, [*args, *v], settings))

        def product_of(aim: Aim, given: Sequence[Any]) -> Array:
            replay, numbers = self._replay(aim, given, settings)
            assert isinstance(replay, Replay)
            return np.concatenate(replay.blocks(given, settings, numbers)[1])

        return hessian(self._setup, aim, args, product_of)
