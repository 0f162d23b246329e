"""Research agent: profiles, sources with their embeddings, digests and feedback."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects.postgresql import JSONB

from litxdb.migrations.extensions import require

revision = "0009_research_agent"
down_revision = "0008_chat"
extensions = {"vector": "0.5.0"}  # the first with HNSW

TABLES = ("user_profiles", "sources", "digests", "digest_items", "feedback")
# Remembers who made the extension: downgrade drops it only if this revision did.
OURS = "the extension vector was created by litxdb"


def upgrade() -> None:
    created = require(op.get_bind().connection.cursor(), extensions, revision)
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "user_profiles",
        _id(),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("display_name", sa.Text()),
        sa.Column("preferences", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        *_timestamps(),
        sa.UniqueConstraint("user_id"),
    )
    op.create_table(
        "sources",
        _id(),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("metadata", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("embedding", Vector(1536)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        *_timestamps(),
        sa.UniqueConstraint("url"),
        sa.CheckConstraint(
            "source_type IN ('arxiv', 'kaggle', 'huggingface', 'web_search')", name=op.f("sources_source_type_check")
        ),
    )
    op.create_index(
        "ix_sources_embedding_hnsw",
        "sources",
        ["embedding"],
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
    if "vector" in created:
        op.execute(f"COMMENT ON CONSTRAINT sources_pkey ON sources IS '{OURS}'")
    _create_digests()
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def _create_digests() -> None:
    op.create_table(
        "digests",
        _id(),
        sa.Column(
            "user_profile_id", sa.BigInteger(), sa.ForeignKey("user_profiles.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("digest_date", sa.Date(), nullable=False),
        sa.Column("delivery_status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        *_timestamps(),
        sa.UniqueConstraint("user_profile_id", "digest_date"),
    )
    op.create_table(
        "digest_items",
        _id(),
        sa.Column("digest_id", sa.BigInteger(), sa.ForeignKey("digests.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source_id", sa.BigInteger(), sa.ForeignKey("sources.id"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("reasoning", sa.Text()),
        *_timestamps(),
        sa.UniqueConstraint("digest_id", "rank"),
        sa.CheckConstraint("rank >= 1", name=op.f("digest_items_rank_check")),
    )
    op.create_index("ix_digest_items_source_id", "digest_items", ["source_id"])
    op.create_table(
        "feedback",
        _id(),
        sa.Column(
            "user_profile_id", sa.BigInteger(), sa.ForeignKey("user_profiles.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column(
            "digest_item_id", sa.BigInteger(), sa.ForeignKey("digest_items.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("rating", sa.SmallInteger()),
        sa.Column("interaction", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        *_timestamps(),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("feedback_rating_check")),
    )
    op.create_index("ix_feedback_user_profile_id", "feedback", ["user_profile_id"])
    op.create_index("ix_feedback_digest_item_id", "feedback", ["digest_item_id"])


def downgrade() -> None:
    """Drop the agent's tables: loses all profiles, sources with their embeddings, digests and feedback.

    The extension goes too if this revision created it; if something else uses it by now, that is an error.
    """
    ours = op.get_bind().scalar(
        sa.text(
            "SELECT obj_description(oid, 'pg_constraint') = :ours FROM pg_constraint"
            " WHERE conrelid = 'sources'::regclass AND conname = 'sources_pkey'"
        ),
        {"ours": OURS},
    )
    for table in reversed(TABLES):
        op.drop_table(table)
    if ours:
        op.execute("DROP EXTENSION vector")


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _timestamps() -> list[sa.Column[Any]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in ("created_at", "updated_at")
    ]
