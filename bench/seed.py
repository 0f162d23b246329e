"""Seeding a world beside COPY of rows prepared in advance and SQLAlchemy's add_all, and seeding it again."""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg2
from sqlalchemy.orm import Session

from litxdb import migrate, queries
from litxdb.database import Database
from litxdb.models import Base
from litxdb.seed import SIZES, Loaded, Recipe, fill
from litxdb.seed.copying import BINARY_END, BINARY_HEAD, copy, encoded
from litxdb.seed.world import NAMES, Table, tables
from litxdb.seed.world.draws import NULL

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LARGE = Recipe(1000, now=NOW)
SMALL = Recipe(SIZES["dev"], now=NOW)
MODELS = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
Make = Callable[[str], str]


def show(at_head: Make, runs: int) -> None:
    """Print the figures; `at_head` makes a database with the schema. What is compared runs in turn."""
    turns = max(3, runs // 5)
    prepared = [(table, _prepare(table)) for table in tables(LARGE)]
    count = sum(1 for table, _ in prepared for _ in (table.binary or table.rows)())
    print(f"\nSeeding {LARGE.users} people, {count} rows:")
    ours, raw, again = [], [], []
    for turn in range(turns):
        with Database(at_head(f"world_{turn}")) as db:
            ours.append(_timed(partial(_fill, db, LARGE)))
            again.append(_timed(partial(_fill, db, LARGE)))
        url = at_head(f"raw_{turn}")
        raw.append(_timed(partial(_copy, url, prepared)))
    _line("rows made and written / COPY of the same rows", raw, ours, "at least 0.6")
    _line("the same again / the first time", again, ours, "at most 0.2")
    _against_orm(at_head, turns)


def _against_orm(at_head: Make, turns: int) -> None:
    """Compare with objects: whole, and rows alone, without the indexes that either way are best built afterwards."""
    made = [(MODELS[table.name], _values(table)) for table in tables(SMALL) if table.key != "fetcher"]
    count = sum(len(values) for _, values in made)
    whole, orm, rows, orm_rows = [], [], [], []
    for turn in range(turns):
        with Database(at_head(f"small_{turn}")) as db:
            afterwards: list[float] = []
            whole.append(_timed(partial(_fill, db, SMALL, afterwards)))
            rows.append(whole[-1] - sum(afterwards))
        with Database(at_head(f"orm_{turn}")) as db:
            orm.append(_timed(partial(_add_all, db, made)))
        with Database(at_head(f"orm_rows_{turn}")) as db:
            _run(db, "drop index ix_sources_embedding_hnsw, ix_sources_content_fts, ix_reviews_content_fts")
            orm_rows.append(_timed(partial(_add_all, db, made)))
    _line(f"add_all of {count} rows / writing them", orm_rows, rows, "at least 8")
    _line("  with the indexes, and for us ANALYZE", orm, whole, "none")
    _vectors(at_head, turns)


def _vectors(at_head: Make, turns: int) -> None:
    ours, orm, values = [], [], _values(_sources())
    for turn in range(turns):
        with Database(at_head(f"vectors_{turn}")) as db:
            _run(db, "drop index ix_sources_embedding_hnsw, ix_sources_content_fts")
            ours.append(_timed(partial(_write, db, _sources())))
            _run(db, "truncate sources cascade")
            orm.append(_timed(partial(_add_all, db, [(MODELS["sources"], values)])))
    _line(f"add_all of {len(values)} vectors / COPY of them", orm, ours, "at least 20")


def _sources() -> Table:
    return next(table for table in tables(LARGE) if table.name == "sources")


def _fill(db: Database, recipe: Recipe, afterwards: list[float] | None = None) -> None:
    def watch(title: str, loaded: Loaded | None) -> None:
        if loaded and loaded.seconds and afterwards is not None and (".ix_" in title or title == "analyze"):
            afterwards.append(loaded.seconds)

    fill(db, recipe.users, heads=migrate.heads(), now=NOW, watch=watch)


def _line(title: str, one: list[float], other: list[float], bound: str) -> None:
    ratio = statistics.median(a / b for a, b in zip(one, other, strict=True))
    times = f"{statistics.median(one):7.2f} s {statistics.median(other):7.2f} s"
    print(f"  {title:48} {times}  ratio {ratio:.2f} (bound: {bound})")


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _prepare(table: Table) -> bytes:
    if table.binary:
        return b"".join((BINARY_HEAD, *table.binary(), BINARY_END))
    return b"".join(encoded(table.rows()))


def _write(db: Database, table: Table) -> None:
    with contextlib.closing(db.connect()) as connection, connection, connection.cursor() as cursor:
        copy(cursor, table)


def _copy(url: str, prepared: list[tuple[Table, bytes]]) -> None:
    """Do what somebody does who has the rows already: COPY, the slow indexes afterwards, ANALYZE; one transaction."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        slow = queries.load("seed", "slow_indexes", connection.info.server_version).run(connection, tables=list(NAMES))
        for index in slow:
            cursor.execute(f"drop index {index['index']}")
        for table, data in prepared:
            binary = " with (format binary)" if table.binary else ""
            columns = ", ".join(table.columns)
            cursor.copy_expert(f"copy {table.name} ({columns}) from stdin{binary}", io.BytesIO(data), size=1 << 16)
        cursor.execute("set local maintenance_work_mem = '256MB'")
        for index in slow:
            cursor.execute(index["definition"])
        cursor.execute("analyze")


def _run(db: Database, statement: str) -> None:
    with contextlib.closing(db.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def _values(table: Table) -> list[dict[str, Any]]:
    """Turn a table's rows into what its model's constructor takes."""
    columns = [(MODELS[table.name].__mapper__.get_property_by_column(column).key, column) for column in _columns(table)]
    return [
        {name: _value(text, str(column.type)) for (name, column), text in zip(columns, row, strict=True)}
        for row in table.rows()
    ]


def _columns(table: Table) -> list[Any]:
    return [Base.metadata.tables[table.name].c[name] for name in table.columns]


def _value(text: str, kind: str) -> Any:
    if text == NULL:
        return None
    if kind == "JSONB" or kind.startswith("VECTOR"):
        return json.loads(text)
    if kind in {"DATETIME", "TIMESTAMP"}:
        return datetime.fromisoformat(text if not text.endswith("+00") else f"{text}:00")
    return {"BOOLEAN": lambda: text == "t", "FLOAT": lambda: float(text)}.get(kind, lambda: text)()


def _add_all(db: Database, made: list[Any]) -> None:
    with Session(db.engine) as session:
        for model, values in made:
            session.add_all([model(**each) for each in values])
            session.flush()
        session.commit()
