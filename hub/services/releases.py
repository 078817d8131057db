"""Releases: made from approved requests, opened for downloads, revoked by stewards."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from hub.domain.exceptions import GateException
from hub.domain.exports import ExportRequest, ExportState, ExportStep, step_request
from hub.domain.five_safes import faults
from hub.domain.people import Role
from hub.domain.projects import Project, is_member
from hub.domain.reasons import is_given
from hub.domain.release_crate import Origin, crate_graph, crate_text
from hub.domain.releases import Release, ReleasedFile, crate_in, fingerprint, make_receipt
from hub.domain.revocations import make_revocations
from hub.domain.runs import Run
from hub.domain.votes import check_can_release, check_can_review
from hub.gate.kinds import media_type
from hub.services import exceptions, freezes, owners, policies, registry, votes
from hub.services.exports import SEEING_ROLES, can_see_request, load_request
from hub.services.lab import Lab, found, known_project, known_projects, load_person, project_behind
from hub.services.lineage import check_lineage
from hub.services.offered_files import MOST_BYTES_A_FILE
from hub.services.ports import Reading, Transaction
from hub.services.refusals import records_refusals
from hub.services.release_terms import open_term


@records_refusals("release")
def release(lab: Lab, actor: str, identifier: str) -> Release:
    """Make the release of an approved request: its canonical files are hashed again and named in a signed receipt.

    A steward who may review the request does this, while nothing is frozen. Asking again for a release that was made
    returns it.
    """
    with lab.store.read() as reading:
        request = _releasable(lab, reading, actor, identifier)
        freezes.check_leaves(reading, request.project)
        done = reading.get(Release, identifier)
    if done is not None:
        return done
    for file in request.files:
        lab.vault.check(file.canonical, file.canonical_size)
    with lab.store.begin() as records:
        request = _releasable(lab, records, actor, identifier)
        freezes.check_leaves(records, request.project)
        if (done := records.get(Release, identifier)) is not None:
            return done
        check_lineage(records, request)
        _check_owners(records, request)
        has_changed = policies.has_changed(records, lab.settings.gate, request)
        if not has_changed and not registry.has_moved(records, request):
            return _make(lab, records, actor, request)
        registry.check_again(lab, records, actor, request)
    raise _overtaken(identifier, by_policy=has_changed)


def _overtaken(identifier: str, *, by_policy: bool) -> ConflictError:
    """Say why an approved request is not released yet; this is said after what it led to was saved."""
    if by_policy:
        return ConflictError(
            "The policy has changed since the export request {id} was checked. It is being checked again under the "
            "new one, and needs votes anew.",
            reason="policy-changed",
            id=identifier,
        )
    return ConflictError(
        "Other tables of the same data were released, or its canaries declared anew, since the export request {id} was "
        "checked. It is being checked again; make the release when it is approved.",
        reason="registry-moved",
        id=identifier,
    )


def _make(lab: Lab, records: Transaction, actor: str, request: ExportRequest) -> Release:
    """Sign the receipt, and save request, release and registered tables together, where all votes are there."""
    _check_carries(lab, records, request)
    releasing = step_request(request, ExportStep.BEGIN_RELEASE)
    identifier = request.id
    anchor = records.save(releasing, event("export:release:begin", actor, identifier, request.project))
    key = fingerprint(lab.signer.public_key())
    held, now = exceptions.in_force(records, lab.settings, request), lab.now()
    crate = _crate(lab, records, releasing, key, now, held)
    receipt = make_receipt(releasing, lab.settings.title, anchor, now, lab.signer.sign, key, held, crate)
    files = tuple(ReleasedFile(f.canonical_name, f.canonical, f.canonical_size) for f in request.files)
    made = Release(identifier, request.project, actor, lab.now(), files, receipt)
    records.save(
        step_request(releasing, ExportStep.RELEASE),
        event("export:request:release", actor, identifier, made.project),
    )
    records.save(
        made, event("export:release:make", actor, identifier, made.project, files=len(files), exceptions=len(held))
    )
    open_term(lab, records, actor, made, lab.settings.releases.days)
    registry.register_tables(lab, records, actor, request)
    return made


def _crate(
    lab: Lab, records: Transaction, request: ExportRequest, key: str, now: datetime, held: list[GateException]
) -> str:
    """Return the text of the release's crate, which is kept in the vault; one that claims too much is none."""
    run = records.get(Run, request.source)
    origin = Origin(lab.settings.title, key, run.created if run else None)
    graph = crate_graph(request, origin, now, media_type, held)
    if run and (lacking := faults(graph)):
        raise UnavailableError(
            "The release's crate lacks what its profile asks for ({what}); tell the administrator.",
            reason="crate",
            what="; ".join(lacking),
        )
    text = crate_text(graph)
    lab.vault.add(io.BytesIO(text.encode()), MOST_BYTES_A_FILE)
    return text


