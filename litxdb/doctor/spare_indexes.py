"""Indexes that another one makes superfluous: what litxdb.catalog finds, as defects."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from litxdb.catalog import Duplicate, Index, Likeness, find_duplicates, read_indexes
from litxdb.doctor.amounts import size
from litxdb.doctor.litxplore import is_own
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

ANN = frozenset({"hnsw", "ivfflat"})
"""Access methods for nearest neighbours, which are judged among vectors."""

WORDS = {
    Likeness.DUPLICATE: "the same as",
    Likeness.REDUNDANT: "a part of",
    Likeness.REVERSED: "read backwards a part of",
}


class Indexes(list[Index]):
    """All indexes, and those that another one makes superfluous: found once, for whichever checks ask."""

    @cached_property
    def duplicates(self) -> list[Duplicate]:
        """What litxdb.catalog finds."""
        return find_duplicates(self)


def read(connection: Connection) -> Indexes:
    """Read all indexes; waits for no lock."""
    return Indexes(read_indexes(connection))


def judge(indexes: Indexes, likenesses: Collection[Likeness], level: Status, *, ann: bool) -> Judgement:
    """Judge the indexes of this kind; those that LitXplore's schema demands are left alone."""
    examined = {index.oid: index for index in indexes if index.is_usable and (index.method in ANN) == ann}
    found = (each for each in indexes.duplicates if each.index_oid in examined and each.likeness in likenesses)
    return Judgement(len(examined), tuple(_defects(found, examined, level)))


def _defects(found: Iterator[Duplicate], examined: dict[int, Index], level: Status) -> Iterator[Defect]:
    for each in found:
        index, other = examined[each.index_oid], examined[each.covered_by_oid]
        if not is_own(each.index, each.table):
            measured = f"{WORDS[each.likeness]} {each.covered_by}{_settings(index, other)}, {size(each.bytes)}"
            yield Defect(level, each.index, measured, *drop(index, each.drop), value=each.bytes)


def _settings(index: Index, other: Index) -> str:
    if index.settings == other.settings:
        return ""
    return f" ({other.settings or 'the defaults'}) but for {index.settings or 'the defaults'}"


def drop(index: Index, statement: str) -> tuple[str, Fix | None]:
    """Return what drops an index, and who may: litxdb shows its use first, and keeps what builds it again.

    A constraint's index and a partitioned table's go by SQL, for a person who has thought about it.
    """
    if index.constraint is not None or index.is_partitioned:
        return statement, Fix.MANUAL
    return f"litxdb index drop {shlex.quote(index.name)}", None
