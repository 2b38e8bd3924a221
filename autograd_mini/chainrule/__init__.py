"""The chain rule in words: `explain` writes out how one node depends on another."""

from autograd_mini.chainrule.explaining import explain
from autograd_mini.chainrule.explanation import Explanation, Line

__all__ = ["Explanation", "Line", "explain"]
