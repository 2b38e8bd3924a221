"""`Aim`: what is asked of a function that is compiled."""

from __future__ import annotations

from typing import Literal, NamedTuple

Mode = Literal["value", "gradient", "hvp", "hessian"]


class Aim(NamedTuple):
    """What a program is to compute.

    Attributes:
        mode: the function itself; its value and gradient; or the product of its Hessian with a
            vector, given by further arguments: with one, or in each lane with another.
        argnums: the positions of the arguments that are differentiated by.
        single: whether the derivative is by one argument, and no tuple.
        allow_unused: whether the result need not depend on each of them.
    """

    mode: Mode = "value"
    argnums: tuple[int, ...] = ()
    single: bool = True
    allow_unused: bool = False

    @property
    def vectors(self) -> int:
        """How many of the last arguments make up a vector: one for each in `argnums`."""
        return len(self.argnums) if self.mode in ("hvp", "hessian") else 0
