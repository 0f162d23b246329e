"""Chat: sessions, messages and documents."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008_chat"
down_revision = "0007_research_library"


def upgrade() -> None:
    op.create_table(
        "chat_sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        *_timestamps(),
        sa.UniqueConstraint("session_id"),
    )
    op.create_index("ix_chat_sessions_user_id", "chat_sessions", ["user_id"])
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), primary_key=True),
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("chat_sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("token_count", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant', 'system', 'tool')", name=op.f("chat_messages_role_check")),
        sa.CheckConstraint("token_count >= 0", name=op.f("chat_messages_token_count_check")),
    )
    op.create_index("ix_chat_messages_session_id_created_at", "chat_messages", ["session_id", "created_at"])
    op.create_index("ix_chat_messages_user_id", "chat_messages", ["user_id"])
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), primary_key=True),
        sa.Column("source_url", sa.Text()),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("original_filename", sa.Text()),
        sa.Column("ingestion_status", sa.Text(), server_default="pending", nullable=False),
        *_timestamps(),
        sa.UniqueConstraint("checksum"),
        sa.CheckConstraint(
            "ingestion_status IN ('pending', 'processing', 'completed', 'failed')",
            name=op.f("documents_ingestion_status_check"),
        ),
    )
    for table in ("chat_sessions", "documents"):
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def downgrade() -> None:
    """Drop the chat: loses all conversations and the list of documents."""
    op.drop_table("documents")
    op.drop_table("chat_messages")
    op.drop_table("chat_sessions")


def _timestamps() -> list[sa.Column[Any]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in ("created_at", "updated_at")
    ]
