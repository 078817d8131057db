"""Facts about space and health: what is refused, who is told, and what fails when."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import cast

import pytest

from doubles.lab import SteppingClock
from doubles.people import approved_notebook, finished_run, play, registered_dataset
from hub.domain.errors import UnavailableError
from hub.domain.space import Place, PlaceName
from hub.domain.table_context import TableContext
from hub.services import datasets, exports, notebooks, runs
from hub.services.health import SILENT, Part, failing_parts
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.space import space_alarms, watch_space
from hub.settings import Space

WORDS = "A table of counts of people by group, for a report that others will read."


def with_limits(lab: Lab, alarm: int = 0, floor: int = 0) -> Lab:
    return replace(lab, settings=lab.settings.model_copy(update={"space": Space(alarm=alarm, floor=floor)}))


def free(lab: Lab, monkeypatch: pytest.MonkeyPatch, vault: int) -> None:
    places = [Place(PlaceName.STATE, 10**12), Place(PlaceName.VAULT, vault)]
    monkeypatch.setattr(lab.storage, "places", lambda: places)


def spoken(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [e.event.name for e in pages(reading) if e.event.name.startswith("lab:space")]


def test_the_places_of_a_lab_are_its_state_vault_and_database(lab: Lab) -> None:
    assert [p.name for p in lab.storage.places()] == ["state", "vault", "database"]
    assert all(p.free > 0 for p in lab.storage.places())


def test_below_the_floor_nothing_new_is_taken_in_and_what_was_accepted_ends_well(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(lab)
    registered_dataset(lab)
    run, notebook = finished_run(lab), approved_notebook(lab).id
    short = with_limits(lab, alarm=100, floor=100)
    free(lab, monkeypatch, vault=99)
    words = TableContext()
    for ask in (
        lambda: datasets.upload(short, "researcher", "a.csv", BytesIO(b"a")),
        lambda: datasets.offer_snapshot(short, "jobs-steward", "jobs", ("upload-x",)),
        lambda: notebooks.submit_notebook(short, "researcher", "wages", "upload-x", name="again", purpose=WORDS),
        lambda: runs.start_run(short, "researcher", notebook, {}),
        lambda: exports.create_request(
            short, "researcher", "wages", source=run.id, files={"table.csv": words}, context=WORDS
        ),
    ):
        with pytest.raises(UnavailableError, match="nothing new is taken in"):
            ask()
    free(lab, monkeypatch, vault=100)
    assert runs.start_run(short, "researcher", notebook, {})[1].state == "queued"


def test_an_alarm_is_recorded_once_when_it_begins_and_once_when_it_ends(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = with_limits(lab, alarm=1000)
    for vault, told in ((5000, 0), (900, 1), (800, 1), (1050, 1), (1200, 2), (5000, 2), (10, 3)):
        free(lab, monkeypatch, vault)
        watch_space(watched)
        assert len(spoken(lab)) == told, vault
    assert spoken(lab) == ["lab:space:low", "lab:space:enough", "lab:space:low"]


def test_administrators_and_stewards_are_told_and_nobody_else(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    free(lab, monkeypatch, 10)
    watch_space(with_limits(lab, alarm=1000))
    assert [a.id for a in space_alarms(lab, "administrator")] == ["vault"]
    assert [a.id for a in space_alarms(lab, "jobs-steward")] == ["vault"]
    assert space_alarms(lab, "researcher") == []


def test_a_lab_whose_worker_writes_and_that_has_space_is_well(lab: Lab) -> None:
    assert failing_parts(lab) == [Part.WORKER]  # none has ever written
    lab.store.beat("worker")
    assert failing_parts(lab) == []
    assert set(lab.store.beats()) == {"worker", "portal"}


def test_a_worker_that_is_silent_for_long_fails(lab: Lab) -> None:
    lab.store.beat("worker")
    cast(SteppingClock, lab.clock).moment += SILENT
    assert failing_parts(lab) == [Part.WORKER]


def test_a_lab_below_its_floor_fails(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.store.beat("worker")
    free(lab, monkeypatch, 10)
    assert failing_parts(with_limits(lab, alarm=100, floor=100)) == [Part.SPACE]


def test_a_database_that_cannot_be_written_is_seen_though_it_can_be_read(lab: Lab, tmp_path: Path) -> None:
    """The weak twin is a check that only reads: it finds nothing wrong."""
    lab.store.beat("worker")
    connection = sqlite3.connect(tmp_path / "records" / "database.sqlite")
    connection.execute("CREATE TRIGGER full BEFORE UPDATE ON heartbeat BEGIN SELECT RAISE(ABORT, 'full'); END")
    connection.execute("CREATE TRIGGER full2 BEFORE INSERT ON heartbeat BEGIN SELECT RAISE(ABORT, 'full'); END")
    connection.commit()
    connection.close()
    with lab.store.read() as reading:
        assert reading.last_audit_entry() is not None
    assert failing_parts(lab) == [Part.DATABASE]


def test_a_heartbeat_is_no_entry_of_the_audit_log(lab: Lab) -> None:
    with lab.store.read() as reading:
        before = reading.last_audit_entry()
    lab.store.beat("worker")
    with lab.store.read() as reading:
        assert reading.last_audit_entry() == before
    assert lab.now() - lab.store.beats()["worker"] < timedelta(seconds=1)
