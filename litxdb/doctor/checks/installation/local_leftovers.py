"""Something of the local PostgreSQL was left behind

A run that was killed (kill -9, or the machine went down) could not clean up: the scratch server of a rehearsal goes on
running and takes memory, or half-made data directories take space. The next `litxdb drift`, `lint` or `rehearse` clears
the scratch server away; half-made directories have no other use than to be removed.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.local import PARTIAL, abandoned

OLD_SECONDS = 3600
"""A younger one may be in the making."""

CHECK = Declaration(
    threshold="a scratch server that nobody uses, or a half-made data directory older than 1 h, info",
    remedy="litxdb lint",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    home = context.db.settings.home
    places = [place for name in ("local", "scratch") if (place := home / name).is_dir()]
    if not places:
        raise Skip(Reason.NOTHING_THERE, "There is no local PostgreSQL here.")
    return Judgement(len(places), tuple(_defects(context)))


def _defects(context: Context) -> Iterator[Defect]:
    settings = context.db.settings
    if abandoned(settings):
        yield Defect(Status.INFO, str(settings.home / "scratch"), "a scratch server runs, and nobody uses it")
    for partial in sorted(settings.home.glob(f"*/{PARTIAL}*")):
        seconds = time.time() - partial.stat().st_mtime
        if seconds > OLD_SECONDS:
            remedy = f"rm -r {shlex.quote(str(partial))}"
            yield Defect(Status.INFO, str(partial), f"half made {age(seconds)} ago", remedy)
