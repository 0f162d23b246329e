"""Growth: subscriptions, bookmarks, teams, shared reviews and the activity log."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011_growth"
down_revision = "0010_agent_system_tables"

TABLES = ("subscriptions", "bookmarks", "teams", "team_members", "shared_reviews")


def upgrade() -> None:
    op.add_column("users", sa.Column("subscription_tier", sa.String(50)))
    op.add_column("users", sa.Column("subscription_status", sa.String(50)))
    op.add_column("users", sa.Column("stripe_customer_id", sa.String(255)))
    op.create_table(
        "subscriptions",
        _id(),
        _owner("user_id", sa.Integer(), "users.id"),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("stripe_subscription_id", sa.Text()),
        *_timestamps(),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("subscriptions_ended_at_check")),
    )
    op.create_index("ix_subscriptions_user_id", "subscriptions", ["user_id"])
    op.create_table(
        "bookmarks",
        _owner("user_id", sa.Integer(), "users.id"),
        _owner("paper_id", sa.BigInteger(), "papers.id"),
        sa.Column("note", sa.Text()),
        *_timestamps(),
        sa.PrimaryKeyConstraint("user_id", "paper_id"),
    )
    op.create_index("ix_bookmarks_paper_id", "bookmarks", ["paper_id"])
    _create_teams()
    op.create_table(
        "user_activity",
        _id(),
        _owner("user_id", sa.Integer(), "users.id"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text()),
        sa.Column("entity_id", sa.Text()),
        sa.Column("metadata", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index("ix_user_activity_user_id_created_at", "user_activity", ["user_id", sa.text("created_at DESC")])
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def _create_teams() -> None:
    op.create_table("teams", _id(), sa.Column("name", sa.Text(), nullable=False), *_timestamps())
    op.create_table(
        "team_members",
        _owner("team_id", sa.BigInteger(), "teams.id"),
        _owner("user_id", sa.Integer(), "users.id"),
        sa.Column("role", sa.Text(), server_default="member", nullable=False),
        *_timestamps(),
        sa.PrimaryKeyConstraint("team_id", "user_id"),
    )
    op.create_index("ix_team_members_user_id", "team_members", ["user_id"])
    op.create_table(
        "shared_reviews",
        _id(),
        _owner("review_id", sa.Integer(), "literature_reviews.id"),
        _owner("shared_by", sa.Integer(), "users.id"),
        _owner("team_id", sa.BigInteger(), "teams.id", nullable=True),
        _owner("shared_with", sa.Integer(), "users.id", nullable=True),
        sa.Column("permission", sa.Text(), server_default="read", nullable=False),
        *_timestamps(),
        sa.UniqueConstraint("review_id", "team_id"),
        sa.UniqueConstraint("review_id", "shared_with"),
        sa.CheckConstraint("num_nonnulls(team_id, shared_with) = 1", name=op.f("shared_reviews_recipient_check")),
        sa.CheckConstraint("permission IN ('read', 'comment', 'edit')", name=op.f("shared_reviews_permission_check")),
    )
    for column in ("shared_by", "team_id", "shared_with"):
        op.create_index(f"ix_shared_reviews_{column}", "shared_reviews", [column])


def downgrade() -> None:
    """Drop tables and columns: loses subscriptions, bookmarks, teams, shares and the activity log."""
    op.drop_table("user_activity")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("users", "stripe_customer_id")
    op.drop_column("users", "subscription_status")
    op.drop_column("users", "subscription_tier")


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _owner(name: str, type_: sa.types.TypeEngine[Any], target: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, type_, sa.ForeignKey(target, ondelete="CASCADE"), nullable=nullable)


def _timestamps() -> list[sa.Column[Any]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in ("created_at", "updated_at")
    ]
