"""Rehearsing: the pending revisions on a copy of the target, measured, and down and up again."""

from litxdb.migrate.rehearsal.results import Filled, Hold, Rehearsal, Rehearsed, Trace
from litxdb.migrate.rehearsal.run import rehearse

__all__ = ["Filled", "Hold", "Rehearsal", "Rehearsed", "Trace", "rehearse"]
