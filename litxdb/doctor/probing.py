"""Questions that a check asks one object at a time: each may fail alone, and no lock outlives its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from litxdb.doctor.circumstances import circumstance
from litxdb.doctor.deadline import Deadline, out_of_time
from litxdb.doctor.results import Defect, Judgement, Skip

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from litxdb.doctor.check import Context

T = TypeVar("T")

RESERVE_SECONDS = 0.3
"""With less than that left of the examination's time no further question is begun."""

REMEDIES = 20
"""Nobody pastes more."""

LONGEST_SECONDS = 3600
"""For a caller without a deadline."""


def probe(
    connection: Connection, context: Context, objects: Iterable[T], ask: Callable[[Cursor, T], Defect | None]
) -> Judgement:
    """Ask about one object after the other, the most important first, and judge by the answers.

    A question runs in a savepoint that is rolled back: its locks and SET LOCALs end with it. An object that is locked,
    forbidden or takes too long counts as unseen; so do all that the deadline leaves no time for.
    """
    import psycopg2

    deadline = context.deadline or Deadline(LONGEST_SECONDS)
    examined = 0
    failures: list[Skip] = []
    defects: list[Defect] = []
    with connection.cursor() as cursor:
        for each in objects:
            if deadline.left < RESERVE_SECONDS:
                failures.append(out_of_time(deadline))
                continue
            milliseconds = round((deadline.left - RESERVE_SECONDS / 2) * 1000)
            cursor.execute(f"savepoint probe; set local statement_timeout = {milliseconds}")
            try:
                defect = ask(cursor, each)
            except (psycopg2.Error, Skip) as error:
                failure = error if isinstance(error, Skip) else circumstance(error, deadline)
                if not isinstance(failure, Skip) or connection.closed:
                    raise failure from None
                failures.append(failure)
            else:
                examined += 1
                defects += [defect] if defect else []
            cursor.execute("rollback to savepoint probe; release savepoint probe")
    if not failures:
        return Judgement(examined, tuple(defects))
    why = failures[-1]
    remedies = dict.fromkeys(each.remedy for each in failures if each.reason is why.reason and each.remedy)
    remedy = ";\n".join(list(remedies)[:REMEDIES])
    return Judgement(examined, tuple(defects), len(failures), why.reason, why.detail, remedy)
