"""Waiting until something is so, instead of sleeping for as long as it should take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60
Found = TypeVar("Found")


def until(condition: Callable[[], Found]) -> Found:
    """Wait until it holds, and return what it found; fail when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found
