"""Full-text index on sources, built without blocking anybody."""

import sqlalchemy as sa
from alembic import op

from litxdb.migrations.concurrently import create_index, drop_index

revision = "0012_sources_full_text"
down_revision = "0011_growth"

# Of the beginning only: a page whose words take more than a megabyte fits into no tsvector, and the index would have
# the agent's INSERT fail for it. https://www.postgresql.org/docs/current/textsearch-limitations.html
WORDS = "to_tsvector('english', left((title || ' ') || coalesce(content, ''), 100000))"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_index("ix_sources_content_fts", "sources", [sa.text(WORDS)], postgresql_using="gin")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_index("ix_sources_content_fts", "sources")
