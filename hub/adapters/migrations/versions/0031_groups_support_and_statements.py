"""Groups of a request's files with their context, supporting files, and the requester's statement."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

REQUESTS = sa.table(
    "export_request",
    *(sa.column(name, sa.Text()) for name in ("id", "context", "policy")),
    *(sa.column(name, sa.JSON()) for name in ("files", "votes", "overrides", "owner_votes")),
)


def upgrade() -> None:
    """A request of before is one unnamed group with the request's context, which its votes were cast beside."""
    for column in ("groups", "supporting"):
        op.add_column("export_request", sa.Column(column, sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("export_request", sa.Column("statement", sa.JSON(), nullable=True))
    connection = op.get_bind()
    for name in connection.execute(sa.select(REQUESTS.c.id)).scalars().all():
        row = connection.execute(sa.select(REQUESTS).where(REQUESTS.c.id == name)).one()
        if row.votes or row.overrides or row.owner_votes:
            connection.execute(REQUESTS.update().where(REQUESTS.c.id == row.id).values(**_bound(row)))


def _bound(row: Any) -> dict[str, object]:
    """What was voted, bound to the context as well."""
    context = _digest(["", row.context])
    files = sorted([f["path"], f["canonical"]] for f in row.files)
    before = _digest([files, row.policy])
    now = _digest([[[*file, context] for file in files], row.policy])
    return {
        "votes": [{**vote, "context": context} for vote in row.votes],
        "overrides": [{**o, "against": [{**v, "context": context} for v in o["against"]]} for o in row.overrides],
        "owner_votes": [{**v, "seen": now if v["seen"] == before else v["seen"]} for v in row.owner_votes],
    }


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
