"""Text indexes sorted by another version of the collation

When the operating system's libraries sort text otherwise than when an index was built, searches miss rows that are
there, and a unique index takes duplicates. It comes with an upgrade of the system (glibc, ICU), a restore of files on
another one, or a standby on another one. Rebuild the indexes first, and only then record the new version: recording it
silences the warning and mends nothing. https://www.postgresql.org/docs/current/sql-altercollation.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="any difference crit (PostgreSQL warns of it at each connection)",
    remedy="reindex database concurrently DATABASE;\nalter database DATABASE refresh collation version",
    fix=Fix.MANUAL,
    lock="SHARE UPDATE EXCLUSIVE on each table",
    needs=("primary",),
)


def judge(*, collation_versions: Rows) -> Judgement:
    known = [row for row in collation_versions if row.recorded is not None]
    return Judgement(len(known), tuple(_defect(row) for row in known if row.recorded != row.actual))


def _defect(row: Any) -> Defect:
    measured = f"{row.indexes:,} indexes, recorded with version {row.recorded}, the library has {row.actual}"
    if row.names is None:
        rebuild, kind = [f"reindex database concurrently {row.collation}"], "database"
    else:
        rebuild, kind = [f"reindex index concurrently {name}" for name in row.names.split("\n")], "collation"
    refresh = f"alter {kind} {row.collation} refresh {'collation ' if kind == 'database' else ''}version"
    return Defect(Status.CRIT, row.collation, measured, ";\n".join([*rebuild, refresh]))
