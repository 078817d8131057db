"""Facts about canaries: the gate's checker alone is told them, everybody else how many there are, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from doubles.people import checked_request, play, registered_dataset
from hub.domain.canaries import Canaries, CanaryCount, within
from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.services import canaries, datasets
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.workspaces import open_workspace

VALUE, ROW = "Zephyrine Quatrelivres", {"nr": "999999998"}


@pytest.fixture(autouse=True)
def programs(lab: Lab) -> Any:
    played = play(lab)
    registered_dataset(lab)
    return played


def test_the_checker_is_told_them_and_a_workspace_is_not(lab: Lab, programs: Any) -> None:
    canaries.declare_canaries(lab, "jobs-steward", "jobs", (VALUE,), (ROW,))
    checked_request(lab)
    (told,) = programs.asked["datasets"]
    assert (told["canaries"], told["canary_rows"]) == ([VALUE], [ROW])
    plan = open_workspace(lab, "scientist", "wages")
    assert '"canaries":[]' in plan.precheck
    assert not any(word in repr(plan) for word in (VALUE, ROW["nr"]))


def test_what_is_not_declared_is_not_looked_for(lab: Lab, programs: Any) -> None:
    checked_request(lab)
    (told,) = programs.asked["datasets"]
    assert (told["canaries"], told["canary_rows"]) == ([], [])


def test_the_steward_is_told_how_many_there_are(lab: Lab) -> None:
    assert canaries.canary_count(lab, "jobs-steward", "jobs") == CanaryCount("jobs")
    told = canaries.declare_canaries(lab, "jobs-steward", "jobs", (VALUE,), (ROW, ROW))
    assert (told.canaries, told.canary_rows, told.declared_by) == (1, 2, "jobs-steward")
    assert canaries.canary_count(lab, "jobs-steward", "jobs") == told
    assert canaries.declare_canaries(lab, "jobs-steward", "jobs", (), ()).canaries == 0


def test_neither_the_audit_log_nor_a_list_nor_a_print_holds_one(lab: Lab) -> None:
    canaries.declare_canaries(lab, "jobs-steward", "jobs", (VALUE,), (ROW,))
    with lab.store.read() as reading:
        events = [entry.event for entry in pages(reading)]
        kept = reading.get(Canaries, "jobs")
    assert events[-1].name == "lab:dataset:plant"
    assert json.loads(json.dumps(dict(events[-1].details))) == {"canaries": "1", "canary_rows": "1"}
    assert kept is not None
    assert (kept.canaries, kept.canary_rows) == ((VALUE,), (ROW,))
    said = repr((events, datasets.datasets(lab, "jobs-steward"), kept))
    assert not any(word in said for word in (VALUE, ROW["nr"]))


@pytest.mark.parametrize("actor", ["scientist", "auditor", "administrator", "transport-steward"])
def test_others_neither_declare_nor_count_them(lab: Lab, actor: str) -> None:
    with pytest.raises(RefusedError):
        canaries.declare_canaries(lab, actor, "jobs", (VALUE,), ())
    with pytest.raises(RefusedError):
        canaries.canary_count(lab, actor, "jobs")


def test_of_a_dataset_that_is_not_there_none_are_declared(lab: Lab) -> None:
    with pytest.raises(NotFoundError):
        canaries.declare_canaries(lab, "jobs-steward", "women", (VALUE,), ())


@pytest.mark.parametrize(
    ("values", "rows", "reason"),
    [
        (("short",), (), "canary-values"),
        (("  ab   ",), (), "canary-values"),
        ((VALUE,) * 201, (), "canary-values"),
        ((), ({},), "canary-rows"),
        ((), (ROW,) * 21, "canary-rows"),
        ((), ({"siren": "999999998"},), "canary-columns"),
    ],
)
def test_others_are_refused_without_being_repeated(
    lab: Lab, values: tuple[str, ...], rows: tuple[dict[str, str], ...], reason: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        canaries.declare_canaries(lab, "jobs-steward", "jobs", values, rows)
    assert caught.value.reason == reason
    assert not any(value in str(caught.value) for value in ("short", "siren", "999999998"))


def test_as_many_as_are_allowed_are_kept(lab: Lab) -> None:
    told = canaries.declare_canaries(lab, "jobs-steward", "jobs", ("sixsix",) * 200, (ROW,) * 20)
    assert (told.canaries, told.canary_rows) == (200, 20)


def test_in_an_older_snapshot_rows_are_looked_for_by_the_columns_that_it_has(lab: Lab) -> None:
    rows = ({"nr": "999999998"}, {"nr": "999999998", "wage": "1"}, {"siren": "999999998"})
    known = Canaries("jobs", (VALUE,), rows, "jobs-steward", lab.now())
    there = within(known, ["nr", "wage", "year"])
    assert there is not None
    assert (there.canaries, there.canary_rows, there.declared) == ((VALUE,), rows[:2], known.declared)
    assert within(None, ["nr"]) is None
