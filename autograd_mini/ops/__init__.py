"""The table of primitives."""
