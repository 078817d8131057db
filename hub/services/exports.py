"""Export requests: made and submitted by their author, checked by the gate, looked at by stewards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from datasets_mount.catalogue import Dataset
from hub.domain.audit import event
from hub.domain.descriptions import described
from hub.domain.errors import ConflictError, InvalidError, NotFoundError
from hub.domain.exports import (
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    check_is_author,
    offered_count,
    step_request,
    without_votes,
)
from hub.domain.file_groups import Grouped
from hub.domain.heads import RequestHead
from hub.domain.owners import ASKED_IN
from hub.domain.people import Person, Role
from hub.domain.projects import Project, check_works_in, is_member
from hub.domain.queue import without_claim
from hub.domain.statements import made
from hub.domain.staying_votes import may_stay
from hub.domain.table_context import TableContext
from hub.domain.votes import as_seen_by, check_can_review, may_review
from hub.domain.work import Work, WorkKind
from hub.gate.exchange import MOST_FILES
from hub.services.grants import check_all_granted
from hub.services.lab import Lab, known_projects, load_person, new_id, project_behind
from hub.services.lineage import lineage_of
from hub.services.offered_files import MOST_BYTES_A_FILE, take_in
from hub.services.owners import asked_of, is_asked_by_name, named_for
from hub.services.ports import Reading, Transaction
from hub.services.projects import load_project
from hub.services.refusals import records_refusals
from hub.services.space import check_space

SEEING_ROLES = {Role.STEWARD, Role.AUDITOR}


@records_refusals("create")
def create_request(
    lab: Lab,
    actor: str,
    project_name: str,
    *,
    source: str,
    files: dict[str, TableContext],
    context: str,
    groups: Grouped = (),
    supporting: Collection[str] = (),
) -> ExportRequest:
    """Make a draft from outputs of a run, or from the author's own outputs folder (source ``workspace``).

    Reviewers see the ``supporting`` files of the same outputs beside it, which never leave.
    """
    offered = tuple(ExportFile(path, table) for path, table in sorted(files.items()))
    check_space(lab)
    with lab.store.begin() as records:
        return _drafted(lab, records, actor, project_name, source, offered, (context, groups, supporting))


Said = tuple[str, Grouped, Collection[str]]
"""The request's own context, its groups, and the paths of its supporting files."""


def _drafted(
    lab: Lab,
    records: Transaction,
    actor: str,
    project_name: str,
    source: str,
    offered: tuple[ExportFile, ...],
    said: Said,
) -> ExportRequest:
    person = load_person(records, actor)
    project = load_project(records, person, project_name)
    check_works_in(person, project, lab.now().date())
    snapshots = lineage_of(records, project_name, source)
    draft = ExportRequest(new_id("export"), project_name, actor, source, "", lab.now(), snapshots, offered)
    request = described(draft, *said)
    check_file_count(request)
    details = {"source": source, "files": len(offered)} | ({"groups": len(request.groups)} if request.groups else {})
    records.save(request, event("export:request:create", actor, request.id, project_name, **details))
    return request


def new_draft(
    lab: Lab, records: Transaction, actor: str, project: str, run: str, files: tuple[str, ...], context: str
) -> ExportRequest:
    """Make a draft of outputs of a run in a transaction that does more; its author submits it, or leaves it."""
    offered = tuple(ExportFile(path) for path in sorted(files))
    return _drafted(lab, records, actor, project, run, offered, (context, (), ()))


def check_file_count(request: ExportRequest) -> None:
    """A request is of as many files as a check takes, with those that support them."""
    if not 1 <= offered_count(request) <= MOST_FILES:
        raise InvalidError("An export request names 1 to {most} files.", reason="no-files", most=MOST_FILES)


