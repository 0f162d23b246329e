"""A project's own revisions, which follow LitXplore's: p1, p2…"""

from __future__ import annotations

from pathlib import Path

from litxdb.migrate import Graph

TEXT = """
'''Revision {number} of the project.'''
import sqlalchemy as sa
from alembic import op

revision = "p{number}"
down_revision = "{follows}"

def upgrade():
    {body}

def downgrade():
    pass
"""


def write(directory: Path, *bodies: str) -> Path:
    """Write revisions, each with one body of upgrade(), and return the directory."""
    directory.mkdir(exist_ok=True)
    for number, body in enumerate(bodies, 1):
        follows = f"p{number - 1}" if number > 1 else Graph.read().head.id
        (directory / f"{number}.py").write_text(TEXT.format(number=number, follows=follows, body=body))
    return directory
