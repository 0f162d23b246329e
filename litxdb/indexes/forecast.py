"""What building an index will take: rows, room on disk, memory, and on what its time depends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from litxdb.indexes.preparation import Prepared
from litxdb.indexes.present import ask
from litxdb.indexes.probe import Probed
from litxdb.indexes.results import Graph, Means, PlannedIndex
from litxdb.indexes.vectors import allowance, graph, index_bytes, provide

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LOCK = "SHARE UPDATE EXCLUSIVE: reads and writes go on; DDL, VACUUM and other builds on the table wait"
LOCK_OF_PARTITIONED = f"{LOCK}. For a moment SHARE on the table itself, where writes wait"
"""https://www.postgresql.org/docs/current/explicit-locking.html"""

SECONDS_PER_ROW_AND_DIMENSION = 1e-6
"""Of one process, in memory: 0.4 to 1.9 µs were measured for 5,000 to 20,000 rows of 768 and 1536 dimensions."""

TUPLE_BYTES, BTREE_FILL = 12, 0.9
"""What a B-tree adds to each key, and how full a new page is: https://www.postgresql.org/docs/current/btree.html"""


def forecast(connection: Connection, prepared: Prepared, means: Means) -> PlannedIndex:
    """Say what building the index will take, and with which means; sizes are None where nobody can tell."""
    table, steps, probed = prepared.table, prepared.steps, prepared.probed
    expected = PlannedIndex(
        index=prepared.twin.name if prepared.twin else prepared.definition.name,
        table=table.quoted,
        status="present" if not steps else "invalid" if steps[0].text.startswith("drop") else "missing",
        statements=tuple(step.text for step in steps),
        lock=LOCK_OF_PARTITIONED if table.partitioned else LOCK,
    )
    if not steps or probed is None:
        return expected
    reads = None if probed.table_bytes is None else 2 * probed.table_bytes
    expected = replace(expected, rows=probed.rows, reads_bytes=reads)
    if probed.facts.method == "hnsw":
        return _with_graph(connection, expected, probed, means)
    size = _btree_bytes(probed) if probed.facts.method == "btree" else None
    return replace(
        expected, bytes=size, basis="reads the table twice", memory_bytes=means.memory_bytes, workers=means.workers
    )


def provided(connection: Connection, probed: Probed, means: Means) -> tuple[Graph | None, Means]:
    """Say what the graph of an HNSW index needs, and what its build gets."""
    server = {row["name"]: row["value"] for row in ask(connection, "settings")}
    facts = probed.facts
    needed = graph(facts.type, facts.dimensions, facts.m, probed.rows, allowance(means, server))
    return needed, provide(needed, means, server)


def warning(needed: Graph | None) -> str | None:
    """Say how much more memory a build would need, if it does not fit.

    >>> str(warning(Graph(1_000_000, 6864, 6_864_000_000, 1 << 30, 156_430))).partition(":")[0]
    'the graph of 1000000 rows needs 6546 MB, and 1024 MB are allowed'
    >>> warning(Graph(10, 6864, 68640, 1 << 30, 156_430)) is None
    True
    """
    if needed is None or needed.fits:
        return None
    return (
        f"the graph of {needed.rows} rows needs {needed.bytes >> 20} MB, and {needed.allowed_bytes >> 20} MB are "
        f"allowed: after about {needed.fitting_rows} rows the build goes on on disk, several times slower. "
        f"If the server has it, add --memory {round(needed.bytes * 1.05) // 2**20 + 4}MB; halfvec needs about half."
    )


def _with_graph(connection: Connection, expected: PlannedIndex, probed: Probed, means: Means) -> PlannedIndex:
    facts = probed.facts
    needed, used = provided(connection, probed, means)
    processes = (used.workers or 0) + 1
    seconds = probed.rows * facts.dimensions * SECONDS_PER_ROW_AND_DIMENSION / processes
    basis = f"computes about {seconds:.0f} s in memory: 1 µs a row and dimension, {processes} at a time"
    return replace(
        expected,
        bytes=index_bytes(facts.type, facts.dimensions, facts.m, probed.rows),
        basis=basis,
        memory_bytes=used.memory_bytes,
        workers=used.workers,
        graph=needed,
        warning=warning(needed),
    )


def _btree_bytes(probed: Probed) -> int:
    """Estimate a B-tree's size, at most: equal keys share room."""
    each = TUPLE_BYTES + (probed.key_bytes + 7) // 8 * 8
    return max(1, round(probed.rows * each / BTREE_FILL / 8192) + 1) * 8192
