"""Initial migration: literature reviews, still without an owner."""

import sqlalchemy as sa
from alembic import op

revision = "74f32592cfec"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "literature_reviews",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime()),
        sa.Column("updated_at", sa.DateTime()),
    )
    op.create_index("ix_literature_reviews_id", "literature_reviews", ["id"])


def downgrade() -> None:
    """Drop the reviews: loses all of them."""
    op.drop_table("literature_reviews")
