"""What lists show of export requests: chosen, ordered and cut by the database, without files, votes and findings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, select, tuple_

from hub.adapters.tables import TABLES
from hub.domain.exports import ExportRequest, ExportState, Severity
from hub.domain.heads import Asker, RequestHead
from hub.domain.queue import IN_REVIEW, QUEUED, Waiting

C = TABLES[ExportRequest].c
HEADS = select(
    *(C.ordinal, C.id, C.project, C.author, C.state, C.turn, C.created),
    *(C.submitted, C.claimed_by, C.claimed, C.file_count, C.risk, C.barred),
)
COUNTS = select(C.project, C.author, C.barred, func.count()).group_by(C.project, C.author, C.barred)


def request_heads(
    connection: Connection,
    states: tuple[ExportState, ...],
    projects: tuple[str, ...] | None,
    before: int,
    limit: int,
) -> list[RequestHead]:
    """Return what lists show of export requests, newest first; 0, empty and None stand for no bound."""
    chosen = HEADS.order_by(C.ordinal.desc())
    chosen = chosen.where(_one_of(states)) if states else chosen
    chosen = chosen.where(C.project.in_(projects)) if projects is not None else chosen
    chosen = chosen.where(C.ordinal < before) if before else chosen
    return _heads(connection, chosen, limit)


def waiting_counts(connection: Connection, asked: Waiting) -> dict[Asker, int]:
    """Return how many requests wait, by what the rule of who may review looks at."""
    rows = connection.execute(COUNTS.where(*_conditions(asked)))
    return {Asker(project, author, barred): count for project, author, barred, count in rows}


def waiting_heads(connection: Connection, asked: Waiting, shown: Collection[Asker], limit: int) -> list[RequestHead]:
    """Return what waits of these alone, the longest wait first."""
    if not shown:
        return []
    whose = tuple_(C.project, C.author, C.barred).in_(sorted((a.project, a.author, a.barred) for a in shown))
    return _heads(connection, HEADS.where(*_conditions(asked), whose).order_by(C.waiting, C.id), limit)


def _conditions(asked: Waiting) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [C.waiting.is_not(None)]
    if asked.states != QUEUED:
        found.append(_one_of(asked.states))
    if asked.project:
        found.append(C.project == asked.project)
    if asked.risk is not None:
        found.append(C.risk == asked.risk.value)
    if asked.after is not None:
        found.append(C.waiting > asked.after)
    if asked.until is not None:
        found.append(C.waiting <= asked.until)
    if asked.held is not None:
        holds = and_(C.claimed.is_not(None), C.claimed > asked.claimed_after, C.claimed <= asked.claimed_until)
        found += [holds, C.claimed_by == asked.held_by, _one_of(IN_REVIEW)] if asked.held else [not_(holds)]
    return found


def _one_of(states: tuple[ExportState, ...]) -> ColumnElement[bool]:
    return C.state.in_([state.value for state in states])


def _heads(connection: Connection, chosen: Select[Any], limit: int) -> list[RequestHead]:
    return [_head_of(row) for row in connection.execute(chosen.limit(limit) if limit else chosen)]


def _head_of(row: Any) -> RequestHead:
    place, name, project, author, state, turn, created, submitted, claimed_by, claimed, files, risk, barred = row
    stands, gravest = ExportState(state), Severity(risk) if risk else None
    return RequestHead(
        place, name, project, author, stands, turn, created, submitted, claimed_by, claimed, files, gravest, barred
    )