@records_refusals("submit")
def submit_request(lab: Lab, actor: str, identifier: str, statement: str) -> ExportRequest:
    """Copy the offered files into the vault and send them through the gate; what was found before is dropped.

    Earlier votes are, too, but approvals that were known as they were cast: those stay of whatever the gate finds to
    be as it was. ``statement`` is the digest of the statement that the author makes with it.
    """
    with lab.store.read() as reading:
        request = load_request(reading, actor, identifier)
        person = load_person(reading, actor)
        check_is_author(person, request)
        step_request(request, ExportStep.SUBMIT)
        project = load_project(reading, person, request.project)
        check_works_in(person, project, lab.now().date())
    stated = made(actor, lab.now(), statement, lab.settings.statement.texts)
    check_space(lab)
    taken, supporting = take_in(lab, request, project)
    with lab.store.begin() as records:
        present = load_request(records, actor, identifier)
        if present != request:
            raise ConflictError(
                "The export request {id} has changed; reload it.", reason="request-changed", id=identifier
            )
        turn = request.turn + 1
        # What the files were taken from may have been given more datasets since the draft was made.
        snapshots = request.snapshots | lineage_of(records, request.project, request.source)
        check_all_granted(records, request.project, tuple(snapshots))
        sent = replace(step_request(without_claim(request), ExportStep.SUBMIT), submitted=lab.now())
        submitted = replace(
            without_votes(sent),
            votes=may_stay(request),
            files=taken,
            supporting=supporting,
            statement=stated,
            snapshots=snapshots,
            turn=turn,
            policy="",
        )
        work = Work(f"{identifier}-read-{turn}", WorkKind.READ, identifier, actor, lab.now())
        digests = {f"file:{f.path}": f.sha256 for f in taken[:20]}
        digests |= {"statement": stated.digest}
        digests |= {f"supporting:{f.path}": f.sha256 for f in supporting[:20]}
        records.save(
            submitted, event("export:request:submit", actor, identifier, request.project, turn=turn, **digests)
        )
        records.save(work, event("work:read:queue", actor, work.id, request.project))
        return submitted


def can_see_request(person: Person, project: Project) -> bool:
    """A project's requests are seen by its members, stewards and auditors; besides by who is asked for an owner."""
    sees = is_member(person, project) or SEEING_ROLES & set(person.roles)
    return bool(sees) and Role.ADMINISTRATOR not in person.roles


def load_request(reading: Reading, actor: str, identifier: str) -> ExportRequest:
    """Return a request that the person may see; one that is not there looks the same as one that is hidden."""
    return load_visible(reading, actor, identifier)[0]


def load_visible(reading: Reading, actor: str, identifier: str) -> tuple[ExportRequest, Person, Project]:
    """Return a request that the person may see, with the person and the request's project."""
    person = load_person(reading, actor)
    request = reading.get(ExportRequest, identifier)
    project = project_behind(reading, request)
    if request is not None and project is not None and can_see_request(person, project):
        return request, person, project
    named = named_for(reading, person)  # asked for whether the request is there or not, as in ``project_behind``
    if request is None or project is None or not _sees_by_name(person, request, project, named):
        raise NotFoundError(
            "There is no export request {id}, or you may not see it.", reason="not-found", id=identifier
        )
    return request, person, project


def _sees_by_name(person: Person, request: ExportRequest, project: Project, named: Collection[Dataset]) -> bool:
    """Who votes for an owner by name sees a request while that is asked, and what they voted on afterwards."""
    return _takes_owners_word(person, request) and is_asked_by_name(person, request, project, named)


def _takes_owners_word(person: Person, request: ExportRequest) -> bool:
    return request.state in ASKED_IN or any(v.person == person.name for v in request.owner_votes)


def _is_asked(reading: Reading, person: Person, request: ExportRequest, project: Project) -> bool:
    """Say whether the person votes for an owner on the request, by role or by name, or has done so."""
    return _takes_owners_word(person, request) and bool(asked_of(reading, person, request, project))


