"""A downgrade that fails when it is tried."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    if examined.refusal is not None:
        yield Hit(examined.refusal)


RULE = Rule(
    id="failing-downgrade",
    level="warning",
    overlaps=("missing-downgrade",),
    what="downgrade() raises, or the server refuses what it sends, right after upgrade() on a scratch database.",
    why="It would fail in the same way when it is needed most, on a database with rows.",
    remedy="Mend it, and try litxdb migrate and litxdb rollback on a local database.",
    find=find,
)
