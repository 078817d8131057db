"""The registry of released tables: what a check is told, what a release adds, and releases that race each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doubles.lab import START
from doubles.people import approved_notebook, cast_vote, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.ballots import Decision
from hub.domain.errors import ConflictError, LabError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.registers import Register, register_id
from hub.domain.releases import Release
from hub.domain.table_context import TableContext
from hub.services import canaries, exports, registry, releases, runs
from hub.services.lab import Lab

TABLE: dict[str, Any] = {
    "path": "table.csv",
    "dataset": "jobs",
    "file": "persons.parquet",
    "dimensions": ["year"],
    "decimals": [0],
    "figures": ["count"],
    "exact": True,
    "cells": [["=1980"]],
    "rows": [545],
    "units": [545],
}
FILES = {"table.csv": TableContext("jobs", ("year",))}
CONTEXT = "Number of persons by year, of all persons of the panel."


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    made = play(lab)
    registered_dataset(lab)
    made.tables = [TABLE]
    return made


def approved(lab: Lab, count: int = 1) -> list[ExportRequest]:
    """Requests of one run, checked one after another and voted on."""
    notebook = approved_notebook(lab)
    run, _ = runs.start_run(lab, "researcher", notebook.id, {"minimum": 11})
    work_off(lab)
    made = []
    for _ in range(count):
        request = exports.create_request(lab, "researcher", "wages", source=run.id, files=FILES, context=CONTEXT)
        submit(lab, "researcher", request.id)
        work_off(lab)
        cast_vote(lab, "health-steward", exports.request(lab, "health-steward", request.id))
        made.append(cast_vote(lab, "transport-steward", exports.request(lab, "transport-steward", request.id)))
    assert [r.state for r in made] == [ExportState.APPROVED] * count
    return made


def register_of(lab: Lab, request: ExportRequest) -> Register:
    with lab.store.read() as reading:
        found = reading.get(Register, register_id(request.id, "jobs"))
    assert found is not None
    return found


def test_a_released_table_is_registered_with_its_release(lab: Lab, programs: GoodPrograms) -> None:
    (request,) = approved(lab)
    assert register_of(lab, request).released is None
    releases.release(lab, "health-steward", request.id)
    kept = register_of(lab, request)
    assert kept.released is not None
    assert [(t.dataset, t.cells, t.units) for t in kept.tables] == [("jobs", (("=1980",),), (545,))]


def test_what_was_not_released_is_told_to_nobody(lab: Lab, programs: GoodPrograms) -> None:
    approved(lab, 2)
    assert programs.earlier == []


def test_a_check_is_told_of_what_was_released_and_whose_it_is(lab: Lab, programs: GoodPrograms) -> None:
    first, second = approved(lab, 2)
    releases.release(lab, "health-steward", first.id)
    refused_for_now(lab, second)
    work_off(lab)
    (told,) = programs.earlier
    assert (told["release"], told["own"], told["current"]) == (first.id, True, True)


def test_a_revoked_table_still_counts(lab: Lab, programs: GoodPrograms) -> None:
    first, second = approved(lab, 2)
    releases.release(lab, "health-steward", first.id)
    releases.revoke(lab, "health-steward", first.id, "it was a mistake")
    refused_for_now(lab, second)
    work_off(lab)
    assert [t["release"] for t in programs.earlier] == [first.id]


def refused_for_now(lab: Lab, request: ExportRequest) -> None:
    with pytest.raises(ConflictError) as refusal:
        releases.release(lab, "health-steward", request.id)
    assert refusal.value.reason == "registry-moved"
    assert exports.request(lab, "auditor", request.id).state is ExportState.RECHECKING


def test_what_was_approved_before_another_release_is_checked_again_and_keeps_its_votes(
    lab: Lab, programs: GoodPrograms
) -> None:
    first, second = approved(lab, 2)
    releases.release(lab, "health-steward", first.id)
    refused_for_now(lab, second)
    work_off(lab)
    confirmed = exports.request(lab, "auditor", second.id)
    assert (confirmed.state, len(confirmed.votes), confirmed.turn) == (ExportState.APPROVED, 2, 2)
    releases.release(lab, "health-steward", second.id)
    assert register_of(lab, second).released is not None


@pytest.mark.parametrize("has_tables", [True, False])
def test_what_was_approved_before_canaries_were_declared_is_checked_again(
    lab: Lab, programs: GoodPrograms, has_tables: bool
) -> None:
    if not has_tables:
        programs.tables = []
    (request,) = approved(lab, 1)
    canaries.declare_canaries(lab, "jobs-steward", "jobs", ("Zephyrine",), ())
    refused_for_now(lab, request)
    work_off(lab)
    assert programs.asked["datasets"][0]["canaries"] == ["Zephyrine"]
    canaries.declare_canaries(lab, "jobs-steward", "jobs", (), ())
    refused_for_now(lab, request)
    work_off(lab)
    assert programs.asked["datasets"][0]["canaries"] == []
    assert releases.release(lab, "health-steward", request.id)


BLOCK = {"check": "differencing", "severity": "block", "place": "table.csv", "sentence": "It tells of too few units."}


def test_what_the_second_check_blocks_does_not_leave_and_loses_its_votes(lab: Lab, programs: GoodPrograms) -> None:
    first, second = approved(lab, 2)
    releases.release(lab, "health-steward", first.id)
    programs.findings = [BLOCK]
    refused_for_now(lab, second)
    work_off(lab)
    blocked = exports.request(lab, "auditor", second.id)
    assert (blocked.state, blocked.votes) == (ExportState.BLOCKED, ())
    with pytest.raises(LabError):
        releases.release(lab, "health-steward", second.id)


def test_what_the_second_check_sees_otherwise_is_voted_on_again(lab: Lab, programs: GoodPrograms) -> None:
    first, second = approved(lab, 2)
    releases.release(lab, "health-steward", first.id)
    programs.findings = [BLOCK | {"severity": "review"}]
    refused_for_now(lab, second)
    work_off(lab)
    again = exports.request(lab, "auditor", second.id)
    assert (again.state, again.votes) == (ExportState.SUBMITTED, ())
    assert cast_vote(lab, "health-steward", again, Decision.APPROVE).state is ExportState.IN_REVIEW


def test_a_second_check_that_fails_releases_nothing(lab: Lab, programs: GoodPrograms) -> None:
    first, second = approved(lab, 2)
    releases.release(lab, "health-steward", first.id)
    refused_for_now(lab, second)
    programs.exit_code = 1
    work_off(lab)
    assert exports.request(lab, "auditor", second.id).state is ExportState.FAILED


def test_of_two_releases_at_once_one_waits_for_its_second_check(lab: Lab, programs: GoodPrograms) -> None:
    pair = approved(lab, 2)

    def release(request: ExportRequest) -> str:
        try:
            return releases.release(lab, "health-steward", request.id).id
        except ConflictError as error:
            return error.reason

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(release, pair))
    assert outcomes.count("registry-moved") == 1
    with lab.store.read() as reading:
        assert len(reading.find(Release)) == 1


def test_requests_without_tables_do_not_wait_for_each_other(lab: Lab, programs: GoodPrograms) -> None:
    programs.tables = []
    for request in approved(lab, 2):
        releases.release(lab, "health-steward", request.id)
    assert programs.earlier == []


def test_a_check_that_is_prepared_again_does_not_forget_what_it_saw_first(lab: Lab, programs: GoodPrograms) -> None:
    """Its container may have read what was written the first time."""
    first, second = approved(lab, 2)
    before = register_of(lab, second).seen
    releases.release(lab, "health-steward", first.id)
    told = registry.begin_comparison(lab, second, {})
    assert len(told.tables) == 1
    assert register_of(lab, second).seen == before


def test_another_project_is_told_that_the_table_is_not_its_own(lab: Lab, programs: GoodPrograms) -> None:
    (request,) = approved(lab)
    releases.release(lab, "health-steward", request.id)
    (told,) = registry.begin_comparison(lab, replace(request, id="export-x", project="other"), {}).tables
    assert not told.own
    snapshot = {"jobs": "f" * 64}
    (moved,) = registry.begin_comparison(lab, replace(request, id="export-y", snapshots=snapshot), {}).tables
    assert not moved.current


def test_the_volume_of_a_month_counts_one_project_and_one_month(lab: Lab, programs: GoodPrograms) -> None:
    (request,) = approved(lab)
    made = releases.release(lab, "health-steward", request.id)
    with lab.store.read() as reading:
        assert registry.released_bytes(reading, "wages", START) == sum(f.size for f in made.files) > 0
        assert registry.released_bytes(reading, "other", START) == 0
        assert registry.released_bytes(reading, "wages", START + timedelta(days=31)) == 0
    releases.revoke(lab, "health-steward", request.id, "it was a mistake")
    with lab.store.read() as reading:
        assert registry.released_bytes(reading, "wages", START) > 0
