"""Passwords are stored as MD5

Whoever sees such a hash, in a backup of the roles say, logs in with it as it is, and MD5 is broken in minutes.
PostgreSQL 18 warns of it and a later version will refuse it. SCRAM keeps nothing that one can log in with; a role moves
to it when its password is set anew, the same one if need be. https://www.postgresql.org/docs/current/auth-password.html
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.configuration import by_name
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one warn (PostgreSQL 18 deprecates MD5)",
    remedy="\\password …",
    fix=Fix.MANUAL,
    lock="none",
    needs=("superuser",),
)


def judge(*, passwords: Rows, settings: Rows) -> Judgement:
    defects = [
        Defect(Status.WARN, f"role {row.role}", "MD5", f"\\password {row.quoted}  -- in psql")
        for row in passwords
        if row.method == "md5"
    ]
    if by_name(settings)["password_encryption"].reset_val == "md5":
        remedy = "alter system set password_encryption = 'scram-sha-256';\nselect pg_reload_conf()"
        defects.insert(0, Defect(Status.WARN, "password_encryption", "new passwords are stored as MD5", remedy))
    return Judgement(1 + len(passwords), tuple(defects))
