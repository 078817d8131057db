"""What an author says of a request's files, changed in a draft or after a steward returned it."""

from __future__ import annotations

from collections.abc import Collection

from hub.domain.audit import event
from hub.domain.descriptions import check_can_be_described, described
from hub.domain.exports import ExportRequest, check_is_author
from hub.domain.file_groups import Grouped
from hub.domain.projects import check_works_in
from hub.domain.votes import as_seen_by
from hub.services.exports import check_file_count, load_visible
from hub.services.lab import Lab
from hub.services.refusals import records_refusals


@records_refusals("describe")
def describe_request(
    lab: Lab, actor: str, identifier: str, *, context: str, groups: Grouped = (), supporting: Collection[str] = ()
) -> ExportRequest:
    """Say anew what the files are, in which groups they stand, and what supports them; its author does, to send it."""
    with lab.store.begin() as records:
        request, person, project = load_visible(records, actor, identifier)
        check_is_author(person, request)
        check_works_in(person, project, lab.now().date())
        check_can_be_described(request)
        said = described(request, context, groups, supporting)
        check_file_count(said)
        details = {"groups": len(said.groups), "supporting": len(said.supporting), "turn": said.turn}
        records.save(said, event("export:request:describe", actor, identifier, request.project, **details))
        return as_seen_by(person, said, project)


def to_be_described(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Return a request for the page on which it is described; the view is recorded, and starts no review."""
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        records.record(event("export:request:view", actor, identifier, seen.project))
        return as_seen_by(person, seen, project)
