"""When autovacuum comes to a table, by its storage parameters and the server's settings.

https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM, and relation_needs_vacanalyze() in
PostgreSQL's autovacuum.c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litxdb.doctor.check import Rows


@dataclass(frozen=True)
class Triggers:
    """More rows than that, and autovacuum comes: dead or inserted ones for VACUUM, changed ones for ANALYZE."""

    dead: float
    inserted: float
    changed: float


def parameters(settings: Rows) -> dict[str, float]:
    """Return the server's own parameters of autovacuum, by name."""
    return {row.name: float(row.setting) for row in settings if row.name.startswith("autovacuum_")}


def triggers(rows: float, options: Sequence[str], server: Mapping[str, float], *, unfrozen: float = 1.0) -> Triggers:
    """Return a table's triggers; its options go before the server's parameters. `unfrozen` counts from version 18 on.

    >>> server = {
    ...     "autovacuum_vacuum_threshold": 50, "autovacuum_vacuum_scale_factor": 0.2,
    ...     "autovacuum_vacuum_insert_threshold": 1000, "autovacuum_vacuum_insert_scale_factor": 0.2,
    ...     "autovacuum_analyze_threshold": 50, "autovacuum_analyze_scale_factor": 0.1,
    ... }
    >>> triggers(1000, [], server)
    Triggers(dead=250.0, inserted=1200.0, changed=150.0)
    >>> triggers(1000, ["autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_insert_threshold=-1"], server)
    Triggers(dead=50.0, inserted=inf, changed=150.0)
    >>> triggers(1e9, [], {**server, "autovacuum_vacuum_max_threshold": 100_000_000}).dead
    100000000
    """
    known = server
    if options:
        pairs = (option.partition("=")[::2] for option in options)
        known = {**server, **{name: float(value) for name, value in pairs if name in server}}
    dead = known["autovacuum_vacuum_threshold"] + known["autovacuum_vacuum_scale_factor"] * rows
    most = known.get("autovacuum_vacuum_max_threshold", -1)
    inserted = known["autovacuum_vacuum_insert_threshold"]
    return Triggers(
        dead=min(dead, most) if most >= 0 else dead,
        inserted=inserted + known["autovacuum_vacuum_insert_scale_factor"] * rows * unfrozen
        if inserted >= 0
        else float("inf"),
        changed=known["autovacuum_analyze_threshold"] + known["autovacuum_analyze_scale_factor"] * rows,
    )


def of_table(table: Any, server: Mapping[str, float]) -> Triggers:
    """Return the triggers of a row of the read `tables`."""
    unfrozen = 1 - min(table.frozen_pages or 0, table.pages) / table.pages if table.pages else 1.0
    return triggers(table.rows or 0, table.options, server, unfrozen=unfrozen)


def of_toast(table: Any, server: Mapping[str, float]) -> Triggers:
    """Return the triggers of its TOAST table, which follows the table's parameters unless it has its own."""
    return triggers(table.toast_rows or 0, table.toast_options or table.options, server)


def disabled(options: Sequence[str]) -> bool:
    """Tell whether storage parameters keep autovacuum away, in any spelling of a boolean that PostgreSQL takes.

    >>> disabled(["fillfactor=70", "autovacuum_enabled=OFF"]), disabled(["autovacuum_enabled=true"]), disabled([])
    (True, False, False)
    """
    values = [value for name, _, value in (option.partition("=") for option in options) if name == "autovacuum_enabled"]
    value = values[0].lower() if values else "true"
    return value == "0" or any(word.startswith(value) for word in ("false", "no")) or value in ("of", "off")
