"""List the clusters of sources that mean nearly the same; changes nothing.

Each source is searched for by the index of its embedding: 100,000 take some minutes, a few with --jobs. Two sources of
a cluster need not be similar themselves, others lie between.

Example: litxdb sources duplicates --threshold 0.95 --jobs 4 --format csv
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from litxdb import render
from litxdb.commands._options import Format, Url
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.vectors import Cluster

Threshold = Annotated[float, typer.Option("--threshold", min=0.01, max=1, metavar="N", help="Similarity, 1 at most.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, max=64, metavar="N", help="So many connections search at once.")]


def command(url: Url = None, threshold: Threshold = 0.85, jobs: Jobs = 1, form: Format = Form.table) -> None:
    from litxdb import vectors
    from litxdb.database import Database

    shown = render.Progress()

    def progress(done: int, total: int) -> None:
        shown.update(f"{done:,} of {render.count(total, 'source')} searched for")

    counted = {"clusters": 0, "sources": 0}

    def rows(clusters: Iterable[Cluster]) -> Iterator[dict[str, Any]]:
        for each in clusters:
            shown.stop()
            counted["clusters"] += 1
            counted["sources"] += len(each.members)
            yield from ({"cluster": each.number, **render.record(member)} for member in each.members)

    columns: dict[str, render.Column] = {
        "cluster": "cluster",
        "id": "id",
        "similarity": ("similarity", "{:.3f}".format),
        "source_type": "type",
        "title": "title",
        "url": "url",
    }
    with Database(url, command="sources duplicates", notify=render.note) as db:
        try:
            found = vectors.find_duplicates(db, threshold=threshold, jobs=jobs, progress=progress)
            render.rows(rows(found), form, columns=columns)
        finally:
            shown.stop()
    if form is Form.table:
        render.line(f"{render.count(counted['clusters'], 'cluster')} of {render.count(counted['sources'], 'source')}.")
