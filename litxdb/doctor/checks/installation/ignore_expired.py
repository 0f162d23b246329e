"""Entries of the ignore file that have expired

Somebody decided to live with these findings until that day. They count again from the day after, and whoever comes next
decides anew: mend what they are about, or give the entry a later day and a reason that still holds. The file is
`.litxdb-ignore.toml` in the directory where litxdb is started, or that of `--ignore-file`.
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="the day after `until` warn",
    remedy="litxdb doctor --explain ignore-expired",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    if not context.ignores:
        raise Skip(Reason.NOTHING_THERE, "No finding is ignored.")
    defects = tuple(
        Defect(Status.WARN, f"{each.key} in line {each.line}", f"expired after {each.until}: {each.reason}")
        for each in context.ignores
        if each.expired(context.today)
    )
    return Judgement(len(context.ignores), defects)
