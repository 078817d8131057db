"""Until when releases are fetched, and the downloads that people make of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Releases that there are already have no term of their own: they are open as long as the site says."""
    op.create_table(
        "release_term",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("release", sa.Text(), primary_key=True),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index(op.f("ix_release_term_ordinal"), "release_term", ["ordinal"], unique=False)
    op.create_table(
        "release_download",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
    )
    op.create_index(op.f("ix_release_download_ordinal"), "release_download", ["ordinal"], unique=False)
    op.create_index("ix_release_download_release", "release_download", ["release", "person"], unique=False)
