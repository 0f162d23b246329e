"""Integer keys, given by the application, that come to their end

Such a primary key fails at 2,147,483,647 as one with a sequence does, but no sequence shows how far it is: the largest
key has to be looked up, by the key's index. A foreign key's column ends with what it refers to, and is not looked at.
https://www.postgresql.org/docs/current/datatype-numeric.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.catalog import Sequence, list_assigned_keys, read_assigned_key
from litxdb.doctor.check import Context, Declaration, Tier
from litxdb.doctor.checks.indexes import sequences_running_out
from litxdb.doctor.probing import probe
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip
from litxdb.doctor.samples import grant

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

CHECK = Declaration(
    threshold="75 % warn, 90 % crit (as sequences)",
    remedy="alter table TABLE alter column COLUMN type bigint",
    fix=Fix.MANUAL,
    lock="ACCESS EXCLUSIVE while the table is written anew",
    tier=Tier.DEEP,
)


def judge(*, connection: Connection, context: Context) -> Judgement:
    def ask(cursor: Cursor, key: Sequence) -> Defect | None:
        if key.unread == "no privilege":
            raise Skip(Reason.NO_PRIVILEGE, f"{key.table} cannot be read.", grant(cursor, key.table))
        return sequences_running_out.defect(read_assigned_key(cursor, key))

    return probe(connection, context, list_assigned_keys(connection), ask)
