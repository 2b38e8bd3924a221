"""The table as random programs use it: domains, libraries, the elementwise operations.

An operation is written once, as a function of a library and of operands: `m` is `autograd_mini` or
JAX or NumPy under the same names. Domains keep exact ties and kinks away, where conventions differ;
those are pinned by `tests/test_peers.py` and the tests of each operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_mini as am

COMPARISONS = "greater greater_equal less less_equal equal not_equal"

Domain = Callable[[Any, Any], Any]
"""What brings any operand into a domain, smoothly: a function of the library and the operand."""


@dataclass(frozen=True)
class Operation:
    """A function of the library and of operands, each of which has a domain."""

    label: str
    f: Callable[..., Any]
    domains: tuple[Domain, ...]

    @property
    def name(self) -> str:
        """The name of the function: the first word of the label."""
        return self.label.split()[0]

    def __repr__(self) -> str:
        return self.label


def jax_library(jax: Any) -> Any:
    """Return an object that has JAX's functions under this library's names."""
    homes = (jax.numpy, jax.nn, jax.scipy.special)

    class Jax:
        linalg = jax.numpy.linalg
        neg = staticmethod(jax.numpy.negative)
        lgamma = staticmethod(jax.scipy.special.gammaln)
        multi_dot = staticmethod(jax.numpy.linalg.multi_dot)

        def linear(self, x: Any, w: Any, b: Any) -> Any:
            return x @ jax.numpy.swapaxes(w, -1, -2) + b

        def top_k(self, x: Any, k: int) -> Any:
            return jax.lax.top_k(x, k)[0]

        def __getattr__(self, name: str) -> Any:
            found = next(getattr(home, name) for home in homes if hasattr(home, name))
            if name in COMPARISONS.split():  # as numbers, 0.0 or 1.0
                return lambda x, y: jax.numpy.where(found(x, y), 1.0, 0.0)
            return found

    return Jax()


# Domains. Sums such as x - x, and rows of a softmax, are the same constant on many ways, up to
# rounding. The offsets here differ from one domain to the next, so that such a constant is never
# at a kink, nor the same as another operand; and `distinct` gives each element an offset of its
# own, so that no two elements are tied (sort, max, norms and the rest would take any of them).
# For the same reason the ends of a domain, where tanh is 1 up to rounding, are no whole numbers,
# and their quotients are none.


def real(m: Any, x: Any) -> Any:
    """Return numbers from -2.13 to 2.13: a large x brings them there, up to rounding."""
    return 2.13 * m.tanh(x + 0.3137)


def other(m: Any, x: Any) -> Any:
    """Return numbers from -1.9 to 1.9: the second operand where a tie would matter."""
    return 1.9 * m.tanh(0.8 * x - 0.1732)


def positive(m: Any, x: Any) -> Any:
    """Return numbers from 0.3 to 3.3."""
    return 1.8 + 1.5 * m.tanh(x - 0.0713)


def unit(m: Any, x: Any) -> Any:
    """Return numbers from -0.9 to 0.9."""
    return 0.9 * m.tanh(x + 0.3137)


def above_one(m: Any, x: Any) -> Any:
    """Return numbers from 1.1 to 4.1."""
    return 2.6 + 1.5 * m.tanh(x)


def elementwise(names: str, *domains: Domain) -> list[Operation]:
    """Return operations without settings, by their names."""
    return [
        Operation(name, lambda m, *x, name=name: getattr(m, name)(*x), domains)
        for name in names.split()
    ]


ELEMENTWISE = [
    *elementwise("positive neg abs square sin cos tan tanh sinh cosh exp exp2 expm1", real),
    *elementwise("arctan arcsinh cbrt sinc sign floor ceil trunc rint round", real),
    *elementwise("deg2rad rad2deg nan_to_num erf erfc", real),
    *elementwise("sigmoid softplus relu elu leaky_relu silu mish", real),
    *elementwise("sqrt reciprocal log log2 log10 log1p lgamma digamma", positive),
    *elementwise("arcsin arccos arctanh", unit),
    *elementwise("arccosh", above_one),
    *elementwise("add subtract multiply hypot arctan2 logaddexp", real, real),
    *elementwise("maximum minimum fmax fmin", real, other),
    *elementwise(COMPARISONS, real, other),
    *elementwise("divide remainder fmod floor_divide xlogy xlog1py", real, positive),
    *elementwise("power", positive, real),
    Operation("round to decimals", lambda m, x: m.round(x, 1), (real,)),
    Operation("power of a constant", lambda m, x: 1.3**x, (real,)),
    Operation("power to a constant", lambda m, x: x**3, (real,)),
    Operation("gelu", lambda m, x: m.gelu(x, False), (real,)),
    Operation("gelu by tanh", lambda m, x: m.gelu(x, True), (real,)),
    Operation("elu with alpha", lambda m, x: m.elu(x, 0.7), (real,)),
    Operation("leaky_relu with a slope", lambda m, x: m.leaky_relu(x, 0.2), (real,)),
    Operation("polygamma", lambda m, x: m.polygamma(1, x), (positive,)),
    Operation("polygamma of order 2", lambda m, x: m.polygamma(2, x), (positive,)),
    Operation("clip", lambda m, x: m.clip(x, -0.9, 1.1), (real,)),
    Operation("clip in moving bounds", lambda m, x, y: m.clip(x, -y, y), (real, positive)),
    Operation("where", lambda m, x, y: m.where(m.greater(x, y), x * y, y), (real, other)),
    Operation("operators", lambda m, x, y: 2 - x * 3 / (1 + y * y) - abs(-x), (real, real)),
]

SHAPES = [(), (3,), (1,), (2, 3), (2, 1), (3, 3), (2, 2, 3), (2,), (6,), (1, 3), (3, 2)]
"""The shapes that programs go on with: JAX compiles each operation anew for each shape."""


class NumPyLibrary:
    """NumPy's functions under this library's names, and this library's where NumPy has none."""

    def __init__(self, theirs: Any = np, ours: Any = am) -> None:
        self.theirs, self.ours = theirs, ours

    def __getattr__(self, name: str) -> Any:
        if name == "linalg":
            return NumPyLibrary(np.linalg, am.linalg)
        missing = (
            not hasattr(self.theirs, name) or name in COMPARISONS.split()
        )  # NumPy gives booleans
        return getattr(self.ours if missing else self.theirs, name)


