"""${message}"""
<%
    # A type's module is named in full in what Alembic renders, and nobody else imports this one.
    generated = f"{upgrades or ''}{downgrades or ''}"
    modules = set((imports or "").splitlines())
    if "pgvector." in generated:
        modules.add("import pgvector.sqlalchemy")
%>
import sqlalchemy as sa
from alembic import op
${"\n".join(sorted(modules))}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
