"""The trigger behind `updated_at`, so that `metadata.create_all` makes the same schema as the migrations."""

from __future__ import annotations

from sqlalchemy import DDL, event

from litxdb.models.base import Base, Timestamps

# clock_timestamp(), as now() stands still within a transaction: its second UPDATE would not show.
FUNCTION = """
CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$
"""
TRIGGER = """
CREATE TRIGGER set_updated_at BEFORE UPDATE ON %(fullname)s FOR EACH ROW EXECUTE FUNCTION set_updated_at()
"""


def attach() -> None:
    """Have `create_all` make the extension, the function and each table's trigger."""
    _run(Base.metadata, "before_create", "CREATE EXTENSION IF NOT EXISTS vector")
    _run(Base.metadata, "before_create", FUNCTION)
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Timestamps):
            _run(mapper.local_table, "after_create", TRIGGER)


def _run(target: object, moment: str, statement: str) -> None:
    event.listen(target, moment, DDL(statement))  # type: ignore[no-untyped-call]  # SQLAlchemy's DDL has no types
