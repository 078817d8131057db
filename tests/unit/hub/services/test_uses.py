"""An owner learns from the log and the records who had their data and what left."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from datasets_mount.images import SnapshotImage, broken_image
from datasets_mount.uses import DueKind, UseKind
from doubles.lab import make_lab
from doubles.people import JOBS, approved_request, fetched, found_consortium, play, registered_dataset, send, work_off
from hub.domain.audit import event
from hub.domain.errors import NotFoundError, RefusedError
from hub.domain.exports import ExportState
from hub.domain.workspaces import EndReason, WorkspaceState
from hub.services import datasets, grants, releases, uses
from hub.services.lab import Lab
from hub.services.spreadsheet import csv_of
from hub.services.workspaces import close_workspace, open_workspace


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    return lab


def test_an_owner_sees_mounts_requests_releases_and_downloads(lab: Lab) -> None:
    digest = registered_dataset(lab)
    open_workspace(lab, "scientist", "wages")
    close_workspace(lab, "scientist", "wages", EndReason.STOPPED)
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    fetched(lab, "researcher", request.id, request.files[0].canonical_name)
    found = uses.dataset_uses(lab, "jobs-steward", "jobs")
    of = {u.kind: u for u in found.uses}
    assert set(of) == set(UseKind)
    assert {u.snapshot for u in found.uses} == {digest}
    assert {u.project for u in found.uses} == {"wages"}
    assert (of[UseKind.WORKSPACE].person, of[UseKind.WORKSPACE].state) == ("scientist", WorkspaceState.CLOSED)
    assert (of[UseKind.RUN].person, of[UseKind.RUN].subject) == ("researcher", request.source)
    assert (of[UseKind.REQUEST].state, of[UseKind.REQUEST].policy) == (ExportState.RELEASED, request.policy)
    assert (of[UseKind.RELEASE].person, of[UseKind.RELEASE].policy) == ("health-steward", request.policy)
    assert (of[UseKind.DOWNLOAD].person, of[UseKind.DOWNLOAD].subject) == ("researcher", request.id)
    assert uses.owned_uses(lab, "auditor") == [found]
    assert uses.owned_uses(lab, "health-steward") == []


def test_what_another_dataset_was_used_for_is_not_told(lab: Lab) -> None:
    registered_dataset(lab)
    open_workspace(lab, "scientist", "wages")
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, name="unused"))
    found = {u.dataset.name: u for u in uses.owned_uses(lab, "jobs-steward")}
    assert (len(found["jobs"].uses), found["unused"].uses) == (1, ())


def test_what_is_due_is_told_the_next_first(lab: Lab) -> None:
    digest = registered_dataset(lab)
    today = lab.now().date()
    grants.grant_dataset(lab, "jobs-steward", "wages", "jobs", today + timedelta(days=9))
    grants.grant_dataset(lab, "jobs-steward", "other", "jobs", today + timedelta(days=3))
    grants.withdraw_grant(lab, "jobs-steward", "other", "jobs", "the contract is over")
    open_workspace(lab, "scientist", "wages")
    with lab.store.begin() as records:
        image = records.get(SnapshotImage, digest)
        assert image is not None
        records.save(broken_image(image, "snapshot-changed", lab.now()), event("test:image:break", "test", digest))
    due = uses.dataset_uses(lab, "jobs-steward", "jobs").due
    assert [d.kind for d in due][-1] is DueKind.GRANT_ENDS
    told = {d.kind: (d.subject, d.reason) for d in due}
    assert told == {
        DueKind.GRANT_ENDS: ("wages", ""),
        DueKind.GRANT_WITHDRAWN: ("other", "the contract is over"),
        DueKind.SNAPSHOT_BROKEN: (digest, "snapshot-changed"),
    }


@pytest.mark.parametrize("who", ["scientist", "researcher", "health-steward", "administrator"])
def test_to_others_a_dataset_has_no_uses_as_one_that_is_not_there(lab: Lab, who: str) -> None:
    registered_dataset(lab)
    told = []
    for name in ("jobs", "none"):
        for look in (uses.dataset_uses, uses.evidence):
            with pytest.raises(NotFoundError) as error:
                look(lab, who, name)
            told.append((error.value.reason, str(error.value).replace(name, "…")))
    assert len(set(told)) == 1


def test_a_researcher_has_no_page_of_uses(lab: Lab) -> None:
    with pytest.raises(RefusedError):
        uses.owned_uses(lab, "scientist")


def test_each_look_is_recorded_and_a_refused_one_is_not(lab: Lab) -> None:
    registered_dataset(lab)
    uses.dataset_uses(lab, "auditor", "jobs")
    uses.evidence(lab, "jobs-steward", "jobs")
    with pytest.raises(NotFoundError):
        uses.evidence(lab, "health-steward", "jobs")
    with lab.store.read() as reading:
        told = [(e.event.name, e.event.actor) for e in reading.audit_entries(0) if e.event.name.startswith("lab:uses")]
    assert told == [("lab:uses:view", "auditor"), ("lab:uses:download", "jobs-steward")]


def test_the_evidence_holds_every_use_oldest_first(lab: Lab) -> None:
    registered_dataset(lab)
    for _ in range(2):
        open_workspace(lab, "scientist", "wages")
        close_workspace(lab, "scientist", "wages", EndReason.STOPPED)
    rows = list(csv.DictReader(io.StringIO(uses.evidence(lab, "jobs-steward", "jobs").decode())))
    assert [r["kind"] for r in rows] == ["workspace", "workspace"]
    assert [r["state"] for r in rows] == ["closed", "closed"]
    assert int(rows[0]["audit_entry"]) < int(rows[1]["audit_entry"])
    assert rows[0]["at_utc"].endswith("+00:00")


def test_a_snapshot_that_came_later_is_told_apart(lab: Lab) -> None:
    first = registered_dataset(lab)
    open_workspace(lab, "scientist", "wages")
    offer = datasets.offer_snapshot(lab, "jobs-steward", "jobs", (send(lab, "jobs-steward", "persons.csv", b"new"),))
    work_off(lab)
    second = datasets.offer(lab, "jobs-steward", offer.id)[0].snapshot
    open_workspace(lab, "researcher", "wages")
    found = uses.dataset_uses(lab, "jobs-steward", "jobs").uses
    assert {(u.person, u.snapshot) for u in found} == {("scientist", first), ("researcher", second)}


@pytest.mark.parametrize("cell", ['=HYPERLINK("x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_no_cell_is_run_by_a_spreadsheet(cell: str) -> None:
    [[written]] = list(csv.reader(io.StringIO(csv_of(("a",), [(cell,)]).decode())))[1:]
    assert written.startswith("'")


def test_plain_cells_and_separators_stay_what_they_are() -> None:
    rows = [("a,b", 'say "no"', "2026-03-01T10:00:00+00:00", "12"), ("-", "", "é", "x")]
    assert [tuple(r) for r in csv.reader(io.StringIO(csv_of("abcd", rows).decode()))] == [tuple("abcd"), *rows]
