"""New review history: a review belongs to a person, has a topic, and cites."""

import sqlalchemy as sa
from alembic import op

revision = "aaf2ade1b6fd"
down_revision = "39f6942a01f0"


def upgrade() -> None:
    op.add_column("literature_reviews", sa.Column("user_id", sa.Integer()))
    op.create_foreign_key(None, "literature_reviews", "users", ["user_id"], ["id"])
    op.create_index("ix_literature_reviews_user_id", "literature_reviews", ["user_id"])
    op.add_column("literature_reviews", sa.Column("topic", sa.String(255)))
    # The title is the nearest thing to a topic that an older review has.
    op.execute("UPDATE literature_reviews SET topic = title")
    op.alter_column("literature_reviews", "topic", nullable=False)
    op.add_column("literature_reviews", sa.Column("citations", sa.Text()))


def downgrade() -> None:
    """Drop the columns: loses every review's owner, topic and citations."""
    op.drop_column("literature_reviews", "citations")
    op.drop_column("literature_reviews", "topic")
    op.drop_column("literature_reviews", "user_id")
