"""List the tables by size: heap, indexes, TOAST, rows, dead rows, and growth since the last snapshot.

Example: litxdb table-sizes --limit 10
"""

from __future__ import annotations

from litxdb import render
from litxdb.commands._options import Format, Limit, Url
from litxdb.commands._reporting import draw
from litxdb.render import Form


def command(url: Url = None, limit: Limit = None, form: Format = Form.table) -> None:
    from litxdb import reports
    from litxdb.database import Database

    with Database(url, command="table-sizes", notify=render.note) as db:
        report = reports.table_sizes(db)
    draw(report, form, limit, hidden=("is_measured",))
