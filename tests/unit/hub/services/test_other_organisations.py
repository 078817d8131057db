"""Reviewers of another organisation than the author's, where the site, a dataset or a project wants them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from doubles.people import JOBS, approved_request, cast_vote, checked_request, lab_with_data
from hub.domain.audit import event
from hub.domain.errors import RefusedError
from hub.domain.exports import ExportState
from hub.domain.people import Role
from hub.services import audit, people, policies, queue, releases
from hub.services.lab import Lab
from hub.settings_review import Review

ASKED = "other_organisation = true\n"
OWN = "transport-steward"
"""A steward of the organisation of who asks."""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def refused(lab: Lab, steward: str = OWN) -> str:
    """Return why a steward may not vote on a request; empty where they may."""
    try:
        cast_vote(lab, steward, checked_request(lab))
    except RefusedError as refusal:
        return refusal.reason
    return ""


def test_unless_somebody_asks_for_it_a_steward_of_the_same_organisation_votes(lab: Lab) -> None:
    assert refused(lab) == ""
    assert not policies.explain_project(lab, "scientist", "wages").other_organisation


@pytest.mark.parametrize("subject", ["project", "dataset"])
def test_a_project_or_a_dataset_asks_for_it(lab: Lab, subject: str) -> None:
    if subject == "project":
        policies.set_project_layer(lab, "health-steward", "wages", ASKED)
        explained = policies.explain_project(lab, "scientist", "wages")
    else:
        policies.set_dataset_layer(lab, "jobs-steward", "jobs", ASKED)
        explained = policies.explain_dataset(lab, "jobs-steward", "jobs")
    assert explained.other_organisation
    assert not explained.blind_votes
    assert refused(lab) == "own-organisation"
    assert refused(lab, "health-steward") == ""
    said = [e.event for e in audit.audit_entries(lab, "auditor", 0, 1000) if "set-policy" in e.event.name]
    assert dict(said[-1].details)["other_organisation"] == "yes"


@pytest.mark.parametrize(("tier", "reason"), [(Tier.SENSITIVE, "own-organisation"), (Tier.OPEN, "")])
def test_the_site_asks_for_it_by_tier(lab: Lab, tier: Tier, reason: str) -> None:
    review = Review(other_organisation_tiers=("sensitive",))
    with lab.store.begin() as records:
        records.save(replace(JOBS, tier=tier), event("test:dataset:put", "test", "jobs"))
    assert refused(replace(lab, settings=lab.settings.model_copy(update={"review": review}))) == reason


def test_of_data_that_nobody_knows_the_strictest_holds_that_the_site_says_of_any(lab: Lab) -> None:
    request = replace(checked_request(lab), snapshots={"gone": "d" * 64})
    settings = lab.settings.model_copy(update={"review": Review(other_organisation_tiers=("secret",))})
    with lab.store.read() as reading:
        assert policies.barred_from(reading, settings, request) == "transport-agency"
        assert policies.barred_from(reading, lab.settings, request) == ""


def test_it_does_not_stand_in_their_queue_and_they_do_not_claim_it(lab: Lab) -> None:
    policies.set_project_layer(lab, "health-steward", "wages", ASKED)
    request = checked_request(lab)
    assert queue.queue(lab, OWN) == []
    assert [entry.id for entry in queue.queue(lab, "health-steward")] == [request.id]
    with pytest.raises(RefusedError, match="organisation of who asks"):
        queue.claim_request(lab, OWN, request.id)


def test_who_comes_into_the_organisation_after_the_vote_counts_no_more_at_the_release(lab: Lab) -> None:
    policies.set_project_layer(lab, "health-steward", "wages", ASKED)
    people.add_person(lab, "administrator", OWN, OWN, "lab-office", (Role.STEWARD,))
    request = approved_request(lab)
    assert request.state is ExportState.APPROVED
    people.add_person(lab, "administrator", OWN, OWN, "transport-agency", (Role.STEWARD,))
    with pytest.raises(RefusedError, match="does not carry 2 approvals"):
        releases.release(lab, "health-steward", request.id)
