"""What a database was like before: counters and sizes in a small SQLite file for each, on this machine.

A server forgets its statistics at a reset, a crash, and at Neon with every suspend. Here they go on counting.

    taken = take(db, connection)       # Taken; never raises for the file's sake: see taken.trouble, taken.missing
    past = history(db, connection)     # History; empty when nothing is known, past.trouble says if something is wrong

`connection` is optional: one that is in a transaction, or about to begin one (not autocommit), with time-outs of its
owner's; it is left as it was, so both suit one read of a larger examination. Without it they open their own.

    past.snapshots, past.newest, past.oldest, len(past)
    past.before(timedelta(days=7))     # the newest Snapshot at least so much older than the newest, else the oldest
    past.spread(12)                    # at most so many Snapshots, for a sparkline
    past.texts                         # statements' texts by queryid; ours have litxdb.queries.TAG in them

    snapshot.taken_at, snapshot.observed_seconds
    snapshot.database                  # DatabaseFigures
    snapshot.tables, .indexes, .sequences, .statements      # dict of oid, or queryid, to TableFigures and so on

Counters are totals from the first snapshot on, whatever was reset in between, so that a difference of two snapshots is
what happened between them: at most what was watched, `observed_seconds`, which is also what a rate divides by:

    calls_a_second = (new.statements[q].calls - old.statements[q].calls) / (new.observed_seconds - old.observed_seconds)

An object's evidence, an index's for having no scans, say, covers `snapshot.observed_seconds - figures.observed_before`
seconds; `figures.seen_at` is when it was first seen.

The file lies in `snapshots` below LITXDB_STATE, mode 0600, at most 500 snapshots and 24 MiB; see `store` for the rest.
"""

from litxdb.snapshots.history import History, Snapshot, history
from litxdb.snapshots.results import (
    DatabaseFigures,
    HistoryUnusable,
    IndexFigures,
    SequenceFigures,
    StatementFigures,
    TableFigures,
    Taken,
)
from litxdb.snapshots.tables import Table, read_tables
from litxdb.snapshots.taking import take
from litxdb.snapshots.thinning import KEEP_DAYS

__all__ = [
    "KEEP_DAYS",
    "DatabaseFigures",
    "History",
    "HistoryUnusable",
    "IndexFigures",
    "SequenceFigures",
    "Snapshot",
    "StatementFigures",
    "Table",
    "TableFigures",
    "Taken",
    "history",
    "read_tables",
    "take",
]
