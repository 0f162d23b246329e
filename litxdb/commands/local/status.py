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
    if form is Form.json:
        render.json(stands)
    elif form is Form.csv:
        render.rows([stands], form, columns={})
    else:
        shown = {"size_bytes": render.size(stands.size_bytes)}
        facts = {**render.record(stands), **shown}
        render.facts({name.removesuffix("_bytes"): str(value) for name, value in facts.items() if value})
