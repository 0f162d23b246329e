"""Revisions that nobody could look at."""

from __future__ import annotations

from litxdb.migrate.lint.judging import Rule

RULE = Rule(
    id="unexamined",
    level="error",
    what="The pending revisions could not be run on a scratch database, or squawk is not there to read what they sent.",
    why="Whatever they block or lose, nobody has seen it. A revision that fails there may well fail here.",
    remedy="Mend what the message says; if the history cannot be replayed, rehearse the revisions by other means.",
    find=lambda examined: (),  # said by whoever tried, as there is nothing to examine
)
