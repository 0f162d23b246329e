"""Queries together may ask for more memory than there is

Each sort and hash of each session may take work_mem, several of them in one query. When that adds up to more than the
machine has, the kernel kills a backend, and the whole server restarts. What the machine has is not visible from here:
effective_cache_size is what the configuration says of it, and at its default says nothing.
https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM
"""

from __future__ import annotations

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.configuration import amount, by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

CHECK = Declaration(
    threshold="work_mem * max_connections over effective_cache_size warn (pgbot), info if that is at its default",
    remedy="alter role … set work_mem = '4MB'",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, settings: Rows, server: Server) -> Judgement:
    known = by_name(settings)
    each, slots = number(known["work_mem"]), number(known["max_connections"])
    cache = known["effective_cache_size"]
    most = number(cache)
    if each * slots <= most:
        return Judgement(1)
    said = cache.reset_val != cache.boot_val
    measured = f"{size(each)} * {slots} connections = {size(each * slots)}, effective_cache_size {size(most)}"
    fitting = max(amount("64", "kB"), most // slots) // 1024
    role = quoted_if_needed(server.role)
    return Judgement(
        1,
        (
            Defect(
                Status.WARN if said else Status.INFO,
                "work_mem",
                measured,
                f"alter role {role} set work_mem = '{fitting}kB'",
                undo=f"alter role {role} set work_mem = '{each // 1024}kB'",
                value=each * slots / most,
            ),
        ),
    )
