"""`compile`: a function of numbers, recorded once and replayed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, overload

from autograd_mini.compiler.compiled import Compiled
from autograd_mini.compiler.executors import ENGINES, Engine
from autograd_mini.compiler.setup import Setup
from autograd_mini.tape import Node
from autograd_mini.tensor import Tensor
from autograd_mini.transforms.run import check_function
from autograd_mini.value import Value


@overload
def compile(
    f: Callable[..., Any],
    *,
    engine: Engine = "auto",
    exact: bool = False,
    kind: type[Node] | None = None,
) -> Compiled: ...


@overload
def compile(
    *, engine: Engine = "auto", exact: bool = False, kind: type[Node] | None = None
) -> Callable[[Callable[..., Any]], Compiled]: ...


def compile(
    f: Callable[..., Any] | None = None,
    *,
    engine: Engine = "auto",
    exact: bool = False,
    kind: type[Node] | None = None,
) -> Compiled | Callable[[Callable[..., Any]], Compiled]:
    """Return a function that does what f does by replaying a program.

    At the first call with arguments of some form, f runs once on `Value`s: numbers reach it as
    `Value`s, arrays as NumPy object arrays of `Value`s of the same shape, also inside of dicts,
    lists, tuples, dataclasses and `Module`s. Its tape becomes a program. Later calls run that
    alone, not the Python of f. Where Python asked how numbers compare, a replay asks again, and
    where the answer differs f is traced anew. Nodes from outside of f are read at each replay.

    Args:
        f: computes with nodes, arrays and numbers; its result depends on its arguments, nodes from
            outside, and random draws of this library (dropout) alone. Without it, what is returned
            decorates a function: `@compile(exact=True)`.
        engine: "numpy"; "numba", much faster, with the extra `fast`; or "auto", numba where it is
            installed and has code for every operation.
        exact: whether every bit is to be as f computes it. Otherwise sums over lanes are taken in
            another order, those in functions of Tensors too, and NumPy computes functions such as
            exp on arrays, which differ in the last bits.
        kind: `Value`, or `Tensor`: arrays then reach f as Tensors, and a program is for arguments
            of these shapes and dtypes. By default Tensor if an argument holds one. Arrays of
            integers reach f as Tensors of integers, those of booleans and single integers as they
            are; where f uses such as positions, lengths or axes, it is traced anew for others.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine is 'auto', 'numpy' or 'numba', got {engine!r}")
    if kind not in (None, Value, Tensor):
        raise ValueError(f"kind is Value or Tensor, or None to go by the arguments, got {kind!r}")
    if f is None:
        return partial(compile, engine=engine, exact=exact, kind=kind)
    if not isinstance(f, classmethod):  # which is called through the class that it is in
        check_function(f)
    return Compiled(Setup(f, engine, exact, None, None, kind))
