"""Votes by class of output and by tier: nothing leaves with fewer than its own policy asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from datasets_mount.catalogue import Dataset, Tier
from doubles.people import CONTEXT, cast_vote, finished_run, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.output_classes import OutputClass
from hub.domain.people import Role
from hub.domain.table_context import TableContext
from hub.services import exceptions, exports, people, policies, releases, splits, votes
from hub.services.lab import Lab, found
from hub.settings_tables import Gate

HEALTH, TRANSPORT, JOBS = "health-steward", "transport-steward", "jobs-steward"
CLASSES = {"code": 1, "model": 3}


def asked_now(lab: Lab, request: ExportRequest) -> votes.VotesAsked:
    with lab.store.read() as reading:
        return votes.votes_asked(reading, lab.settings, request)


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    return play(lab)


def with_gate(lab: Lab, **gate: Any) -> Lab:
    return replace(lab, settings=lab.settings.model_copy(update={"gate": Gate(**gate)}))


def sent(lab: Lab, *names: str) -> ExportRequest:
    source = finished_run(lab).id
    files = dict.fromkeys(names, TableContext())
    request = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    submit(lab, "researcher", request.id)
    return checked(lab, request.id)


def checked(lab: Lab, identifier: str) -> ExportRequest:
    work_off(lab)
    return exports.request(lab, "researcher", identifier)


@pytest.mark.parametrize(
    ("tier", "held", "needed"),
    [
        (Tier.SENSITIVE, ["code"], 1),
        (Tier.SENSITIVE, ["table"], 2),
        (Tier.SENSITIVE, ["code", "table"], 2),
        (Tier.SENSITIVE, ["model"], 3),
        (Tier.SENSITIVE, ["unknown"], 3),
        (Tier.SENSITIVE, [], 3),
        (Tier.SECRET, ["code"], 2),
        (Tier.SECRET, ["model"], 3),
    ],
)
def test_a_request_is_approved_with_exactly_the_votes_of_its_class_and_tier(
    lab: Lab, programs: GoodPrograms, tier: Tier, held: list[str], needed: int
) -> None:
    lab = with_gate(lab, class_votes=CLASSES, tier_votes={"secret": 2})
    registered_dataset(lab, tier)
    programs.classes, programs.leaves_a_link = {"table.csv": held}, False
    request = sent(lab, "table.csv")
    for number, steward in enumerate((HEALTH, TRANSPORT, JOBS)[:needed], 1):
        with pytest.raises(RefusedError, match=f"{needed} approvals"):
            releases.release(lab, JOBS, request.id)
        state = cast_vote(lab, steward, request).state
        assert state is (ExportState.APPROVED if number == needed else ExportState.IN_REVIEW)
    assert releases.release(lab, JOBS, request.id).id == request.id


def test_why_so_many_is_told_with_class_and_layer(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, class_votes=CLASSES, tier_votes={"sensitive": 2})
    registered_dataset(lab)
    policies.set_project_layer(lab, HEALTH, "wages", "[votes]\ntable = 4\n")
    programs.classes = {"table.csv": ["code"]}
    request = sent(lab, "table.csv")
    asked = votes.asked_of(lab, "researcher", request.id)
    assert asked == votes.VotesAsked(2, OutputClass.CODE, "site:tier-sensitive", is_current=True)
    unknown = replace(request, files=(replace(request.files[0], classes=()),))
    assert asked_now(lab, unknown) == votes.VotesAsked(4, OutputClass.UNKNOWN, "project:wages", is_current=True)
    policies.set_project_layer(lab, HEALTH, "wages", "")
    assert not votes.asked_of(lab, "researcher", request.id).is_current
    values = {
        v.parameter: (v.value, v.layer) for v in policies.explain_project(lab, "researcher", "wages").policy.values
    }
    assert values["votes.code"] == (2, "site:tier-sensitive")
    assert values["votes.model"] == (3, "site")


def test_who_lowers_votes_is_refused_and_no_lead_or_member_sets_them(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, tier_votes={"sensitive": 3})
    registered_dataset(lab)
    for text in ("[votes]\ntable = 2\n", "[votes]\ncode = 1\n"):
        with pytest.raises(RefusedError, match=r"votes\.(table|code).*weaker than 3"):
            policies.set_project_layer(lab, HEALTH, "wages", text)
        with pytest.raises(RefusedError, match="weaker than 3"):
            policies.set_dataset_layer(lab, JOBS, "jobs", text)
        for person in ("scientist", "researcher", "administrator", "auditor"):
            with pytest.raises(RefusedError):
                policies.set_project_layer(lab, person, "wages", text.replace("1", "5").replace("2", "5"))
    assert asked_now(lab, sent(lab, "table.csv")).number == 3


def test_votes_under_a_policy_that_was_lowered_later_do_not_suffice_for_the_lower_number(
    lab: Lab, programs: GoodPrograms
) -> None:
    registered_dataset(lab)
    policies.set_project_layer(lab, HEALTH, "wages", "[votes]\ntable = 3\n")
    request = sent(lab, "table.csv")
    for steward in (HEALTH, TRANSPORT):
        assert cast_vote(lab, steward, request).state is ExportState.IN_REVIEW
    policies.set_project_layer(lab, HEALTH, "wages", "")
    with pytest.raises(RefusedError, match="approvals"):
        releases.release(lab, JOBS, request.id)
    assert cast_vote(lab, JOBS, request).state is ExportState.APPROVED
    with pytest.raises(ConflictError) as caught:
        releases.release(lab, JOBS, request.id)
    assert caught.value.reason == "policy-changed"
    again = checked(lab, request.id)
    assert (again.state, again.votes) == (ExportState.SUBMITTED, ())


def test_what_was_approved_under_a_milder_policy_is_checked_again_when_its_release_is_asked_for(
    lab: Lab, programs: GoodPrograms
) -> None:
    registered_dataset(lab)
    request = sent(lab, "table.csv")
    for steward in (HEALTH, TRANSPORT):
        cast_vote(lab, steward, request)
    policies.set_project_layer(lab, HEALTH, "wages", "[votes]\ntable = 3\n")
    with pytest.raises(ConflictError) as caught:
        releases.release(lab, JOBS, request.id)
    assert caught.value.reason == "policy-changed"
    again = checked(lab, request.id)
    assert (again.state, again.votes, asked_now(lab, again).number) == (ExportState.SUBMITTED, (), 3)


def test_a_dataset_of_another_tier_is_another_policy(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, tier_votes={"secret": 3})
    registered_dataset(lab)
    request = sent(lab, "table.csv")
    with lab.store.begin() as records:
        raised = replace(found(records.get(Dataset, "jobs"), "dataset", "jobs"), tier=Tier.SECRET)
        records.save(raised, event("lab:dataset:register", JOBS, "jobs"))
    assert asked_now(lab, request) == votes.VotesAsked(3, OutputClass.TABLE, "site:tier-secret", is_current=False)
    gone = replace(request, snapshots={**request.snapshots, "gone": "d" * 64})
    with lab.store.read() as reading:
        assert policies.quorum_of(reading, lab.settings.gate, gone).of(OutputClass.CODE) == 3


def test_a_file_that_turns_into_a_stricter_class_asks_for_more_votes(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, class_votes=CLASSES)
    registered_dataset(lab)
    programs.classes = {"table.csv": ["code"]}
    request = sent(lab, "table.csv")
    assert cast_vote(lab, HEALTH, request).state is ExportState.APPROVED
    programs.classes = {"table.csv": ["code", "model"]}
    policies.set_project_layer(lab, HEALTH, "wages", "[parameters]\nminimum_units = 30\n")
    with pytest.raises(ConflictError):
        releases.release(lab, JOBS, request.id)
    again = checked(lab, request.id)
    assert cast_vote(lab, HEALTH, again).state is ExportState.IN_REVIEW
    with pytest.raises(RefusedError, match="3 approvals"):
        releases.release(lab, JOBS, request.id)


def test_a_request_that_is_split_needs_in_each_half_what_the_whole_needed(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, class_votes=CLASSES)
    registered_dataset(lab)
    programs.outputs |= {"code.ipynb": b"{}"}
    programs.classes = {"table.csv": ["model"], "code.ipynb": ["code"]}
    request = sent(lab, "table.csv", "code.ipynb")
    rest, part = splits.split(lab, "researcher", request.id, ["code.ipynb"])
    for identifier in (rest.id, part.id):
        half = checked(lab, identifier)
        assert asked_now(lab, half).number == 3
        assert cast_vote(lab, HEALTH, half).state is ExportState.IN_REVIEW
    alone = sent(lab, "code.ipynb")
    assert asked_now(lab, alone).number == 1


def test_an_exception_takes_more_stewards_than_the_release_of_its_class(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, class_votes=CLASSES)
    registered_dataset(lab)
    programs.classes = {"table.csv": ["model"]}
    request = sent(lab, "table.csv")
    with lab.store.read() as reading:
        assert exceptions.needed_votes(reading, lab.settings, request) == 3 + lab.settings.exceptions.more_votes


def test_a_policy_that_cannot_be_read_refuses_votes_and_releases(
    lab: Lab, programs: GoodPrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered_dataset(lab)
    policies.set_project_layer(lab, HEALTH, "wages", "[votes]\ntable = 2\n")
    request = sent(lab, "table.csv")
    cast_vote(lab, HEALTH, request)
    cast_vote(lab, TRANSPORT, request)
    real = policies.parse_layer
    monkeypatch.setattr(policies, "parse_layer", lambda text, *more: real("[votes]\ntable = 0", *more))
    for act in (
        lambda: releases.release(lab, JOBS, request.id),
        lambda: cast_vote(lab, JOBS, request),
        lambda: votes.asked_of(lab, JOBS, request.id),
    ):
        with pytest.raises(InvalidError) as caught:
            act()
        assert caught.value.reason == "policy-invalid"


def test_sealed_votes_are_opened_with_the_last_one_that_the_class_needs(lab: Lab, programs: GoodPrograms) -> None:
    lab = with_gate(lab, class_votes=CLASSES)
    registered_dataset(lab)
    people.add_person(lab, "administrator", "fourth", "fourth", "lab-office", (Role.STEWARD,))
    policies.set_project_layer(lab, HEALTH, "wages", "blind_votes = true\n")
    programs.classes = {"table.csv": ["model"]}
    request = sent(lab, "table.csv")
    for steward in (HEALTH, TRANSPORT):
        assert len(cast_vote(lab, steward, request).votes) == 1
    opened = cast_vote(lab, "fourth", request)
    assert (opened.state, len(opened.votes)) == (ExportState.APPROVED, 3)
