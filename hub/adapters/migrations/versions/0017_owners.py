"""Events of the audit log are found by their names."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """The log stays as it is; it gets an index."""
    op.create_index("ix_audit_name", "audit", ["name", "seq"], unique=False)
