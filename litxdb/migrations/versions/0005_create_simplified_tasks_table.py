"""Create simplified tasks table: background tasks and how far they are."""

import sqlalchemy as sa
from alembic import op

revision = "create_simplified_tasks_table"
down_revision = "aaf2ade1b6fd"


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("status", sa.Enum("pending", "running", "completed", "failed", name="taskstatus"), nullable=False),
        sa.Column("result_data", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_tasks_id", "tasks", ["id"])
    op.create_index("ix_tasks_user_id", "tasks", ["user_id"])


def downgrade() -> None:
    """Drop the tasks and their enum: loses all of them."""
    op.drop_table("tasks")
    op.execute("DROP TYPE taskstatus")
