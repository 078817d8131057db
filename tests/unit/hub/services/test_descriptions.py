"""What an author says of a request's files: changed in a draft and after a return, never while people decide on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from doubles.people import CONTEXT, cast_vote, checked_request, finished_run, lab_with_data, submit, work_off
from hub.domain.ballots import Decision
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.file_groups import PARTS, FileGroup
from hub.domain.table_context import TableContext
from hub.services import exports, releases
from hub.services.audit import audit_entries
from hub.services.descriptions import describe_request
from hub.services.lab import Lab

GROUP = FileGroup("tables", *(f"{part}: said in a whole sentence" for part in PARTS))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def drafted(lab: Lab, group: FileGroup = GROUP) -> ExportRequest:
    source, files = finished_run(lab).id, {"table.csv": TableContext("jobs", ("year",), "", "count")}
    groups = [(group, ("table.csv",))]
    return exports.create_request(lab, "researcher", "wages", source=source, files=files, context="", groups=groups)


def test_a_group_and_its_context_go_the_whole_way(lab: Lab) -> None:
    made = drafted(lab)
    submit(lab, "researcher", made.id)
    work_off(lab)
    seen = exports.request(lab, "health-steward", made.id)
    assert (seen.groups, [f.group for f in seen.files], seen.context) == ((GROUP,), ["tables"], "")
    cast_vote(lab, "health-steward", seen)
    assert cast_vote(lab, "transport-steward", seen).state is ExportState.APPROVED
    assert releases.release(lab, "health-steward", made.id).files


def test_a_part_that_is_missing_is_told_before_there_is_a_request(lab: Lab) -> None:
    with pytest.raises(InvalidError, match="what was done to protect it"):
        drafted(lab, replace(GROUP, protection="nothing"))
    with lab.store.read() as reading:
        assert reading.find(ExportRequest) == []


def test_an_author_says_it_anew_in_a_draft_and_after_a_return_and_nobody_else_does(lab: Lab) -> None:
    made = drafted(lab)
    for other in ("scientist", "health-steward"):
        with pytest.raises(RefusedError):
            describe_request(lab, other, made.id, context=CONTEXT)
    plain = describe_request(lab, "researcher", made.id, context=CONTEXT)
    assert (plain.groups, plain.context, [f.group for f in plain.files]) == ((), CONTEXT, [""])
    events = [e.event for e in audit_entries(lab, "auditor", 0, 1000) if e.event.name == "export:request:describe"]
    assert [(e.actor, e.subject) for e in events] == [("researcher", made.id)]


def test_while_people_decide_on_it_nothing_of_it_is_said_anew(lab: Lab) -> None:
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    with pytest.raises(ConflictError, match="returned it"):
        describe_request(lab, "researcher", request.id, context=CONTEXT + " More.")
    cast_vote(lab, "transport-steward", request)
    with pytest.raises(ConflictError, match="returned it"):
        describe_request(lab, "researcher", request.id, context=CONTEXT + " More.")


def test_after_a_return_another_context_goes_through_the_gate_and_needs_votes_anew(lab: Lab) -> None:
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    cast_vote(lab, "transport-steward", request, Decision.CHANGES)
    describe_request(lab, "researcher", request.id, context="", groups=[(GROUP, ("table.csv",))])
    submit(lab, "researcher", request.id)
    work_off(lab)
    seen = exports.request(lab, "health-steward", request.id)
    assert (seen.turn, seen.groups, seen.votes) == (2, (GROUP,), ())
    with pytest.raises(ConflictError):  # a steward who still looks at the submission before
        cast_vote(lab, "health-steward", replace(seen, policy="0" * 64))
    assert cast_vote(lab, "health-steward", seen).state is ExportState.IN_REVIEW
    assert cast_vote(lab, "transport-steward", seen).state is ExportState.APPROVED
