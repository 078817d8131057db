"""Splitting an export request into two, each judged again by the gate on the bytes that the request holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hub.domain.audit import event
from hub.domain.errors import InvalidError
from hub.domain.exports import ExportRequest
from hub.domain.projects import check_works_in
from hub.domain.queue import Seen, check_fresh, check_not_claimed
from hub.domain.reasons import is_given
from hub.domain.splits import check_can_split, split_request
from hub.domain.votes import check_not_sealed
from hub.domain.work import Work, WorkKind
from hub.services.exports import load_visible
from hub.services.grants import check_all_granted
from hub.services.lab import Lab, new_id
from hub.services.lineage import lineage_of
from hub.services.ports import Transaction
from hub.services.refusals import records_refusals
from hub.services.space import check_space


@records_refusals("split")
def split(
    lab: Lab, actor: str, identifier: str, paths: Collection[str], reason: str = "", turn: int = 0
) -> tuple[ExportRequest, ExportRequest]:
    """Split files off a request; return what stays, and the new request. A steward says why.

    ``turn`` is the submission that the person saw, 0 where they do not say.
    """
    check_space(lab)
    with lab.store.begin() as records:
        request, person, project = load_visible(records, actor, identifier)
        check_can_split(person, request, project)
        if actor == request.author:
            check_works_in(person, project, lab.now().date())
        else:
            _check_reason(reason)
            check_not_claimed(request, actor, lab.now(), lab.settings.review.claim)
            check_not_sealed(request)
        check_fresh(request, Seen(turn))
        rest, part = split_request(request, set(paths), new_id("export"), lab.now(), reason.strip())
        # As on a submission: the source may have been given more datasets, or lost one, since.
        snapshots = request.snapshots | lineage_of(records, request.project, request.source)
        check_all_granted(records, request.project, tuple(snapshots))
        rest, part = replace(rest, snapshots=snapshots), replace(part, snapshots=snapshots)
        _send(lab, records, actor, rest, "export:request:split", part.id)
        _send(lab, records, actor, part, "export:request:split_from", rest.id)
        return rest, part


def _check_reason(reason: str) -> None:
    if not is_given(reason):
        raise InvalidError("Say why you split it, so that the author understands.", reason="reason-missing")


def _send(lab: Lab, records: Transaction, actor: str, half: ExportRequest, name: str, other: str) -> None:
    """Save a half, and queue its way through the gate."""
    digests = {f"file:{f.path}": f.sha256 for f in half.files[:20]}
    details = {"other": other, "files": len(half.files), "turn": half.turn} | digests
    records.save(half, event(name, actor, half.id, half.project, **details))
    work = Work(f"{half.id}-read-{half.turn}", WorkKind.READ, half.id, actor, lab.now())
    records.save(work, event("work:read:queue", actor, work.id, half.project))
