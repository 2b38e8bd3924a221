"""Programs: a tape recorded once and replayed at machine speed."""

from autograd_mini.compiler.compiled import Compiled
from autograd_mini.compiler.compiling import compile
from autograd_mini.compiler.saved.loading import load_program

__all__ = ["Compiled", "compile", "load_program"]
