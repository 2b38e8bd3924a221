"""The failures a user can meet, and a warning, each a subclass of the builtin that fits it."""

from typing import Any

from numpy.linalg import LinAlgError


class AutogradError(Exception):
    """What every error of this library is, so that one `except` can catch them all."""


class AnomalyError(AutogradError, ArithmeticError):
    """Inside `detect_anomaly()` a result, a cotangent or a tangent was not a finite number."""


class DataError(AutogradError, TypeError):
    """A node was made from, or combined with, something that is not real numbers."""


class DegeneracyError(AutogradError, LinAlgError):
    """Eigenvectors or singular vectors were differentiated where equal values leave them free."""


class DerivativeError(AutogradError, TypeError):
    """A derivative was asked of a primitive that is registered as having none."""


class DispatchError(AutogradError, NotImplementedError):
    """A NumPy function was called on a node and no primitive stands for it."""


class DivergenceError(AutogradError, ArithmeticError):
    """Training went astray: the loss, or a score of the network, is no longer a finite number."""


class ExplanationError(AutogradError, ValueError):
    """There is no chain to explain: the output is no scalar, or does not depend on the input."""


class ExpressionError(AutogradError, ValueError):
    """A formula typed by a user holds something that is not allowed, or has no finite value."""


class InPlaceError(AutogradError, TypeError):
    """A node was about to be changed in place, which the tape could not see."""


class KeepProbError(AutogradError, ValueError):
    """A probability to keep a unit lies outside (0, 1]."""


class MissingExtraError(AutogradError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"{module} is not installed; get it with: pip install 'autograd_mini[{extra}]'"
        )


class MutationError(AutogradError, RuntimeError):
    """Data that a sweep needs were changed after the graph was computed from them."""


class NoGradientError(AutogradError, ValueError):
    """A gradient is needed that no `backward()` has computed."""


class ParameterError(AutogradError, ValueError):
    """An optimiser got no parameter, one twice, or something that is not a leaf node."""


class LayoutError(AutogradError, RuntimeError):
    """A picture could not be laid out: Graphviz is missing, or it failed."""


class LossError(AutogradError, ValueError):
    """A loss cannot be checked: it is random, not a finite number, or not a scalar."""


class RegistrationError(AutogradError, ValueError):
    """A primitive was declared in a way that contradicts itself."""


class SavedFileError(AutogradError, ValueError):
    """A file with a model, a checkpoint or a program is damaged, or is not such a file."""


class SeedError(AutogradError, ValueError):
    """`backward()` needs a cotangent for the output and got none, or one of another shape."""


class SettingError(AutogradError, ValueError):
    """A setting, such as a learning rate or a momentum, lies outside its range."""


class ShapeError(AutogradError, ValueError):
    """Two shapes that must agree do not."""


class StateError(AutogradError, ValueError):
    """A saved state does not fit the object that is to take it."""


class TableError(AutogradError, ValueError):
    """A CSV file cannot be used; the message names the file, the row and the column."""


class UnusedError(AutogradError, ValueError):
    """A derivative was asked by something that the result does not depend on."""


class TapeLeftError(UnusedError):
    """A node was read as a number inside of a function that is being differentiated."""

    def __init__(self, how: str, node: Any, argument: int | None = None) -> None:
        on_argument = "its argument" if argument is None else f"argument {argument}"
        super().__init__(
            f"{how} leaves the tape of a function that is being differentiated: the output does "
            f"not depend on {on_argument} through it. Join nodes with np.stack([...]), not with "
            "np.array; use NumPy's functions or this library's in place of math's and SciPy's. "
            "Where no gradient is meant, to print, to decide or to index, read x.data or x.item(), "
            "as in int(x.data), or pass allow_unused=True"
        )
        self.how = how
        self.node = node


class GradientError(AutogradError, AssertionError):
    """A gradient disagrees with its numerical approximation."""


class VariantError(AutogradError, RuntimeError):
    """A function cannot be replayed: it takes ever new ways, or another one than it just took."""


class RetraceWarning(UserWarning):
    """A compiled function is traced at call after call, so that it hardly ever is replayed."""
