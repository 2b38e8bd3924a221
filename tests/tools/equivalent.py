"""Mutants that no test can kill, because they compute the same or are as right: each with why."""

EQUIVALENT: dict[tuple[str, str, str], str] = {}
"""By the room and parts of the line before and after."""
