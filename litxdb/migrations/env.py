"""How Alembic runs these migrations: for litxdb on a connection that it hands in, else for Alembic's own command.

To use that command on the same revisions, put `[tool.alembic]` with `script_location = "litxdb:migrations"` into a
pyproject.toml.
"""

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData

from litxdb.database import Database


def include(thing: object, name: str | None, kind: str, reflected: bool, counterpart: object) -> bool:
    """Leave tables alone that the models do not know: whose they are, nobody here can tell."""
    unknown = kind == "table" and reflected and counterpart is None
    if unknown:
        context.config.attributes.setdefault("left_alone", []).append(name)
    return not unknown


def run(connection: Connection, metadata: MetaData | None) -> None:
    """Run what Alembic was asked for, each revision in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        include_object=include,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise CommandError("These migrations look at the database as they go: they cannot be written as SQL alone.")
given = context.config.attributes.get("connection")
if given is not None:
    run(given, context.config.attributes.get("metadata"))
else:
    from litxdb.models import Base  # only for Alembic's own command: loading the models takes a while

    with Database(command="alembic").direct_engine.connect() as own:
        run(own, Base.metadata)
