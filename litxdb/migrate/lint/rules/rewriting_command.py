"""Commands that copy a whole table while nobody can read it."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule

COMMANDS = {
    "SET LOGGED": r"^alter\b.*\bset\s+logged\b",
    "SET UNLOGGED": r"^alter\b.*\bset\s+unlogged\b",
    "SET TABLESPACE": r"^alter\b.*\bset\s+tablespace\b",
    "SET ACCESS METHOD": r"^alter\b.*\bset\s+access\s+method\b",
    "VACUUM FULL": r"^vacuum\s*(\([^)]*\bfull\b|full\b)",
    "CLUSTER": r"^cluster\b",
}


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        for command, pattern in COMMANDS.items():
            if piece.says(pattern):
                yield from (Hit(f"{command} copies the whole table under ACCESS EXCLUSIVE", piece, table)
                            for table in piece.tables)  # fmt: skip


RULE = Rule(
    id="rewriting-command",
    level="error",
    weighted=True,
    what="SET LOGGED, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD, VACUUM FULL or CLUSTER of an existing table.",
    why="The table is copied under ACCESS EXCLUSIVE: nobody reads or writes it until that is done. An unlogged table "
    "is empty after a crash, and on every standby.",
    remedy="Do it in a maintenance window, or with pg_repack. For other settings of a new table, set them in CREATE "
    "TABLE.",
    find=find,
)