def _releasable(lab: Lab, reading: Reading, actor: str, identifier: str) -> ExportRequest:
    request = load_request(reading, actor, identifier)
    project = known_project(reading, request.project)
    if project is None:
        raise NotFoundError(
            "There is no export request {id}, or you may not see it.", reason="not-found", id=identifier
        )
    check_can_review(load_person(reading, actor), request, project)
    request = votes.counted(reading, request, project)
    if request.state is not ExportState.RELEASED:
        check_asks_for_release(lab, reading, request)
    return request


def check_asks_for_release(lab: Lab, reading: Reading, request: ExportRequest) -> None:
    """A release is asked for of what carries its votes, or was approved under a policy that is not in force any more.

    The latter is checked again, and not released.
    """
    if request.state is ExportState.APPROVED and policies.has_changed(reading, lab.settings.gate, request):
        return
    _check_carries(lab, reading, request)


def _check_carries(lab: Lab, reading: Reading, request: ExportRequest) -> None:
    """Every file carries the votes of its own policy, and what blocks is covered by an exception that holds now."""
    quorum = policies.quorum_of(reading, lab.settings.gate, request)
    check_can_release(request, quorum, exceptions.excepted(reading, lab.settings, request))


def check_now(lab: Lab, request: ExportRequest, project: Project) -> None:
    """The same, for a page that says beforehand what would be refused."""
    with lab.store.read() as reading:
        check_asks_for_release(lab, reading, votes.counted(reading, request, project))


def _check_owners(reading: Reading, request: ExportRequest) -> None:
    """The owners of the data behind it agree, where they are asked."""
    project = found(known_project(reading, request.project), "project", request.project)
    owners.check_agree(reading, request, project)


def load_release(reading: Reading, actor: str, identifier: str) -> Release:
    """Return a release that the person may see: members of the project, stewards and auditors."""
    person = load_person(reading, actor)
    kept = reading.get(Release, identifier)
    project = project_behind(reading, kept)
    if kept is None or project is None or not can_see_request(person, project):
        raise NotFoundError("There is no release {id}, or you may not see it.", reason="not-found", id=identifier)
    return kept


def load_reviewed(reading: Reading, actor: str, identifier: str) -> Release:
    """Return a release to a steward who may review the request that it was made of, and to nobody else."""
    kept = load_release(reading, actor, identifier)
    request = load_request(reading, actor, identifier)
    project = found(known_project(reading, kept.project), "project", kept.project)
    check_can_review(load_person(reading, actor), request, project)
    return kept


def releases(lab: Lab, actor: str) -> list[Release]:
    """List the releases that the person may see, newest first."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        if Role.ADMINISTRATOR in person.roles:
            return []
        sees_all = bool(SEEING_ROLES & set(person.roles))
        names = {p.name for p in known_projects(reading) if sees_all or is_member(person, p)}
        return [r for r in reversed(reading.find(Release)) if r.project in names]


def receipt(lab: Lab, actor: str, identifier: str) -> str:
    """Return the signed receipt's text; the download is recorded."""
    with lab.store.begin() as records:
        kept = load_release(records, actor, identifier)
        records.record(event("export:release:receipt", actor, identifier, kept.project))
        return kept.receipt


def crate(lab: Lab, actor: str, identifier: str) -> bytes:
    """Return the release's crate, as its receipt names it; the download is recorded."""
    with lab.store.begin() as records:
        kept = load_release(records, actor, identifier)
        named = crate_in(kept.receipt)
        if named is None:
            raise NotFoundError("The release was made before there were crates.", reason="not-found")
        records.record(event("export:release:crate", actor, identifier, kept.project))
    return lab.vault.read(named.sha256, MOST_BYTES_A_FILE)


def revocations(lab: Lab, actor: str) -> str:
    """Return the signed list of the releases that were revoked, for whoever works in the lab to hand on."""
    with lab.store.read() as reading:
        load_person(reading, actor)
        revoked = [kept.id for kept in reading.find(Release) if kept.revoked is not None]
    key = fingerprint(lab.signer.public_key())
    return make_revocations(revoked, lab.settings.title, lab.now(), lab.signer.sign, key)


def revoke(lab: Lab, actor: str, identifier: str, reason: str) -> Release:
    """Revoke a release: nobody downloads it from here any more, and its page says so."""
    if not is_given(reason):
        raise InvalidError("Say why the release is revoked.", reason="reason-missing")
    with lab.store.begin() as records:
        _releasable(lab, records, actor, identifier)
        kept = load_release(records, actor, identifier)
        now = lab.now()
        # Its votes stay as they were at its release, whoever joined the project since.
        request = step_request(load_request(records, actor, identifier), ExportStep.REVOKE, reason)
        records.save(request, event("export:request:revoke", actor, identifier, request.project))
        revoked = replace(kept, revoked=now, revoked_reason=reason.strip())
        records.save(revoked, event("export:release:revoke", actor, identifier, kept.project))
        return revoked


def release_of(lab: Lab, actor: str, identifier: str) -> Release:
    """Return a release; the view is recorded."""
    with lab.store.begin() as records:
        kept = load_release(records, actor, identifier)
        records.record(event("export:release:view", actor, identifier, kept.project))
        return kept
