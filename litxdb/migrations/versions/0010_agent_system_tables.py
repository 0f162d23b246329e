"""Agent system tables: settings, fetchers, search queries, models and preference weights."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010_agent_system_tables"
down_revision = "0009_research_agent"

TABLES = ("system_state", "fetcher_state", "search_queries", "model_metadata", "preference_weights")


def upgrade() -> None:
    op.create_table(
        "system_state",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", JSONB(), nullable=False),
        *_timestamps(),
    )
    op.create_table(
        "fetcher_state",
        sa.Column("fetcher", sa.Text(), primary_key=True),
        sa.Column("status", sa.Text(), server_default="idle", nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True)),
        sa.Column("last_success_at", sa.DateTime(timezone=True)),
        sa.Column("consecutive_errors", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text()),
        *_timestamps(),
        sa.CheckConstraint("consecutive_errors >= 0", name=op.f("fetcher_state_consecutive_errors_check")),
    )
    op.create_table(
        "search_queries",
        _id(),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("query_hash", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("results_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        *_timestamps(),
        sa.UniqueConstraint("query_hash", "source_type"),
        sa.CheckConstraint(
            "source_type IN ('arxiv', 'kaggle', 'huggingface', 'web_search')",
            name=op.f("search_queries_source_type_check"),
        ),
        sa.CheckConstraint("results_count >= 0", name=op.f("search_queries_results_count_check")),
    )
    op.create_table(
        "model_metadata",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("metrics", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True)),
        *_timestamps(),
        sa.UniqueConstraint("name", "version"),
    )
    op.create_table(
        "preference_weights",
        _id(),
        sa.Column(
            "user_profile_id", sa.BigInteger(), sa.ForeignKey("user_profiles.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        *_timestamps(),
        sa.UniqueConstraint("user_profile_id", "feature"),
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def downgrade() -> None:
    """Drop the tables: loses settings, fetchers' states, the queries already asked, models and weights."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _timestamps() -> list[sa.Column[Any]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in ("created_at", "updated_at")
    ]
