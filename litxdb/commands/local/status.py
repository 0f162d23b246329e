"""Say whether the local server runs, and where its data is.

Example: litxdb local status --format json
"""

from __future__ import annotations

from litxdb import render
from litxdb.commands._options import Format
from litxdb.render import Form


def command(form: Format = Form.table) -> None:
    from litxdb import local
    from litxdb.settings import Settings

    stands = local.status(Settings.load())
    if form is Form.table:
        render.facts(stands, sizes={"size"})
    else:
        render.rows([stands], form, columns={}) if form is Form.csv else render.json(stands)
