"""What an interrupted build leaves behind: INVALID indexes that every write pays for and no query uses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from litxdb.indexes.present import Index

TRANSIENT = re.compile(r"_cc(new|old)\d*$")
"""What REINDEX CONCURRENTLY calls its second index; left by an interrupted one, it is to be dropped.
https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY"""

LONGEST_BASE_BYTES = 50
"""A name at least so long may have been cut before _ccnew was put behind it."""


def after_build(there: Sequence[Index], quoted: str) -> list[Index]:
    """List the index itself, if it is INVALID and nobody builds on its table now."""
    return [
        index
        for index in there
        if index.quoted == quoted and not (index.valid or index.partitioned) and index.builder_pid is None
    ]


def after_rebuild(there: Sequence[Index], quoted: str) -> list[Index]:
    """List the second indexes that REINDEX CONCURRENTLY of an index has left."""
    return [
        index
        for first in there
        if first.quoted == quoted
        for index in there
        if index.table_oid == first.table_oid and not index.valid and _is_second(index.name, first.name)
    ]


def _is_second(second: str, first: str) -> bool:
    """Say whether REINDEX CONCURRENTLY of one index may have made the other.

    >>> _is_second("ix_a_ccnew1", "ix_a"), _is_second("ix_ab_ccnew", "ix_a"), _is_second("ix_a", "ix_a")
    (True, False, False)
    >>> _is_second("x" * 57 + "_ccold", "x" * 63)
    True
    """
    base = TRANSIENT.sub("", second)
    cut = len(base.encode()) >= LONGEST_BASE_BYTES and first.startswith(base)
    return base != second and (base == first or cut)
