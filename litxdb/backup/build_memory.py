"""What pg_restore's sessions may use to build indexes: graphs of vectors need much memory, and are slow without."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from litxdb.backup.manifest import Contents

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PER_ROW = 32 * 16 + 200
"""What an HNSW index (m = 16) needs of memory for a row beside its vector, while it is built."""
WORKER_BYTES = 32 << 20
"""PostgreSQL starts no more processes for a build than have so much of maintenance_work_mem each."""

SIZES = """
select name, setting::bigint * case unit when '8kB' then 8192 when 'kB' then 1024 end
from pg_settings where name in ('maintenance_work_mem', 'shared_buffers')
"""


def build_settings(session: Connection, contents: Contents | None, memory_bytes: int | None) -> str:
    """Choose what pg_restore's sessions build indexes with, as PGOPTIONS.

    An HNSW graph that does not fit into maintenance_work_mem takes three times as long to build. Whoever sized
    shared_buffers for the machine left more than that free.
    """
    with session.cursor() as cursor:
        cursor.execute(SIZES)
        server: dict[str, int] = dict(cursor.fetchall())
    allowed = memory_bytes or server["shared_buffers"]
    vectors = contents is None or any(each.name == "vector" for each in contents.schema.extensions)
    needed = allowed
    if contents is not None:
        needed = max((table.bytes + PER_ROW * table.rows for table in contents.tables), default=0) * 21 // 20
    memory = max(server["maintenance_work_mem"], min(needed, allowed))
    chosen = [f"maintenance_work_mem={memory >> 10}kB"]
    if vectors and memory > server["maintenance_work_mem"]:
        if memory_bytes:
            chosen.append(f"max_parallel_maintenance_workers={min(os.cpu_count() or 1, memory // WORKER_BYTES - 1)}")
        # vectors are kept beside the table, which looks too small for several processes
        chosen.append("min_parallel_table_scan_size=0")
    return " ".join(f"-c {setting}" for setting in chosen)
