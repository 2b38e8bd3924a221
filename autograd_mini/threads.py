"""What the threads of a process share, and how it outlives a fork."""

from __future__ import annotations

import gc
import os
from threading import Lock

ADDING = Lock()
"""Held while gradients are added to leaves, which other threads may be adding to as well."""

_PAUSING = Lock()
_pauses = 0  # how many threads want the collector to rest
_collecting = False  # whether it ran before the first of them came


def pause_collector() -> None:
    """Keep the garbage collector from running until every thread that paused it resumes it.

    For thousands of nodes that are about to be made. They are never part of a cycle, so it would
    walk the growing graph again and again and find nothing: it takes up to a third of the time.
    """
    global _pauses, _collecting
    with _PAUSING:
        if not _pauses:
            _collecting = gc.isenabled()
            gc.disable()
        _pauses += 1


def resume_collector() -> None:
    """Undo one `pause_collector()`."""
    global _pauses
    with _PAUSING:
        _pauses -= 1
        if not _pauses and _collecting:
            gc.enable()


def _before_fork() -> None:
    for lock in (ADDING, _PAUSING):  # so that no other thread holds one, which it would for ever
        lock.acquire()


def _after_fork() -> None:
    for lock in (ADDING, _PAUSING):
        lock.release()


def _after_fork_in_child() -> None:
    global _pauses
    if _pauses and _collecting:  # the threads that wanted the pause are not in the child
        gc.enable()
    _pauses = 0
    _after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork_in_child,
    )
