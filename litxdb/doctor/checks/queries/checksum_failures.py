"""Pages were damaged on the disk

A page whose checksum is wrong was changed by something that is not PostgreSQL: disk, memory, file system, or somebody's
hand. Stop trusting that machine, make no new backup over an old one, find out what is damaged, and restore it. The
count stays until pg_stat_reset(). https://www.postgresql.org/docs/current/checksums.html
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.configuration import by_name
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="one failure crit",
    remedy="litxdb doctor --full --only corrupt_tables --only corrupt_indexes",
    fix=Fix.MANUAL,
    lock="none",
    needs=("self-managed",),
)


def judge(*, databases: Rows, settings: Rows) -> Judgement:
    if by_name(settings)["data_checksums"].setting == "off":
        raise Skip(
            Reason.NOT_APPLICABLE,
            "Data checksums are off, so that damage goes unnoticed: pg_checksums --enable while the server is stopped.",
        )
    return Judgement(
        len(databases),
        tuple(
            Defect(
                Status.CRIT,
                f"database {row.database}",
                f"{row.checksum_failures:,} failures, the last at {row.checksum_failed:%Y-%m-%d %H:%M}",
                value=float(row.checksum_failures),
            )
            for row in databases
            if row.checksum_failures
        ),
    )
