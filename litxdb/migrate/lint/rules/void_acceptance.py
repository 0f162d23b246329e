"""An acceptance that accepts nothing."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.acceptance import acceptances
from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for comment in acceptances(examined.source):
        if not comment.reason:
            yield Hit(f"the comment gives no reason for accepting {comment.rule or 'anything'}", line=comment.line)


RULE = Rule(
    id="void-acceptance",
    level="warning",
    what="A comment # litxdb: accept RULE without a reason. It accepts nothing.",
    why="Whoever reads the revision later must learn why the finding was no danger.",
    remedy="Write the reason after the rule: # litxdb: accept unbatched-write the table has 40 rows",
    find=find,
)
