"""Sequences that come to their end

At the end every INSERT fails, all at once, and the repair writes the whole table anew while nobody can use it. The end
is that of the sequence or of the column that it fills, whichever comes first: an integer column ends at 2,147,483,647,
also under a bigint sequence. Where snapshots know the pace, what is left is told in days. For a large table prepare a
bigint column beside the old one, and change over when it is filled.
https://www.postgresql.org/docs/current/sql-altersequence.html
"""

from __future__ import annotations

from datetime import timedelta

from litxdb.catalog import Sequence
from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Status
from litxdb.quoting import quoted_if_needed
from litxdb.snapshots import History

WARN_PERCENT, CRIT_PERCENT = 75, 90
WARN_DAYS = 90
MEASURED_DAYS = 30
LEAST_PERCENT = 1
"""Below that a pace is that of a first load; a sequence that really runs so fast is there within a day."""

CHECK = Declaration(
    threshold="75 % warn, 90 % crit (pgdoctor, PgHero), or fewer than 90 days left and 1 % used warn",
    remedy="alter table TABLE alter column COLUMN type bigint",
    fix=Fix.MANUAL,
    lock="ACCESS EXCLUSIVE while the table is written anew",
)


def judge(*, sequences: list[Sequence], server: Server, history: History) -> Judgement:
    known = [each for each in sequences if each.unread is None]
    defects = tuple(found for each in known if (found := defect(each, days_left(each, history))))
    hidden = [each for each in sequences if each.unread == "no privilege"]
    unseen = len(sequences) - len(known)
    if not unseen:
        return Judgement(len(known), defects)
    if not hidden:
        return Judgement(len(known), defects, unseen, Reason.LOCKED, "Somebody is altering them.", "litxdb locks")
    names = sorted({each.sequence or "" for each in hidden})
    grant = ";\n".join(f"grant select on sequence {name} to {quoted_if_needed(server.role)}" for name in names[:20])
    if len(names) > 20:
        grant = f"grant pg_read_all_data to {quoted_if_needed(server.role)}"
    detail = f"Role {server.role} may not read the values of {len(names)} sequences."
    return Judgement(len(known), defects, unseen, Reason.NO_PRIVILEGE, detail, grant)


def defect(sequence: Sequence, days: float | None = None) -> Defect | None:
    """Return the defect of a sequence or key that is far along, or has few days left."""
    used = sequence.used_percent
    if used is None:
        return None
    soon = days is not None and days < WARN_DAYS and used >= LEAST_PERCENT
    if used < WARN_PERCENT and not soon:
        return None
    place = f"{sequence.table}.{sequence.column}" if sequence.table else sequence.sequence or ""
    left = f", about {age(days * 86400)} left" if days is not None else ""
    measured = f"{used:.1f} % of the way to {sequence.end:,} used{left}"
    return Defect(Status.CRIT if used >= CRIT_PERCENT else Status.WARN, place, measured, remedy(sequence), value=used)


def days_left(sequence: Sequence, history: History) -> float | None:
    """Return when the sequence will be at its end, at the pace of the last weeks; None where that is not known."""
    old, new = history.before(timedelta(days=MEASURED_DAYS)), history.newest
    if old is None or new is None or sequence.left is None:
        return None
    then, now = old.sequences.get(sequence.oid), new.sequences.get(sequence.oid)
    if then is None or now is None or then.last_value is None or now.last_value is None:
        return None
    days = (new.taken_at - old.taken_at).total_seconds() / 86400
    taken = (now.last_value - then.last_value) / sequence.increment
    return sequence.left * days / taken if taken > 0 and days > 0 else None


def remedy(sequence: Sequence) -> str:
    """Return the statements that move the end: that of the column, of the sequence, or of both."""
    bound = "no maxvalue" if sequence.increment > 0 else "no minvalue"
    widen = f"alter table {sequence.table} alter column {sequence.column} type bigint"
    further = f"alter sequence {sequence.sequence} as bigint {bound}"
    if sequence.type not in ("int2", "int4"):
        return further
    return widen if sequence.kind in ("identity", "assigned") else f"{widen};\n{further}"
