"""Sealed first votes through the use cases: what others learn, what the log holds, and a lead steward's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from datasets_mount.catalogue import Tier
from doubles.lab import SteppingClock
from doubles.people import (
    CONTEXT,
    JOBS,
    cast_vote,
    checked_request,
    finished_run,
    play,
    registered_dataset,
    submit,
    work_off,
)
from hub.domain.audit import event
from hub.domain.ballots import Ballot, Cause, Decision, Vote, seal_of
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.notices import NoticeKind
from hub.domain.people import Role
from hub.domain.table_context import TableContext
from hub.services import audit, exports, notices, people, policies, queue, releases, reports, votes
from hub.services.lab import Lab
from hub.settings_review import Review

LEAD = "lead-steward"
WHY = "The institute has published this very table."


@pytest.fixture(autouse=True)
def _sealed(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    people.add_person(lab, "administrator", LEAD, LEAD, "lab-office", (Role.STEWARD, Role.LEAD_STEWARD))
    policies.set_project_layer(lab, "health-steward", "wages", "blind_votes = true\n")


def now(lab: Lab, identifier: str) -> ExportRequest:
    with lab.store.read() as reading:
        found = reading.get(ExportRequest, identifier)
    assert found is not None
    return found


def ask_changes(lab: Lab, who: str, request: ExportRequest, cause: Cause = Cause.DISCLOSURE) -> ExportRequest:
    canonical = {f.path: f.canonical for f in request.files}
    said = {"decision": Decision.CHANGES, "canonical": canonical, "policy": request.policy}
    return votes.vote(lab, who, request.id, reason="secret word of the vote", cause=cause, **said)  # type: ignore[arg-type]


def dissenting(lab: Lab) -> ExportRequest:
    request = checked_request(lab)
    ask_changes(lab, "health-steward", request)
    cast_vote(lab, "transport-steward", request)
    return request


def test_nobody_who_could_vote_learns_of_another_vote_before_all_are_cast(lab: Lab) -> None:
    request = checked_request(lab)
    own = ask_changes(lab, "health-steward", request)
    assert [v.steward for v in own.votes] == ["health-steward"]
    assert now(lab, request.id).state is ExportState.IN_REVIEW
    for who in ("transport-steward", LEAD, "researcher", "scientist"):
        assert exports.request(lab, who, request.id).votes == ()
        assert [r.votes for r in exports.requests(lab, who)] == [()]
    for acting in (queue.claim_request, queue.unclaim_request):
        assert acting(lab, "transport-steward", request.id).votes == ()
    assert [v.decision for v in exports.request(lab, "auditor", request.id).votes] == [Decision.CHANGES]
    said = str(audit.audit_entries(lab, "transport-steward", 0, 1000))
    assert "secret word" not in said
    assert "changes" not in said
    told = [n.kind for who in ("transport-steward", "researcher") for n in notices.notices(lab, who)]
    assert NoticeKind.EXPORT_DISSENT not in told
    assert NoticeKind.EXPORT_RETURNED not in told


def test_the_last_vote_opens_all_and_the_log_shows_that_none_was_another(lab: Lab) -> None:
    request = dissenting(lab)
    opened = now(lab, request.id)
    assert (opened.state, opened.ballot) == (ExportState.IN_REVIEW, Ballot.OPENED)
    assert {v.steward for v in exports.request(lab, "researcher", request.id).votes} == {
        "health-steward", "transport-steward",
    }  # fmt: skip
    entries = [e.event for e in audit.audit_entries(lab, "auditor", 0, 1000)]
    sealed = {e.actor: dict(e.details) for e in entries if e.name == "export:request:vote"}
    told = {d["steward"]: d for e in entries if e.name == "export:request:open-vote" and (d := dict(e.details))}
    for steward, decision in (("health-steward", "changes"), ("transport-steward", "approve")):
        own: tuple[Vote, ...] = tuple(v for v in opened.votes if v.steward == steward)
        assert sealed[steward]["seal"] == told[steward]["seal"] == seal_of(own)
        assert told[steward]["decision"] == decision
        assert "decision" not in sealed[steward]
    assert told["health-steward"]["cause"] == "risk_of_disclosure"
    assert NoticeKind.EXPORT_DISSENT in [n.kind for n in notices.notices(lab, "health-steward")]
    assert reports.figures(lab, "auditor").causes == {Cause.DISCLOSURE: 1}
    assert audit.verify_audit(lab) is not None


def test_a_dissent_blocks_until_its_author_votes_otherwise(lab: Lab) -> None:
    request = dissenting(lab)
    cast_vote(lab, "jobs-steward", request)
    with pytest.raises(RefusedError, match="approvals"):
        releases.release(lab, "jobs-steward", request.id)
    assert cast_vote(lab, "health-steward", request).state is ExportState.APPROVED
    assert releases.release(lab, "jobs-steward", request.id).id == request.id


def test_a_lead_steward_overrides_it_with_a_reason_that_stands_on_the_request(lab: Lab) -> None:
    request = dissenting(lab)
    cast_vote(lab, "jobs-steward", request)
    for who in ("jobs-steward", "health-steward"):
        with pytest.raises(RefusedError, match="lead steward"):
            votes.override_dissent(lab, who, request.id, WHY)
    with pytest.raises(InvalidError):
        votes.override_dissent(lab, LEAD, request.id, "too short")
    with pytest.raises(ConflictError):
        votes.override_dissent(lab, LEAD, request.id, WHY, turn=9)
    gone_on = votes.override_dissent(lab, LEAD, request.id, WHY)
    assert (gone_on.state, [o.reason for o in gone_on.overrides]) == (ExportState.APPROVED, [WHY])
    assert releases.release(lab, "jobs-steward", request.id).id == request.id


def test_an_override_counts_only_while_its_steward_leads(lab: Lab) -> None:
    request = dissenting(lab)
    cast_vote(lab, "jobs-steward", request)
    votes.override_dissent(lab, LEAD, request.id, WHY)
    people.add_person(lab, "administrator", LEAD, LEAD, "lab-office", (Role.STEWARD,))
    with pytest.raises(RefusedError, match="approvals"):
        releases.release(lab, "jobs-steward", request.id)


def test_what_all_ask_to_change_goes_back_with_their_causes(lab: Lab) -> None:
    request = checked_request(lab)
    ask_changes(lab, "health-steward", request)
    ask_changes(lab, "transport-steward", request, Cause.CONTEXT)
    returned = now(lab, request.id)
    assert (returned.state, returned.causes) == (ExportState.RETURNED, (Cause.DISCLOSURE, Cause.CONTEXT))
    again = submit(lab, "researcher", request.id)
    assert (again.votes, again.ballot, again.overrides) == ((), Ballot.OPEN, ())


def test_nobody_rejects_for_good_while_votes_are_sealed(lab: Lab) -> None:
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    with pytest.raises(ConflictError, match="sealed"):
        votes.reject_request(lab, "transport-steward", request.id, "out of the purpose", cause=Cause.PURPOSE)
    cast_vote(lab, "transport-steward", checked := checked_request(lab))
    assert now(lab, checked.id).ballot is Ballot.SEALED


@pytest.mark.parametrize(("tier", "sealed"), [(Tier.SENSITIVE, True), (Tier.OPEN, False)])
def test_the_site_asks_for_it_by_tier(lab: Lab, tier: Tier, sealed: bool) -> None:
    policies.set_project_layer(lab, "health-steward", "wages", "")
    strict = replace(lab, settings=lab.settings.model_copy(update={"review": Review(blind_tiers=("sensitive",))}))
    datasets_tier = replace(JOBS, tier=tier)
    with lab.store.begin() as records:
        records.save(datasets_tier, event("test:dataset:put", "test", "jobs"))
    request = checked_request(strict)
    with strict.store.read() as reading:
        assert votes.are_sealed(reading, strict.settings, request) is sealed
    cast_vote(strict, "health-steward", request)
    assert (now(lab, request.id).ballot is Ballot.SEALED) is sealed
    assert policies.explain_project(strict, "scientist", "wages").blind_votes is sealed


def test_the_site_asks_for_it_by_kind_and_for_what_nobody_knows(lab: Lab) -> None:
    policies.set_project_layer(lab, "health-steward", "wages", "")
    request = checked_request(lab)

    def asked(**review: object) -> bool:
        settings = lab.settings.model_copy(update={"review": Review(**review)})  # type: ignore[arg-type]
        with lab.store.read() as reading:
            return policies.votes_are_blind(reading, settings, request)

    assert not asked()
    assert asked(blind_kinds=(request.files[0].kind,))
    assert not asked(blind_kinds=("notebook",))
    request = replace(request, snapshots={"gone": "d" * 64})
    assert asked(blind_tiers=("secret",))
    assert not asked()


def roles_end(lab: Lab, who: str, last: date) -> None:
    organisation = {"health-steward": "health-observatory", "transport-steward": "transport-agency"}[who]
    people.add_person(lab, "administrator", who, who, organisation, (Role.STEWARD,), last)


def test_the_vote_of_a_steward_whose_role_has_ended_counts_no_more_and_another_takes_its_place(lab: Lab) -> None:
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    assert cast_vote(lab, "transport-steward", request).state is ExportState.APPROVED
    roles_end(lab, "transport-steward", lab.now().date())
    assert isinstance(lab.clock, SteppingClock)
    lab.clock.wait(24 * 3600)
    with pytest.raises(RefusedError, match="approvals"):
        releases.release(lab, "health-steward", request.id)
    assert cast_vote(lab, "jobs-steward", request).state is ExportState.APPROVED
    assert [v.steward for v in now(lab, request.id).votes] == ["health-steward", "jobs-steward"]
    assert releases.release(lab, "health-steward", request.id).id == request.id


def test_an_approved_request_that_carries_its_votes_takes_no_more(lab: Lab) -> None:
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    cast_vote(lab, "transport-steward", request)
    with pytest.raises(ConflictError, match="not in review"):
        cast_vote(lab, "jobs-steward", request)


def test_a_split_and_a_new_submission_drop_seals_and_votes(lab: Lab) -> None:
    files = {"table.csv": TableContext("jobs", ("year",), "", "count")}
    source = finished_run(lab).id
    request = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    submit(lab, "researcher", request.id)
    work_off(lab)
    checked = exports.request(lab, "health-steward", request.id)
    cast_vote(lab, "health-steward", checked)
    assert now(lab, request.id).ballot is Ballot.SEALED
    ask_changes(lab, "health-steward", checked)
    ask_changes(lab, "jobs-steward", checked)
    submit(lab, "researcher", request.id)
    assert (now(lab, request.id).ballot, now(lab, request.id).votes) == (Ballot.OPEN, ())
