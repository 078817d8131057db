"""Facts about offered workbooks: each sheet is reviewed, voted on and released as a file of its own."""

from __future__ import annotations

import pytest

from doubles.people import CONTEXT, cast_vote, finished_run, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.ballots import Decision
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.table_context import TableContext
from hub.services import exports, releases, votes
from hub.services.lab import Lab

BOOK = "out.xlsx"


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    made = play(lab)
    registered_dataset(lab)
    made.outputs = {BOOK: b"a workbook"}
    made.sheets = ["Ages", "Regions"]
    return made


def checked(lab: Lab, *paths: str) -> ExportRequest:
    files = dict.fromkeys(paths, TableContext())
    source = finished_run(lab).id
    request = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    submit(lab, "researcher", request.id)
    work_off(lab)
    return exports.request(lab, "researcher", request.id)


def paths(request: ExportRequest) -> list[str]:
    return [file.path for file in request.files]


def test_a_workbook_becomes_its_sheets(lab: Lab, programs: GoodPrograms) -> None:
    request = checked(lab, BOOK)
    assert request.state is ExportState.SUBMITTED
    assert paths(request) == ["out.xlsx!Ages", "out.xlsx!Regions"]
    assert len({(file.sha256, file.size) for file in request.files}) == 1
    assert all(file.canonical for file in request.files)


def test_every_sheet_needs_its_votes_and_all_leave_together(lab: Lab, programs: GoodPrograms) -> None:
    request = checked(lab, BOOK)
    only_one = {"out.xlsx!Ages": request.files[0].canonical}
    for steward in ("health-steward", "transport-steward"):
        request = votes.vote(
            lab, steward, request.id, decision=Decision.APPROVE, canonical=only_one, policy=request.policy, reason=""
        )
    assert request.state is ExportState.IN_REVIEW
    for steward in ("health-steward", "transport-steward"):
        request = cast_vote(lab, steward, request)
    released = releases.release(lab, "health-steward", request.id)
    assert [file.name for file in released.files] == ["out.xlsx!Ages", "out.xlsx!Regions"]


def test_a_request_that_is_submitted_again_reads_the_sheets_that_it_names(lab: Lab, programs: GoodPrograms) -> None:
    returned = cast_vote(lab, "health-steward", checked(lab, BOOK), Decision.CHANGES)
    submit(lab, "researcher", returned.id)
    work_off(lab)
    again = exports.request(lab, "researcher", returned.id)
    assert (again.state, again.turn) == (ExportState.SUBMITTED, 2)
    assert paths(again) == ["out.xlsx!Ages", "out.xlsx!Regions"]
    assert [file["path"] for file in programs.asked["files"]] == paths(again)


def test_a_single_sheet_can_be_offered_by_its_name(lab: Lab, programs: GoodPrograms) -> None:
    request = checked(lab, "out.xlsx!Ages")
    assert (request.state, paths(request)) == (ExportState.SUBMITTED, ["out.xlsx!Ages"])


@pytest.mark.parametrize("sheets", [["Ages"], ["Ages", "Ages"], ["Ages", "../x"], ["Ages", "x!y"]])
def test_an_answer_whose_sheets_are_not_the_workbooks_fails_the_request(
    lab: Lab, programs: GoodPrograms, sheets: list[str]
) -> None:
    programs.sheets = sheets
    assert checked(lab, BOOK).state is ExportState.FAILED
