"""Approvals that stay when a request comes back: of files of which everything is as it was, and of no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doubles.people import CONTEXT, cast_vote, finished_run, lab_with_data, play, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.ballots import Ballot, Decision, OwnerVote, Vote
from hub.domain.errors import ConflictError
from hub.domain.exports import ExportRequest, ExportState, Finding, Severity
from hub.domain.file_cards import FileCard, RemovedPart
from hub.domain.file_groups import PARTS, FileGroup
from hub.domain.output_classes import OutputClass
from hub.domain.staying_votes import may_stay, read_of, staying
from hub.domain.supporting import SupportingFile
from hub.domain.table_context import TableContext
from hub.services import exports, policies, releases, votes
from hub.services.descriptions import describe_request
from hub.services.lab import Lab
from hub.web.pages.home import waits_for

BEFORE, AFTER = b"year,persons\r\n1980,545\r\n", b"year,persons\r\n1980,540\r\n"
TABLE = TableContext("jobs", ("year",), "", "count")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    made = play(lab)
    made.outputs = {"one.csv": b"one", "two.csv": b"two"}
    return made


def sent(lab: Lab) -> ExportRequest:
    files = {"one.csv": TABLE, "two.csv": TABLE}
    source = finished_run(lab).id
    made = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    return again(lab, made)


def again(lab: Lab, request: ExportRequest) -> ExportRequest:
    submit(lab, "researcher", request.id)
    work_off(lab)
    return exports.request(lab, "jobs-steward", request.id)


def returned(lab: Lab) -> ExportRequest:
    """One steward approves both files, the other asks for changes of the second."""
    request = sent(lab)
    cast_vote(lab, "health-steward", request)
    second = {f.path: f.canonical for f in request.files if f.path == "two.csv"}
    asked = {"decision": Decision.CHANGES, "canonical": second, "policy": request.policy, "reason": "Round the counts."}
    back = votes.vote(lab, "transport-steward", request.id, **asked)  # type: ignore[arg-type]
    assert back.state is ExportState.RETURNED
    return back


def test_an_approval_stays_on_the_file_that_is_as_it_was_and_nowhere_else(lab: Lab, programs: GoodPrograms) -> None:
    request = returned(lab)
    programs.canonical["two.csv"] = AFTER
    seen = again(lab, request)
    assert [(v.steward, v.path, v.decision) for v in seen.votes] == [("health-steward", "one.csv", Decision.APPROVE)]
    assert (seen.state, seen.ballot, seen.turn) == (ExportState.IN_REVIEW, Ballot.OPEN, 2)
    assert cast_vote(lab, "transport-steward", seen).state is ExportState.IN_REVIEW
    assert cast_vote(lab, "health-steward", seen).state is ExportState.APPROVED


def test_a_file_that_somebody_wanted_changed_is_voted_on_anew_also_where_it_came_back_as_it_was(
    lab: Lab, programs: GoodPrograms
) -> None:
    seen = again(lab, returned(lab))
    assert {(v.steward, v.path) for v in seen.votes} == {("health-steward", "one.csv")}
    assert cast_vote(lab, "transport-steward", seen).state is ExportState.IN_REVIEW
    assert cast_vote(lab, "health-steward", seen).state is ExportState.APPROVED


@pytest.mark.parametrize("what", ["finding", "context", "policy", "sealed"])
def test_what_a_steward_read_is_other_and_no_approval_stays(lab: Lab, programs: GoodPrograms, what: str) -> None:
    request = returned(lab)
    change: dict[str, Callable[[], object]] = {
        "finding": lambda: programs.findings.append(
            {"check": "rounding", "severity": "review", "place": "", "sentence": "Look.", "rule": ""}
        ),
        "context": lambda: describe_request(lab, "researcher", request.id, context=CONTEXT + " Rounded to five."),
        "policy": lambda: policies.set_project_layer(
            lab, "health-steward", "wages", "[parameters]\nminimum_units = 20\n"
        ),
        "sealed": lambda: policies.set_project_layer(lab, "health-steward", "wages", "blind_votes = true\n"),
    }
    change[what]()
    seen = again(lab, request)
    assert (seen.state, seen.votes) == (ExportState.IN_REVIEW, ())


def test_one_group_whose_context_is_other_loses_its_approvals_alone(lab: Lab, programs: GoodPrograms) -> None:
    request = returned(lab)
    group = FileGroup("rounded", *(f"{part}: said in a whole sentence" for part in PARTS))
    describe_request(lab, "researcher", request.id, context=CONTEXT, groups=[(group, ("two.csv",))])
    assert [v.path for v in again(lab, request).votes] == ["one.csv"]


def test_a_steward_with_an_approval_that_stays_is_still_asked_for_the_rest(lab: Lab, programs: GoodPrograms) -> None:
    request = returned(lab)
    programs.canonical["two.csv"] = AFTER
    seen = again(lab, request)
    with lab.store.read() as reading:
        person, project = (exports.load_visible(reading, "health-steward", seen.id)[at] for at in (1, 2))
    assert waits_for(person, seen, {"wages": project})
    assert not waits_for(person, cast_vote(lab, "health-steward", seen), {"wages": project})


def test_an_approval_names_all_that_was_read_and_another_supporting_file_ends_it(
    lab: Lab, programs: GoodPrograms
) -> None:
    request = sent(lab)
    given = cast_vote(lab, "health-steward", request).votes
    assert staying(given, request) == given
    beside = replace(request, supporting=(SupportingFile("how.md", shown="0" * 64),))
    found = Finding("rounding", Severity.REVIEW, "", "Look.")
    files = tuple(replace(f, findings=(found,)) if f.path == "one.csv" else f for f in request.files)
    assert staying(given, beside) == ()
    assert [v.path for v in staying(given, replace(request, files=files))] == ["two.csv"]
    others = {
        "detail": (Finding("rounding", Severity.REVIEW, "", "Look.", detail="Of three units."),),
        "finding": (found,),
        "none": (),
    }
    one = request.files[0]
    read = {name: read_of(request, replace(one, findings=said)) for name, said in others.items()}
    read["class"] = read_of(request, replace(one, classes=(OutputClass.MODEL,)))
    read["card"] = read_of(request, replace(one, card=FileCard(removed=(RemovedPart("tEXt", 1, 9),))))
    assert len(set(read.values())) == len(read)
    assert staying(given, replace(request, snapshots=request.snapshots | {"wages": "e" * 64})) == ()
    assert staying((replace(given[0], decision=Decision.CHANGES),), request) == ()
    assert staying((replace(given[0], seen=""),), request) == ()


def test_an_owners_no_is_on_the_whole_and_leaves_no_approval(lab: Lab, programs: GoodPrograms) -> None:
    request = replace(sent(lab), votes=(vote := Vote("steward", "one.csv", "", "", Decision.APPROVE, "", lab.now()),))
    said = OwnerVote("jobs-steward", "jobs", Decision.APPROVE, "", lab.now(), "")
    assert may_stay(replace(request, owner_votes=(said,))) == (vote,)
    assert may_stay(replace(request, owner_votes=(said, replace(said, decision=Decision.CHANGES)))) == ()
    assert may_stay(replace(request, ballot=Ballot.OPENED)) == ()
    against = replace(vote, steward="other", decision=Decision.CHANGES)
    elsewhere = replace(against, path="two.csv")
    assert may_stay(replace(request, votes=(vote, against))) == ()
    assert may_stay(replace(request, votes=(vote, elsewhere))) == (vote,)


def test_of_what_was_approved_and_could_not_be_looked_at_again_no_vote_stays(lab: Lab, programs: GoodPrograms) -> None:
    request = sent(lab)
    for steward in ("health-steward", "transport-steward"):
        approved = cast_vote(lab, steward, request)
    assert approved.state is ExportState.APPROVED
    policies.set_project_layer(lab, "health-steward", "wages", "[parameters]\nminimum_units = 20\n")
    programs.exit_code = 1
    with pytest.raises(ConflictError, match="The policy has changed"):
        releases.release(lab, "health-steward", request.id)
    work_off(lab)
    failed = exports.request(lab, "jobs-steward", request.id)
    assert (failed.state, failed.votes) == (ExportState.FAILED, ())
