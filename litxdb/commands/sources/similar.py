"""List the sources that mean nearly the same as one, by the cosine similarity of their embeddings.

Example: litxdb sources similar 42 --threshold 0.7 --published-from 2026-01-31
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Url
from litxdb.render import Form

Number = Annotated[int, typer.Argument(min=1, metavar="ID", help="The source's id.")]
Threshold = Annotated[float, typer.Option("--threshold", min=-1, max=1, metavar="N", help="Similarity, 1 at most.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="So many sources at most.")]
Type = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Only of this type: arxiv, say.", show_default=False)
]
From = Annotated[
    datetime | None,
    typer.Option("--published-from", metavar="TIME", help="Only published then or later; UTC.", show_default=False),
]
Before = Annotated[
    datetime | None,
    typer.Option("--published-before", metavar="TIME", help="Only published before; UTC.", show_default=False),
]


def command(
    number: Number,
    url: Url = None,
    threshold: Threshold = 0.85,
    limit: Most = 10,
    source_type: Type = None,
    published_from: From = None,
    published_before: Before = None,
    form: Format = Form.table,
) -> None:
    from litxdb.database import Database
    from litxdb.repositories import Repositories

    with Database(url, command="sources similar", notify=render.note) as db, db.session() as session:
        found = Repositories(session).sources.similar_to(
            number,
            threshold,
            limit,
            source_type=source_type,
            published_from=published_from and published_from.replace(tzinfo=UTC),
            published_before=published_before and published_before.replace(tzinfo=UTC),
        )
    rows = [
        {
            "id": each.source.id,
            "similarity": each.similarity,
            "source_type": each.source.source_type,
            "title": each.source.title,
            "url": each.source.url,
            "published_at": each.source.published_at,
        }
        for each in found
    ]
    columns: dict[str, render.Column] = {
        "id": "id",
        "similarity": ("similarity", "{:.3f}".format),
        "source_type": "type",
        "title": "title",
        "url": "url",
    }
    render.rows(rows, form, columns=columns)
    if not rows and form is Form.table:
        render.line(f"None is that similar to source {number}.")
