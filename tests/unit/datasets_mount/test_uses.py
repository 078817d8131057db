"""What is read from the audit log and from grants, for owners."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from datasets_mount.catalogue import Dataset, Grant, Tier
from datasets_mount.uses import CLOSED, OPENED, DueKind, check_sees_uses, due_of, workspace_uses
from hub.domain.audit import AuditEntry, event
from hub.domain.errors import NotFoundError
from hub.domain.people import Person, Role
from hub.domain.workspaces import WorkspaceState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOBS = Dataset("jobs", "Jobs", "institute", Tier.SENSITIVE, "nr", (), "uk-sacro")
GRANT = Grant("care:jobs", "care", "jobs", "steward", NOON)


def entry(seq: int, name: str, actor: str, project: str = "care", **details: str) -> AuditEntry:
    what = event(name, actor, project, project, **details)
    return AuditEntry(seq, NOON + timedelta(hours=seq), what, "", "")


def opened(seq: int, person: str, **data: str) -> AuditEntry:
    return entry(seq, OPENED, person, **{f"data:{name}": digest for name, digest in data.items()})


def test_a_mount_lasts_from_its_opening_to_its_end_whoever_ended_it() -> None:
    log = [
        opened(1, "anna", jobs="d1", health="h1"),
        opened(2, "ben", health="h1"),
        entry(3, CLOSED, "hub", person="ben"),
        entry(4, CLOSED, "hub", person="anna"),
    ]
    [use] = workspace_uses(log, "jobs")
    assert (use.person, use.snapshot, use.entry, use.state) == ("anna", "d1", 1, WorkspaceState.CLOSED)
    assert (use.at, use.ended) == (log[0].at, log[3].at)


def test_one_that_nobody_closed_is_open_until_it_is_opened_again() -> None:
    log = [opened(1, "anna", jobs="d1"), opened(2, "anna", jobs="d2"), opened(3, "ben", jobs="d2")]
    uses = workspace_uses(log, "jobs")
    assert [(u.person, u.snapshot, u.ended) for u in uses] == [
        ("anna", "d1", log[1].at), ("anna", "d2", None), ("ben", "d2", None),
    ]  # fmt: skip


def test_a_workspace_that_is_opened_without_the_dataset_ends_the_mount() -> None:
    log = [opened(1, "anna", jobs="d1"), opened(2, "anna", health="h1"), entry(3, CLOSED, "anna", person="anna")]
    [use] = workspace_uses(log, "jobs")
    assert use.ended == log[1].at


def test_the_same_person_in_another_project_is_another_workspace() -> None:
    log = [opened(1, "anna", jobs="d1"), entry(2, CLOSED, "hub", "other", person="anna")]
    assert workspace_uses(log, "jobs")[0].ended is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, None),
        ({"ends": date(2026, 3, 1)}, DueKind.GRANT_ENDS),
        ({"ends": date(2026, 2, 28)}, DueKind.GRANT_ENDED),
        ({"ends": date(2026, 3, 9), "withdrawn": NOON, "reason": "over"}, DueKind.GRANT_WITHDRAWN),
    ],
)
def test_what_is_due_of_a_grant(change: dict[str, object], kind: DueKind | None) -> None:
    due = due_of(replace(GRANT, **change), NOON.date())  # type: ignore[arg-type]
    assert (due.kind if due else None) == kind


@pytest.mark.parametrize(
    ("organisation", "roles", "sees"),
    [
        ("institute", (Role.STEWARD,), True),
        ("lab", (Role.AUDITOR,), True),
        ("institute", (Role.RESEARCHER, Role.APPROVER), False),
        ("institute", (Role.ADMINISTRATOR,), False),
        ("lab", (Role.STEWARD,), False),
    ],
)
def test_only_the_owners_stewards_and_auditors_see_uses(organisation: str, roles: tuple[Role, ...], sees: bool) -> None:
    person = Person("p", "P", organisation, roles)
    if sees:
        assert check_sees_uses(person, JOBS, "jobs") is JOBS
        return
    with pytest.raises(NotFoundError) as theirs:
        check_sees_uses(person, JOBS, "jobs")
    with pytest.raises(NotFoundError) as nothing:
        check_sees_uses(person, None, "jobs")
    assert str(theirs.value) == str(nothing.value)
