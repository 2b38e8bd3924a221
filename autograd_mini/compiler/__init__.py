"""Programs: a tape recorded once and replayed at machine speed."""

from autograd_mini.compiler.compiled import Compiled, compile

__all__ = ["Compiled", "compile"]
