"""Freezes through the use cases: what leaves, what goes on, and what comes of them when things happen at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from doubles.people import approved_request, cast_vote, checked_request, fetched, play, registered_dataset, work_off
from hub.adapters.store import SqlReading, SqlStore
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError, UnavailableError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.freezes import Freeze
from hub.services import exports, freezes, people, projects, registry, releases, runs
from hub.services.lab import Lab
from hub.services.ports import pages

WHY = "A table is under suspicion"
LEAVING = ("export:release:make", "export:release:download")


@pytest.fixture(autouse=True)
def _dataset(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)


def told(lab: Lab, *names: str) -> list[tuple[str, str, str, str]]:
    with lab.store.read() as reading:
        events = [entry.event for entry in pages(reading)]
    return [(e.name, e.actor, e.project, dict(e.details).get("reason", "")) for e in events if e.name in names]


def download(lab: Lab, request: ExportRequest, actor: str = "researcher") -> bytes:
    return fetched(lab, actor, request.id, "table.csv")


@pytest.mark.parametrize("project", ["", "wages"])
def test_a_freeze_between_approval_and_release_lets_nothing_be_released(lab: Lab, project: str) -> None:
    request = approved_request(lab)
    begun = freezes.freeze(lab, "jobs-steward", project, WHY)
    with pytest.raises(ConflictError, match=WHY) as said:
        releases.release(lab, "health-steward", request.id)
    assert said.value.reason == "frozen"
    assert exports.request(lab, "researcher", request.id).state is ExportState.APPROVED
    freezes.lift_freeze(lab, "health-steward", begun.id, "It was nothing")
    assert releases.release(lab, "health-steward", request.id).id == request.id


@pytest.mark.parametrize("project", ["", "wages"])
def test_a_freeze_between_release_and_download_lets_nobody_download(lab: Lab, project: str) -> None:
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    begun = freezes.freeze(lab, "jobs-steward", project, WHY)
    for actor in ("researcher", "scientist", "auditor", "jobs-steward"):
        with pytest.raises(ConflictError, match=WHY):
            download(lab, request, actor)
    with pytest.raises(ConflictError, match=WHY):
        releases.release(lab, "health-steward", request.id)
    assert told(lab, "export:release:download") == []
    freezes.lift_freeze(lab, "jobs-steward", begun.id, "It was nothing")
    assert download(lab, request).startswith(b"year,persons")


def test_a_freeze_of_another_project_holds_nothing_here(lab: Lab) -> None:
    request = approved_request(lab)
    freezes.freeze(lab, "jobs-steward", "other", WHY)
    releases.release(lab, "health-steward", request.id)
    assert download(lab, request)


def test_lifting_the_labs_freeze_leaves_the_projects_in_force(lab: Lab) -> None:
    request = approved_request(lab)
    of_lab = freezes.freeze(lab, "jobs-steward", "", WHY)
    freezes.freeze(lab, "jobs-steward", "wages", "The contract is looked at")
    freezes.lift_freeze(lab, "jobs-steward", of_lab.id, "It was nothing")
    with pytest.raises(ConflictError, match="The contract is looked at"):
        releases.release(lab, "health-steward", request.id)


def test_a_freeze_that_falls_while_a_file_is_read_refuses_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    read = type(lab.vault).read

    def slowly(vault: Any, sha256: str, limit: int) -> bytes:
        content = read(vault, sha256, limit)
        freezes.freeze(lab, "jobs-steward", "", WHY)
        return content

    monkeypatch.setattr(type(lab.vault), "read", slowly)
    with pytest.raises(ConflictError, match=WHY):
        download(lab, request)


def test_a_freeze_that_falls_while_files_are_hashed_for_a_release_refuses_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = approved_request(lab)
    check = type(lab.vault).check

    def slowly(vault: Any, sha256: str, size: int) -> None:
        check(vault, sha256, size)
        freezes.freeze(lab, "jobs-steward", "wages", WHY)

    monkeypatch.setattr(type(lab.vault), "check", slowly)
    with pytest.raises(ConflictError, match=WHY):
        releases.release(lab, "health-steward", request.id)
    assert told(lab, *LEAVING) == []


def test_everything_but_leaving_goes_on(lab: Lab) -> None:
    freezes.freeze(lab, "jobs-steward", "", WHY)
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    assert cast_vote(lab, "transport-steward", request).state is ExportState.APPROVED
    assert runs.runs(lab, "researcher", "wages")


def test_a_frozen_request_that_was_overtaken_is_not_checked_again_until_it_may_leave(lab: Lab) -> None:
    request = approved_request(lab)
    with lab.store.begin() as records:
        registry.check_again(lab, records, "health-steward", request)
    begun = freezes.freeze(lab, "jobs-steward", "wages", WHY)
    work_off(lab)
    with pytest.raises(LabError):
        releases.release(lab, "health-steward", request.id)
    assert told(lab, *LEAVING) == []
    assert exports.request(lab, "researcher", request.id).state is ExportState.APPROVED
    freezes.lift_freeze(lab, "jobs-steward", begun.id, "It was nothing")
    assert releases.release(lab, "health-steward", request.id)


def test_revoking_goes_on_and_a_revoked_release_says_so_first(lab: Lab) -> None:
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    freezes.freeze(lab, "jobs-steward", "", WHY)
    releases.revoke(lab, "health-steward", request.id, "A wrong title")
    with pytest.raises(ConflictError, match="was revoked"):
        download(lab, request)


# Who may


@pytest.mark.parametrize("actor", ["administrator", "auditor", "scientist", "researcher", "outsider", "nobody"])
def test_nobody_but_a_steward_freezes_or_lifts(lab: Lab, actor: str) -> None:
    begun = freezes.freeze(lab, "jobs-steward", "wages", WHY)
    refusals = []
    for attempt in (
        lambda: freezes.freeze(lab, actor, "", WHY),
        lambda: freezes.freeze(lab, actor, "wages", WHY),
        lambda: freezes.freeze(lab, actor, "no-such-project", WHY),
        lambda: freezes.lift_freeze(lab, actor, begun.id, "It was nothing"),
        lambda: freezes.lift_freeze(lab, actor, "freeze-aaaaaaaaaaaa", "It was nothing"),
    ):
        with pytest.raises(RefusedError) as said:
            attempt()
        refusals.append(str(said.value))
    assert len(set(refusals)) == 1
    assert len(told(lab, "export:freeze:begin", "export:freeze:lift")) == 1


def test_a_steward_who_joins_a_project_does_not_lift_its_freeze_and_leaving_it_does_not_help(lab: Lab) -> None:
    begun = freezes.freeze(lab, "jobs-steward", "wages", WHY)
    projects.add_member(lab, "scientist", "wages", "transport-steward")
    projects.remove_member(lab, "scientist", "wages", "transport-steward")
    with pytest.raises(RefusedError, match="cannot lift its freeze"):
        freezes.lift_freeze(lab, "transport-steward", begun.id, "It was nothing")


def test_a_steward_who_is_one_no_longer_lifts_nothing(lab: Lab) -> None:
    begun = freezes.freeze(lab, "jobs-steward", "", WHY)
    people.add_person(lab, "administrator", "jobs-steward", "Jobs", "jobs-institute", ())
    with pytest.raises(RefusedError):
        freezes.lift_freeze(lab, "jobs-steward", begun.id, "It was nothing")


def test_each_sees_what_is_frozen_of_what_they_know(lab: Lab) -> None:
    freezes.freeze(lab, "jobs-steward", "wages", WHY)
    freezes.freeze(lab, "jobs-steward", "", WHY)
    for who in ("administrator", "auditor", "scientist", "transport-steward"):
        assert [f.project for f in freezes.freezes(lab, who)] == ["", "wages"]
    assert [f.project for f in freezes.freezes(lab, "outsider")] == [""]
    with pytest.raises(RefusedError):
        freezes.freezes(lab, "nobody")


def test_a_freeze_stands_in_the_audit_log_with_its_reasons(lab: Lab) -> None:
    begun = freezes.freeze(lab, "jobs-steward", "wages", f"  {WHY} ")
    freezes.lift_freeze(lab, "health-steward", begun.id, "It was nothing")
    assert told(lab, "export:freeze:begin", "export:freeze:lift") == [
        ("export:freeze:begin", "jobs-steward", "wages", WHY),
        ("export:freeze:lift", "health-steward", "wages", "It was nothing"),
    ]
    assert freezes.freezes(lab, "jobs-steward") == []


def test_what_is_not_there_and_what_is_said_too_briefly_changes_nothing(lab: Lab) -> None:
    for attempt, error in (
        (lambda: freezes.freeze(lab, "jobs-steward", "no-such-project", WHY), NotFoundError),
        (lambda: freezes.freeze(lab, "jobs-steward", "", "  "), InvalidError),
        (lambda: freezes.lift_freeze(lab, "jobs-steward", "freeze-aaaaaaaaaaaa", WHY), NotFoundError),
    ):
        with pytest.raises(error):
            attempt()
    assert told(lab, "export:freeze:begin", "export:freeze:lift") == []


def test_a_freeze_that_was_lifted_and_begun_anew_is_not_lifted_by_who_saw_the_first(lab: Lab) -> None:
    first = freezes.freeze(lab, "jobs-steward", "", WHY)
    freezes.lift_freeze(lab, "health-steward", first.id, "It was nothing")
    freezes.freeze(lab, "health-steward", "", "There is more to it")
    with pytest.raises(ConflictError, match="lifted already, by health-steward"):
        freezes.lift_freeze(lab, "jobs-steward", first.id, "It was nothing")
    assert [f.reason for f in freezes.freezes(lab, "jobs-steward")] == ["There is more to it"]


# What cannot be read lets nothing leave


@pytest.mark.parametrize(
    "harm",
    [
        "ALTER TABLE export_freeze RENAME TO gone",
        "INSERT INTO export_freeze (ordinal, id, project, reason, frozen_by, frozen, lifted_by, lifted_reason) "
        "VALUES (1, 'f', 'wages', 'x', 'y', 'no moment', '', '')",
    ],
)
def test_freezes_that_cannot_be_read_let_nothing_leave(lab: Lab, harm: str) -> None:
    waiting, request = approved_request(lab), approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    assert isinstance(lab.store, SqlStore)
    with lab.store.engine.begin() as connection:
        connection.execute(text(harm))
    before = told(lab, *LEAVING)
    for attempt in (lambda: releases.release(lab, "health-steward", waiting.id), lambda: download(lab, request)):
        with pytest.raises((UnavailableError, ValueError)):
            attempt()
    assert told(lab, *LEAVING) == before


# At once


@pytest.mark.parametrize("project", ["", "wages"])
def test_two_releases_and_downloads_race_a_freeze_and_none_comes_after_it(lab: Lab, project: str) -> None:
    ready = [approved_request(lab) for _ in range(2)]
    done = approved_request(lab)
    releases.release(lab, "health-steward", done.id)
    start = threading.Barrier(7)

    def raced(act: Any) -> str:
        start.wait()
        try:
            act()
        except LabError as error:
            return error.reason
        return "left"

    acts = [
        *(lambda r=r: releases.release(lab, "health-steward", r.id) for r in ready),
        *(lambda: download(lab, done) for _ in range(4)),
        lambda: freezes.freeze(lab, "jobs-steward", project, WHY),
    ]
    with ThreadPoolExecutor(7) as pool:
        said = list(pool.map(raced, acts))
    assert said[-1] == "left"
    assert set(said) <= {"left", "frozen"}
    order = [name for name, *_ in told(lab, *LEAVING, "export:freeze:begin")]
    assert not set(order[order.index("export:freeze:begin") :]) & set(LEAVING)
    assert order.count("export:release:make") == 1 + said[:2].count("left")
    assert order.count("export:release:download") == said[2:6].count("left")


def test_two_stewards_who_freeze_at_once_make_one_freeze(lab: Lab) -> None:
    start = threading.Barrier(2)

    def raced(steward: str) -> str:
        start.wait()
        try:
            freezes.freeze(lab, steward, "", WHY)
        except ConflictError as error:
            return error.reason
        return "frozen"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(raced, ["jobs-steward", "health-steward"])) == ["frozen", "frozen-already"]
    assert len(freezes.freezes(lab, "auditor")) == 1


def test_looking_for_freezes_takes_as_many_questions_with_many_as_with_two(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[type] = []
    find = SqlReading.find

    def counted(reading: SqlReading, kind: type, **equal: object) -> Any:
        asked.append(kind)
        return find(reading, kind, **equal)

    freezes.freeze(lab, "jobs-steward", "wages", WHY)
    freezes.freeze(lab, "jobs-steward", "", WHY)
    monkeypatch.setattr(SqlReading, "find", counted)
    freezes.freezes(lab, "scientist")
    few = len(asked)
    begun = freezes.freezes(lab, "scientist")[1]
    with lab.store.begin() as records:
        for number in range(20):
            more: Freeze = replace(begun, id=f"freeze-{number}", project="other")
            records.save(more, event("export:freeze:begin", "jobs-steward", more.id))
    asked.clear()
    freezes.freezes(lab, "scientist")
    assert len(asked) == few
