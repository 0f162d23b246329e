"""Writes small Alembic projects, with an env.py as strange as those of strangers."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

OWN_ENGINE = """
import logging.config
from alembic import context
from sqlalchemy import engine_from_config, pool

logging.config.fileConfig(context.config.config_file_name)
print("env.py says hello")
engine = engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
INI = """
[alembic]
script_location = scripts
sqlalchemy.url = sqlite:///of-its-own.db
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys =
[logger_root]
level = DEBUG
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stdout,)
"""
REVISION = '''
"""What {id} does."""
import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {follows!r}
depends_on = {depends!r}
branch_labels = {labels!r}

def upgrade():
{up}

def downgrade():
{down}
'''


class Writer:
    """Writes a project: `write(env)` and then `revision("a", None, "op.…")`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, env: str = OWN_ENGINE, ini: str = INI) -> Path:
        (self.directory / "scripts" / "versions").mkdir(parents=True, exist_ok=True)
        (self.directory / "scripts" / "env.py").write_text(dedent(env))
        (self.directory / "alembic.ini").write_text(ini)
        return self.directory

    def revision(
        self,
        name: str,
        follows: str | tuple[str, ...] | None,
        up: str | None = None,
        down: str | None = None,
        *,
        depends: str | None = None,
        labels: str | None = None,
    ) -> None:
        up = f"op.execute('create table {name} ()')" if up is None else dedent(up)
        down = f"op.execute('drop table {name}')" if down is None else down
        bodies = {"up": indent(up, "    "), "down": indent(down, "    ")}
        text = REVISION.format(id=name, follows=follows, depends=depends, labels=labels, **bodies)
        (self.directory / "scripts" / "versions" / f"{name}.py").write_text(text)
