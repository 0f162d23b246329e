"""The tools that litxdb is compared with, set up as their own documentation says."""

from __future__ import annotations

from pathlib import Path

from litxdb.migrations import VERSIONS

ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

engine = engine_from_config(context.config.get_section(context.config.config_ini_section), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
"""What `alembic init` writes, less logging and the offline mode."""


NEXT = "\n    "
"""How a list goes on in an ini file."""


def alembic(directory: Path, parameters: dict[str, str], more: Path | None = None) -> list[str]:
    """Make an Alembic project of LitXplore's revisions, and `more`, and return the command that runs in it."""
    (directory / "env.py").write_text(ENV)
    socket = f"host={parameters['host']}&port={parameters['port']}".replace("%", "%%")
    (directory / "alembic.ini").write_text(
        "[alembic]\n"
        f"script_location = {directory}\nversion_locations = {VERSIONS}{f'{NEXT}{more}' if more else ''}\n"
        "path_separator = newline\n"
        f"sqlalchemy.url = postgresql+psycopg2://postgres@/{parameters['dbname']}?{socket}\n"
    )
    return ["alembic", "-c", str(directory / "alembic.ini")]
