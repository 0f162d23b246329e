"""Research library: sessions, papers and notes."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007_research_library"
down_revision = "0006_performance_indexes"

TABLES = ("research_sessions", "papers", "notes")


def upgrade() -> None:
    # clock_timestamp(), as now() stands still within a transaction: its second UPDATE would not show.
    op.execute("""
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$
""")
    op.create_table(
        "research_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        *_timestamps(),
    )
    op.create_index("ix_research_sessions_user_id", "research_sessions", ["user_id"])
    op.create_index("session_status_idx", "research_sessions", ["status"])
    op.create_index("ix_research_sessions_created_at", "research_sessions", ["created_at"])
    op.create_table(
        "papers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column(
            "session_id", sa.BigInteger(), sa.ForeignKey("research_sessions.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True)),
        sa.Column("summary", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("relevance_score", sa.Double()),
        *_timestamps(),
        # In this order the index also finds a paper in every session; ix_papers_session_id does the other way.
        sa.UniqueConstraint("external_id", "session_id"),
    )
    op.create_index("ix_papers_session_id", "papers", ["session_id"])
    op.create_index("ix_papers_status", "papers", ["status"])
    op.create_index("ix_papers_created_at", "papers", ["created_at"])
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("paper_id", sa.BigInteger(), sa.ForeignKey("papers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("page_number", sa.Integer()),
        sa.Column("note_type", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("justification", sa.Text()),
        sa.Column("relevance_score", sa.Double()),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        *_timestamps(),
        sa.CheckConstraint("page_number >= 1", name=op.f("notes_page_number_check")),
    )
    op.create_index("ix_notes_paper_id", "notes", ["paper_id"])
    op.create_index("ix_notes_note_type", "notes", ["note_type"])
    op.create_index("ix_notes_status", "notes", ["status"])
    op.create_index("ix_notes_created_at", "notes", ["created_at"])
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def downgrade() -> None:
    """Drop the library: loses all research sessions, papers and notes."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION set_updated_at()")


def _timestamps() -> list[sa.Column[Any]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in ("created_at", "updated_at")
    ]
