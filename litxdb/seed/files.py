"""Writes a world as CSV files instead, with a script that loads them."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from pathlib import Path

from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.seed.fill import Watch, ignore
from litxdb.seed.results import Loaded
from litxdb.seed.world import Recipe, Table, tables
from litxdb.seed.world.draws import NULL

SCRIPT = "load.sql"
HEAD = """\
-- Loads this directory into an empty database of LitXplore: psql -v ON_ERROR_STOP=1 -1 -f load.sql
-- The baseline's fetchers make way for those in here.
delete from fetcher_state;
"""
ADVANCE = """\
select setval(s.name, m.id) from (select pg_get_serial_sequence('{0}', 'id')::regclass as name) s,
    (select max(id) as id from {0}) m where m.id > coalesce(pg_sequence_last_value(s.name), 0);
"""


def write(recipe: Recipe, directory: Path, *, watch: Watch = ignore) -> tuple[Loaded, ...]:
    """Write a file for each table into a directory that is new or empty: all of them, or nothing.

    Raises Refused for a directory that holds something, and ConfigurationInvalid for a place that takes no files.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(f"{directory} holds something already.", "Name a directory that is new or empty.")
    directory = directory.absolute()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            written = _write_all(recipe, partial, watch)
            partial.chmod(0o755)
            os.replace(partial, directory)  # noqa: PTH105 - an empty directory gives way
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        raise ConfigurationInvalid(
            f"{directory} could not be written: {error.strerror}.", "Name another place, or free some space there."
        ) from error
    return written


def _write_all(recipe: Recipe, directory: Path, watch: Watch) -> tuple[Loaded, ...]:
    written, script = [], [HEAD]
    for table in tables(recipe):
        watch(table.name, None)
        written.append(Loaded(table.name, _write(table, directory / f"{table.name}.csv"), 0))
        watch(table.name, written[-1])
        columns, file = ", ".join(table.columns), f"{table.name}.csv"
        script.append(f"\\copy {table.name} ({columns}) from '{file}' with (format csv, header)\n")
        script += [ADVANCE.format(table.name)] if table.key == "number" else []
    (directory / SCRIPT).write_text("".join(script), encoding="utf-8")
    return tuple(written)


def _write(table: Table, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        for row in table.rows():
            writer.writerow("" if value == NULL else value for value in row)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count
