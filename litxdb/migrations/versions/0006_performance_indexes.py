"""Performance indexes on tasks and reviews, built without blocking anybody."""

import sqlalchemy as sa
from alembic import op

from litxdb.migrations.concurrently import create_index, drop_index

revision = "0006_performance_indexes"
down_revision = "create_simplified_tasks_table"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_index("ix_tasks_user_status", "tasks", ["user_id", "status"])
        create_index(
            "ix_reviews_content_fts",
            "literature_reviews",
            [sa.text("to_tsvector('english', content)")],
            postgresql_using="gin",
        )
        create_index("ix_reviews_created_at", "literature_reviews", [sa.text("created_at DESC")])


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_index("ix_reviews_created_at", "literature_reviews")
        drop_index("ix_reviews_content_fts", "literature_reviews")
        drop_index("ix_tasks_user_status", "tasks")