Program = Sequence[tuple[Operation, Sequence[int]]]
"""Steps: an operation, and the places of its operands, counted from the last result."""


def run(program: Program, inputs: Sequence[Any], m: Any = am) -> Any:
    """Run a program with a library and return a number that depends on all that it computed.

    Each operand is first brought into the domain of its operation by smooth functions, which also
    keep numbers from growing; operands that do not broadcast are replaced by their sums. So are
    results of unusual shapes, after they have counted.
    """
    made = list(inputs)
    number: Any = 0.0
    for operation, places in program:
        operands = [made[-1 - place % len(made)] for place in places]
        if not broadcastable(operands):
            operands = [operands[0], *map(m.sum, operands[1:])]
        brought: dict[Any, Any] = {}  # an operand used twice in one way is one and the same
        for domain, x in zip(operation.domains, operands, strict=True):
            if (domain, id(x)) not in brought:
                brought[domain, id(x)] = domain(m, x)
        z = operation.f(
            m, *(brought[d, id(x)] for d, x in zip(operation.domains, operands, strict=True))
        )
        if np.shape(z) not in SHAPES:
            number = number + summed(m, z)
            z = m.sum(z)
        made.append(z)
    for z in made:
        number = number + summed(m, z)
    return number


def summed(m: Any, z: Any) -> Any:
    """Return the sum of bounded functions of the elements."""
    z = m.tanh(z)
    return m.sum(z) if np.ndim(z) else z


def broadcastable(operands: Sequence[Any]) -> bool:
    """Return whether operands have shapes that fit together."""
    try:
        np.broadcast_shapes(*map(np.shape, operands))
    except ValueError:
        return False
    return True
