"""Pictures of a tape."""

from autograd_mini.render.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
