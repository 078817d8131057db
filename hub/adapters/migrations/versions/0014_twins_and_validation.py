"""Notebooks are validated on twins of their datasets before anybody looks at them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """No dataset has a twin yet, and of the notebooks that are there none was validated."""
    op.create_table(
        "twin",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("created", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot"),
    )
    op.create_index(op.f("ix_twin_ordinal"), "twin", ["ordinal"], unique=False)
    op.add_column("notebook", sa.Column("validation", sa.JSON(), nullable=True))
