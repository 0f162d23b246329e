"""Keep counters and sizes for later: growth, rates, and which indexes are used, also where the server forgets.

They go to a small file for each database below LITXDB_STATE; run this every hour or so. Older ones are thinned out.

Example: litxdb snapshot --keep 365
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Url
from litxdb.render import Form

Keep = Annotated[float, typer.Option("--keep", min=1, metavar="DAYS", help="Delete those that are older.")]


def command(url: Url = None, keep: Keep = 90, form: Format = Form.table) -> None:
    from litxdb import snapshots
    from litxdb.database import Database

    with Database(url, command="snapshot", notify=render.note) as db:
        taken = snapshots.take(db, keep_days=keep)
    if taken.trouble:
        raise taken.trouble
    for part, reason in (taken.missing or {}).items():
        render.note(f"without {part}: {reason}")
    if form is Form.table:
        kept = f"{render.count(taken.count, 'snapshot')} in {render.size(taken.bytes)}: {taken.file}"
        tables, indexes = render.count(taken.tables, "table"), render.count(taken.indexes, "index").replace("xs", "xes")
        render.line(f"Taken: {tables}, {indexes}, {render.count(taken.statements, 'statement')}. Kept: {kept}")
    else:
        answer = {name: value for name, value in render.record(taken).items() if name != "trouble"}
        render.rows([answer], form, columns={})
