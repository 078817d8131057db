"""What a freeze, a lineage that is over or a revocation refused stands in the audit log; other refusals do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from doubles.people import (
    CONTEXT,
    approved_request,
    cast_vote,
    checked_request,
    fetched,
    play,
    registered_dataset,
    submit,
)
from hub.domain.ballots import Decision
from hub.domain.comments import Audience
from hub.domain.errors import ConflictError, LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportRequest
from hub.domain.releases import Release
from hub.domain.table_context import TableContext
from hub.services import exports, freezes, grants, releases
from hub.services.comments import add_comment
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.splits import split

WHY = "Because a test wants to"


@pytest.fixture(autouse=True)
def dataset(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)


def refusals(lab: Lab) -> list[tuple[str, str, str, dict[str, str]]]:
    with lab.store.read() as reading:
        told = [e.event for e in pages(reading) if e.event.name == "export:request:refuse"]
    return [(e.actor, e.subject, e.project, dict(e.details)) for e in told]


def attempt(act: Callable[[], object]) -> str:
    with pytest.raises(LabError) as refused:
        act()
    return refused.value.reason


@pytest.mark.parametrize("project", ["", "wages"])
def test_what_a_freeze_refused_is_recorded(lab: Lab, project: str) -> None:
    released, approved = approved_request(lab), approved_request(lab)
    releases.release(lab, "health-steward", released.id)
    freezes.freeze(lab, "jobs-steward", project, WHY)
    acts: list[Callable[[], object]] = [
        lambda: releases.release(lab, "health-steward", approved.id),
        lambda: fetched(lab, "researcher", released.id, "table.csv"),
        lambda: add_comment(lab, "researcher", approved.id, "A word", Audience.PROJECT),
    ]
    assert [attempt(act) for act in acts] == ["frozen"] * 3
    assert refusals(lab) == [
        ("health-steward", approved.id, "wages", {"act": "release", "rule": "frozen"}),
        ("researcher", released.id, "wages", {"act": "download", "rule": "frozen"}),
        ("researcher", approved.id, "wages", {"act": "comment", "rule": "frozen"}),
    ]


def test_what_a_lineage_that_is_over_refused_is_recorded(lab: Lab) -> None:
    approved, checked = approved_request(lab), checked_request(lab)
    cast_vote(lab, "health-steward", checked, Decision.CHANGES)
    grants.withdraw_grant(lab, "jobs-steward", "wages", "jobs", WHY)
    files = {"table.csv": TableContext()}
    acts: list[Callable[[], object]] = [
        lambda: releases.release(lab, "health-steward", approved.id),
        lambda: submit(lab, "researcher", checked.id),
        lambda: exports.create_request(lab, "researcher", "wages", source=checked.source, files=files, context=CONTEXT),
    ]
    rules = [attempt(act) for act in acts]
    assert rules[0] == "lineage-over"
    assert [(s, d["act"], d["rule"]) for _, s, _, d in refusals(lab)] == [
        (approved.id, "release", rules[0]),
        (checked.id, "submit", rules[1]),
        ("wages", "create", rules[2]),
    ]


def test_what_a_revocation_refused_is_recorded(lab: Lab) -> None:
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    releases.revoke(lab, "health-steward", request.id, WHY)
    with pytest.raises(ConflictError):
        fetched(lab, "researcher", request.id, "table.csv")
    assert refusals(lab) == [
        ("researcher", request.id, "wages", {"act": "download", "rule": "release-revoked"}),
    ]


def test_what_strangers_are_refused_names_nothing_in_the_log(lab: Lab) -> None:
    request = approved_request(lab)
    freezes.freeze(lab, "jobs-steward", "", WHY)
    for subject in (request.id, "export-aaaaaaaaaaaa"):
        for act in (
            lambda s: releases.release(lab, "outsider", s),
            lambda s: fetched(lab, "outsider", s, "table.csv"),
            lambda s: add_comment(lab, "outsider", s, "A word", Audience.PROJECT),
            lambda s: split(lab, "outsider", s, ["table.csv"]),
        ):
            with pytest.raises(NotFoundError):
                act(subject)
    assert refusals(lab) == []


def test_a_refusal_by_another_rule_is_no_entry_here(lab: Lab) -> None:
    request = checked_request(lab)
    with pytest.raises(RefusedError):
        releases.release(lab, "health-steward", request.id)
    assert refusals(lab) == []


def test_a_refusal_changes_no_record(lab: Lab) -> None:
    request = approved_request(lab)
    freezes.freeze(lab, "jobs-steward", "", WHY)
    assert attempt(lambda: releases.release(lab, "health-steward", request.id)) == "frozen"
    with lab.store.read() as reading:
        assert reading.get(ExportRequest, request.id) == request
        assert reading.get(Release, request.id) is None
