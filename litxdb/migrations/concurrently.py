"""Indexes built and dropped without blocking writes, so that an interrupted run can simply be run again.

To be called in an autocommit block, as PostgreSQL refuses CONCURRENTLY in a transaction.
https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from litxdb.errors import LockHeld

# A session that reports progress and holds this lock on the table is building here. (Without pg_read_all_stats the view
# shows other roles' pids and nothing else, so the index is not compared.)
STATE = sa.text("""
select i.indisvalid, (
    select min(p.pid)
    from pg_stat_progress_create_index p
    join pg_locks l on l.pid = p.pid
    where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
) as builder
from pg_index i
where i.indexrelid = to_regclass(:index)
""")


def create_index(index: str, table: str, columns: Sequence[str | sa.TextClause], **options: Any) -> None:
    """Build the index unless it is there; an INVALID one, left by an interrupted build, is dropped first.

    Raises LockHeld while another session is still building it: that one is not a leftover.
    """
    state = op.get_bind().execute(STATE, {"index": index}).one_or_none()
    if state is not None and not state.indisvalid:
        if state.builder is not None:
            raise LockHeld(
                f"Index {index} is being built by another session (pid {state.builder}).",
                "Wait until it is done, then run litxdb migrate again.",
            )
        drop_index(index, table)
    op.create_index(index, table, columns, postgresql_concurrently=True, if_not_exists=True, **options)


def drop_index(index: str, table: str) -> None:
    """Drop the index if it is there."""
    op.drop_index(index, table, postgresql_concurrently=True, if_exists=True)
