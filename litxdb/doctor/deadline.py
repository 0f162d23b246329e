"""The deadline of an examination, and what is said of whatever it leaves no time for."""

from __future__ import annotations

import time

from litxdb.doctor.results import Reason, Skip

GRACE_SECONDS = 0.5
"""For the server to cancel what ran into its time-out, and to say so."""


class Deadline:
    """The moment by which an examination has its verdict."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds until the end, never negative."""
        return max(0.0, self.seconds - self.elapsed)


def out_of_time(deadline: Deadline) -> Skip:
    """Return the Skip of whatever the deadline leaves no time for."""
    longer = f"litxdb doctor --deadline {max(10, round(deadline.seconds * 4))}"
    return Skip(Reason.OUT_OF_TIME, f"{deadline.seconds:g} s were not enough.", longer)