def request_heads(lab: Lab, actor: str, project: str = "", before: int = 0, limit: int = 0) -> list[RequestHead]:
    """List what lists show of the requests that the person may see, newest first, from a place on."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        if Role.ADMINISTRATOR in person.roles:
            return []
        sees_all = bool(SEEING_ROLES & set(person.roles))
        seen = [p.name for p in known_projects(reading) if sees_all or is_member(person, p)]
        return reading.request_heads((), tuple(n for n in seen if project in ("", n)), before, limit)


def requests(
    lab: Lab, actor: str, project: str = "", states: tuple[ExportState, ...] = tuple(ExportState)
) -> list[ExportRequest]:
    """List the requests that the person may see, in these states, newest first."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        if Role.ADMINISTRATOR in person.roles:
            return []
        sees_all = bool(SEEING_ROLES & set(person.roles))
        shown = {p.name: p for p in known_projects(reading) if sees_all or is_member(person, p)}
        seen = [
            r for r in reading.find(ExportRequest, state=states) if r.project in shown and project in ("", r.project)
        ]
        return [as_seen_by(person, r, shown[r.project]) for r in reversed(seen)]


def request(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Return one request; the view is recorded, and a steward who may review it starts the review by looking."""
    with lab.store.begin() as records:
        return viewed(records, *load_visible(records, actor, identifier))


def viewed(records: Transaction, seen: ExportRequest, person: Person, project: Project) -> ExportRequest:
    """Record that somebody looks at a request, and return it as they see it."""
    if seen.state is ExportState.SUBMITTED and may_review(person, seen, project):
        started = step_request(seen, ExportStep.REVIEW)
        records.save(started, event("export:request:review", person.name, seen.id, seen.project))
        return as_seen_by(person, started, project)
    records.record(event("export:request:view", person.name, seen.id, seen.project))
    return as_seen_by(person, seen, project)


def canonical_file(lab: Lab, actor: str, identifier: str, path: str) -> tuple[ExportFile, bytes]:
    """Return a canonical file's bytes to who may review it, or votes for an owner; the view is recorded."""
    with lab.store.begin() as records:
        seen, _ = _load_readable(records, actor, identifier)
        file = next((f for f in seen.files if f.path == path and f.canonical), None)
        if file is None:
            raise NotFoundError("The request has no canonical file of that name.", reason="not-found")
        files_viewed(records, actor, seen, [file])
    return file, lab.vault.read(file.canonical, MOST_BYTES_A_FILE)


def files_viewed(records: Transaction, actor: str, seen: ExportRequest, files: Collection[ExportFile]) -> None:
    """Record that a steward, who may review the request, looks at canonical files of it."""
    for file in files:
        details = {"path": file.path, "sha256": file.canonical}
        records.record(event("export:file:view", actor, seen.id, seen.project, **details))


def _load_readable(records: Reading, actor: str, identifier: str) -> tuple[ExportRequest, Project]:
    """Return a request whose files the person may read: who may review it, or is asked for an owner of its data."""
    seen, person, project = load_visible(records, actor, identifier)
    check_reads_files(records, person, seen, project)
    return seen, project


def check_reads_files(reading: Reading, person: Person, seen: ExportRequest, project: Project) -> None:
    """Who may review a request reads its files, and who is asked for an owner of its data."""
    if not _is_asked(reading, person, seen, project):
        check_can_review(person, seen, project)


def project_of(lab: Lab, actor: str, identifier: str) -> Project:
    """Return the project of a request that the person may see."""
    with lab.store.read() as reading:
        return load_visible(reading, actor, identifier)[2]


def load_reviewable(records: Reading, actor: str, identifier: str) -> tuple[ExportRequest, Project]:
    """Return a request that the person may review, with its project; a claim counts while its steward may, too."""
    seen, person, project = load_visible(records, actor, identifier)
    check_can_review(person, seen, project)
    if seen.claimed_by and not may_review(load_person(records, seen.claimed_by), seen, project):
        return without_claim(seen), project
    return seen, project


def withdraw_request(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Withdraw one's own request; nothing is deleted."""
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        check_is_author(person, seen)
        withdrawn = step_request(seen, ExportStep.WITHDRAW)
        records.save(withdrawn, event("export:request:withdraw", actor, identifier, seen.project))
        return as_seen_by(person, withdrawn, project)


def request_state(lab: Lab, actor: str, identifier: str) -> ExportState:
    """Return where a request stands, for a page that waits for it; no view, so nothing is recorded."""
    with lab.store.read() as reading:
        return load_request(reading, actor, identifier).state
