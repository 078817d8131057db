"""Facts about what files draw on, and about workspaces, claims and votes when that or the people change meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from doubles.people import (
    CONTEXT,
    JOBS,
    approved_request,
    cast_vote,
    checked_request,
    finished_run,
    play,
    registered_dataset,
    submit,
    work_off,
)
from hub.domain.audit import event
from hub.domain.errors import NotFoundError, RefusedError
from hub.domain.exports import ExportRequest
from hub.domain.people import Role
from hub.domain.table_context import TableContext
from hub.domain.workspaces import EndReason
from hub.services import datasets, exports, grants, people, projects, queue, releases
from hub.services.lab import Lab
from hub.services.workspaces import open_workspace, why_ends

OWNER, MEMBER, PROJECT, WHY = "jobs-steward", "researcher", "wages", "the agreement has ended"


@pytest.fixture
def lab(lab: Lab) -> Lab:
    play(lab)
    registered_dataset(lab)
    return lab


def offered_from_workspace(lab: Lab) -> ExportRequest:
    """A draft of what a member wrote in their workspace."""
    mounts = open_workspace(lab, MEMBER, PROJECT).mounts
    outputs = next(Path(mount.source) for mount in mounts if mount.target == "/outputs")
    (outputs / "table.csv").write_text("year,persons\n1980,545\n")
    files = {"table.csv": TableContext()}
    return exports.create_request(lab, MEMBER, PROJECT, source="workspace", files=files, context=CONTEXT)


def checked_from_workspace(lab: Lab) -> ExportRequest:
    made = offered_from_workspace(lab)
    submit(lab, MEMBER, made.id)
    work_off(lab)
    return exports.request(lab, MEMBER, made.id)


def make_secret(lab: Lab) -> None:
    datasets.register_dataset(lab, OWNER, replace(JOBS, tier=Tier.SECRET))


def test_files_of_a_workspace_draw_on_secret_data_that_a_run_has_used(lab: Lab) -> None:
    """Outputs of runs stand in the workspace, where the data themselves do not."""
    make_secret(lab)
    assert offered_from_workspace(lab).snapshots == {}
    finished_run(lab)
    request = checked_from_workspace(lab)
    assert set(request.snapshots) == {"jobs"}
    for steward in ("health-steward", "transport-steward"):
        cast_vote(lab, steward, request)
    grants.withdraw_grant(lab, OWNER, PROJECT, "jobs", WHY)
    with pytest.raises(RefusedError, match="may no longer use"):
        releases.release(lab, "health-steward", request.id)


def test_files_of_a_workspace_draw_on_what_it_saw_before_that_became_secret(lab: Lab) -> None:
    open_workspace(lab, MEMBER, PROJECT)
    make_secret(lab)
    assert set(offered_from_workspace(lab).snapshots) == {"jobs"}


def test_an_open_workspace_ends_when_its_project_is_of_a_stricter_tier(lab: Lab) -> None:
    open_workspace(lab, MEMBER, PROJECT)
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is None
    make_secret(lab)
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is EndReason.CHANGED
    open_workspace(lab, MEMBER, PROJECT)
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is None
    datasets.register_dataset(lab, OWNER, replace(JOBS, tier=Tier.OPEN))
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is None


def test_what_is_sent_draws_on_the_versions_of_that_moment(lab: Lab) -> None:
    made = offered_from_workspace(lab)
    with lab.store.begin() as records:
        newer = replace(datasets.latest_snapshot(records, "jobs"), digest="f" * 64)
        records.save(newer, event("lab:snapshot:register", OWNER, newer.digest))
    assert submit(lab, MEMBER, made.id).snapshots == {"jobs": newer.digest}


def test_a_dataset_that_has_nothing_to_mount_is_granted_to_nobody(lab: Lab) -> None:
    """It would keep the workspaces of another's project shut."""
    datasets.register_dataset(lab, "transport-steward", replace(JOBS, name="empty", owner="transport-agency"))
    with pytest.raises(NotFoundError, match="no snapshot"):
        grants.grant_dataset(lab, "transport-steward", PROJECT, "empty")
    open_workspace(lab, MEMBER, PROJECT)


def test_a_revocation_leaves_the_votes_of_the_release_as_they_were(lab: Lab) -> None:
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    projects.add_member(lab, "scientist", PROJECT, "health-steward")
    releases.revoke(lab, "transport-steward", request.id, WHY)
    assert {vote.steward for vote in exports.request(lab, "transport-steward", request.id).votes} == {
        "health-steward",
        "transport-steward",
    }


@pytest.mark.parametrize("change", ["role", "membership"])
def test_a_claim_ends_with_its_stewards_right_to_review(lab: Lab, change: str) -> None:
    request = checked_request(lab)
    queue.claim_request(lab, "health-steward", request.id)
    if change == "role":
        people.add_person(lab, "administrator", "health-steward", "Steward", "health-observatory", (Role.RESEARCHER,))
    else:
        projects.add_member(lab, "scientist", PROJECT, "health-steward")
    assert cast_vote(lab, "transport-steward", request).votes
