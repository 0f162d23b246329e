"""Other users of this machine can read a file that holds a password

Whoever has an account here, or breaks into any service on this machine, then has the database. libpq ignores such a
~/.pgpass, so that logging in fails as well. https://www.postgresql.org/docs/current/libpq-pgpass.html
"""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

OTHERS = stat.S_IRGRP | stat.S_IROTH

CHECK = Declaration(
    threshold=".env, the password file or a service file with a password, readable by group or others, warn",
    remedy="chmod 600 .env",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    settings = context.db.settings
    service = Path(settings.libpq.get("PGSERVICEFILE") or Path.home() / ".pg_service.conf")
    files = [settings.env_file, Path(settings.libpq.get("PGPASSFILE") or Path.home() / ".pgpass")]
    if service.is_file() and "password" in service.read_text(encoding="utf-8", errors="replace"):
        files.append(service)
    there = [file for file in files if file is not None and file.is_file()]
    defects = tuple(
        Defect(
            Status.WARN,
            str(file),
            f"mode {stat.S_IMODE(file.stat().st_mode):04o}",
            f"chmod 600 {shlex.quote(str(file))}",
        )
        for file in there
        if file.stat().st_mode & OTHERS
    )
    return Judgement(len(there), defects)
