"""The registry of released tables: what a check is told of it, and how a release adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from hub.domain.audit import event
from hub.domain.canaries import Canaries
from hub.domain.exports import ExportRequest, ExportStep, step_request
from hub.domain.registers import Register, head, register_id
from hub.domain.releases import Release
from hub.domain.work import Work, WorkKind
from hub.gate.earlier import MOST_EARLIER, MOST_EARLIER_BYTES, EarlierTable, EarlierTables
from hub.gate.exchange import CheckResult, TablePart
from hub.services.lab import Lab
from hub.services.ports import Reading, Transaction

Planted = Mapping[str, Canaries | None]
"""What was planted in each dataset."""


def begin_comparison(lab: Lab, request: ExportRequest, planted: Planted) -> EarlierTables:
    """Return what left of the request's datasets, and keep what the registry was when this was read.

    With it is kept when the canaries that the check is told of were declared.
    A check that is prepared again keeps the older note, since its container may have read what was written then.
    """
    found: list[EarlierTable] = []
    with lab.store.begin() as records:
        for dataset, snapshot in sorted(request.snapshots.items()):
            released = _released(records, dataset)
            known = records.get(Register, register_id(request.id, dataset))
            seen = (
                known.seen
                if known is not None and known.turn == request.turn
                else _mark(released, planted.get(dataset))
            )
            begun = Register(
                register_id(request.id, dataset), request.id, request.project, dataset, snapshot, request.turn, seen, ()
            )
            records.save(begun, event("export:tables:compare", "worker", request.id, request.project, dataset=dataset))
            found += [t for r in released for t in _earlier(r, request)]
    return _bounded(found)


def _mark(released: list[Register], planted: Canaries | None) -> str:
    return head(released) + (f"@{planted.declared.isoformat()}" if planted else "")


def earlier_of(reading: Reading, request: ExportRequest) -> EarlierTables:
    """Return what left of a request's datasets, for a check that nothing is released after."""
    return _bounded([t for d in sorted(request.snapshots) for r in _released(reading, d) for t in _earlier(r, request)])


def _released(reading: Reading, dataset: str) -> list[Register]:
    return [r for r in reading.find(Register, dataset=dataset) if r.released is not None]


def _earlier(register: Register, request: ExportRequest) -> list[EarlierTable]:
    own = register.project == request.project
    current = register.snapshot == request.snapshots[register.dataset]
    return [
        EarlierTable(release=register.request, own=own, current=current, table=TablePart.model_validate(asdict(table)))
        for table in register.tables
    ]


def _bounded(found: list[EarlierTable]) -> EarlierTables:
    """The newest tables, as many as a check takes; it is told when there were more."""
    kept: list[EarlierTable] = []
    room = MOST_EARLIER_BYTES
    for table in reversed(found):
        room -= len(table.model_dump_json())
        if room < 0 or len(kept) == MOST_EARLIER:
            break
        kept.append(table)
    return EarlierTables(tables=tuple(reversed(kept)), complete=len(kept) == len(found))


def keep_tables(records: Transaction, request: ExportRequest, result: CheckResult) -> None:
    """Keep what the check says of the request's tables; they are registered when the request is released."""
    told = [table.value() for file in result.files for table in file.tables]
    for dataset in sorted(request.snapshots):
        begun = records.get(Register, register_id(request.id, dataset))
        if begun is not None:
            tables = tuple(table for table in told if table.dataset in ("", dataset))
            kept = replace(begun, tables=tables)
            details = {"dataset": dataset, "tables": len(tables)}
            records.save(kept, event("export:tables:describe", "worker", request.id, request.project, **details))


def has_moved(reading: Reading, request: ExportRequest) -> bool:
    """Whether a dataset's registry is another than the request's check saw; one that was never checked so has moved.

    So has one whose canaries were declared anew, whatever the request holds.
    """
    for dataset in request.snapshots:
        register = reading.get(Register, register_id(request.id, dataset))
        if register is None or register.turn != request.turn:
            return True
        seen, _, declared = register.seen.partition("@")
        mark, _, present = _mark(_released(reading, dataset), reading.get(Canaries, dataset)).partition("@")
        if declared != present or (register.tables and seen != mark):
            return True
    return False


def check_again(lab: Lab, records: Transaction, actor: str, request: ExportRequest) -> None:
    """Send an approved request through the gate once more, on the bytes that it holds; its votes wait."""
    turn = request.turn + 1
    again = replace(step_request(request, ExportStep.RECHECK), turn=turn)
    work = Work(f"{request.id}-read-{turn}", WorkKind.READ, request.id, actor, lab.now())
    records.save(again, event("export:request:recheck", actor, request.id, request.project, turn=turn))
    records.save(work, event("work:read:queue", actor, work.id, request.project))


def register_tables(lab: Lab, records: Transaction, actor: str, request: ExportRequest) -> None:
    """Add the request's tables to the registry, in the transaction of its release."""
    for dataset in sorted(request.snapshots):
        register = records.get(Register, register_id(request.id, dataset))
        if register is not None and register.tables:
            added = replace(register, released=lab.now())
            details = {"dataset": dataset, "tables": len(register.tables)}
            records.save(added, event("export:tables:register", actor, request.id, request.project, **details))


def released_bytes(reading: Reading, project: str, now: datetime) -> int:
    """Bytes that a project released in the present month of UTC; what was revoked had left."""
    month = (now.year, now.month)
    made = [r for r in reading.find(Release, project=project) if (r.created.year, r.created.month) == month]
    return sum(file.size for release in made for file in release.files)
