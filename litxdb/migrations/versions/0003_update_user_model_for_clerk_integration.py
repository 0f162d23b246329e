"""Update user model for Clerk integration: a Clerk id, and names."""

import sqlalchemy as sa
from alembic import op

revision = "39f6942a01f0"
down_revision = "b9c1403e0770"


def upgrade() -> None:
    op.add_column("users", sa.Column("clerk_id", sa.String(255)))
    # Whoever was there before Clerk (or before a rollback) gets an id that Clerk never issues.
    op.execute("UPDATE users SET clerk_id = 'unlinked_' || id")
    op.alter_column("users", "clerk_id", nullable=False)
    op.add_column("users", sa.Column("first_name", sa.String(255)))
    op.add_column("users", sa.Column("last_name", sa.String(255)))
    op.create_index("ix_users_clerk_id", "users", ["clerk_id"], unique=True)


def downgrade() -> None:
    """Drop the columns: loses everybody's Clerk id and names."""
    op.drop_column("users", "last_name")
    op.drop_column("users", "first_name")
    op.drop_column("users", "clerk_id")
