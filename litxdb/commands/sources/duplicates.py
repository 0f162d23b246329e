"""List the clusters of sources that mean nearly the same; changes nothing.

Each source is searched for by the index of its embedding: 100,000 take some minutes, a few with --jobs. Two sources of
a cluster need not be similar themselves, others lie between.

Example: litxdb sources duplicates --threshold 0.95 --jobs 4 --format csv
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Url
from litxdb.render import Form

Threshold = Annotated[float, typer.Option("--threshold", min=0.01, max=1, metavar="N", help="Similarity, 1 at most.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, max=64, metavar="N", help="So many connections search at once.")]


def command(url: Url = None, threshold: Threshold = 0.85, jobs: Jobs = 1, form: Format = Form.table) -> None:
    from litxdb import vectors
    from litxdb.database import Database

    shown = render.Progress()

    def progress(done: int, total: int) -> None:
        shown.update(f"{done:,} of {render.count(total, 'source')} searched for")

    with Database(url, command="sources duplicates", notify=render.note) as db:
        try:
            clusters = list(vectors.find_duplicates(db, threshold=threshold, jobs=jobs, progress=progress))
        finally:
            shown.stop()
    rows = [{"cluster": each.number, **render.record(member)} for each in clusters for member in each.members]
    columns: dict[str, render.Column] = {
        "cluster": "cluster",
        "id": "id",
        "similarity": ("similarity", "{:.3f}".format),
        "source_type": "type",
        "title": "title",
        "url": "url",
    }
    render.rows(rows, form, columns=columns)
    if form is Form.table:
        render.line(f"{render.count(len(clusters), 'cluster')} of {render.count(len(rows), 'source')}.")
