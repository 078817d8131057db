"""Facts about what is recorded when a snapshot is made ready, is found broken, and is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import SnapshotImage
from doubles.lab import make_lab
from doubles.people import found_consortium, play, registered_dataset
from hub.domain.audit import AuditEntry
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.projects import grow_project, project_room
from hub.services.snapshots import found_broken, mounted
from hub.services.workspaces import open_workspace


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = make_lab(tmp_path)
    found_consortium(made)
    play(made)
    yield made
    made.store.engine.dispose()  # type: ignore[attr-defined]


@pytest.fixture
def snapshot(lab: Lab) -> Snapshot:
    digest = registered_dataset(lab)
    with lab.store.read() as reading:
        found = reading.get(Snapshot, digest)
    assert found is not None
    return found


def told(lab: Lab, *names: str) -> list[AuditEntry]:
    with lab.store.read() as reading:
        return [entry for entry in pages(reading) if entry.event.name in names]


def image(lab: Lab, snapshot: Snapshot) -> SnapshotImage:
    with lab.store.read() as reading:
        found = reading.get(SnapshotImage, snapshot.digest)
    assert found is not None
    return found


def vaulted(lab: Lab, snapshot: Snapshot) -> Path:
    return lab.vault.path(snapshot.files[0].sha256)


def harm(path: Path) -> bytes:
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1] + b"?")
    return content


def test_an_image_is_built_once_and_recorded_with_its_digest(lab: Lab, snapshot: Snapshot) -> None:
    for project in ("wages", "other", "wages"):
        assert mounted(lab, project, snapshot).target == "/data/jobs"
    (built,) = told(lab, "lab:snapshot:build")
    assert dict(built.event.details)["sha256"] == image(lab, snapshot).sha256
    assert image(lab, snapshot).broken is None


def test_a_dataset_is_asked_for_without_the_engines_read_only(lab: Lab, snapshot: Snapshot) -> None:
    mount = mounted(lab, "wages", snapshot)
    assert (mount.sealed, mount.writable) == (True, False)


@pytest.mark.parametrize("built_before", [False, True])
def test_a_changed_file_raises_one_alarm_and_refuses_each_time(
    lab: Lab, snapshot: Snapshot, built_before: bool
) -> None:
    if built_before:
        mounted(lab, "wages", snapshot)
    harm(vaulted(lab, snapshot))
    for _ in range(3):
        with pytest.raises(ConflictError, match="missing or was changed"):
            open_workspace(lab, "scientist", "wages")
    (alarm,) = told(lab, "lab:snapshot:broken")
    assert (alarm.event.actor, alarm.event.subject, alarm.event.project) == ("lab", snapshot.digest, "wages")
    assert dict(alarm.event.details) == {"dataset": "jobs", "reason": "vault-changed"}
    assert len(told(lab, "lab:workspace:refuse")) == 3
    assert image(lab, snapshot).reason == "vault-changed"
    assert image(lab, snapshot).broken is not None


def test_a_restored_file_mends_the_snapshot_and_the_mending_is_recorded(lab: Lab, snapshot: Snapshot) -> None:
    mounted(lab, "wages", snapshot)
    content = harm(vaulted(lab, snapshot))
    with pytest.raises(ConflictError):
        mounted(lab, "wages", snapshot)
    vaulted(lab, snapshot).unlink()
    vaulted(lab, snapshot).write_bytes(content)
    mounted(lab, "wages", snapshot)
    assert len(told(lab, "lab:snapshot:mend")) == 1
    assert (image(lab, snapshot).broken, image(lab, snapshot).reason) == (None, "")
    harm(vaulted(lab, snapshot))
    with pytest.raises(ConflictError):
        mounted(lab, "wages", snapshot)
    assert len(told(lab, "lab:snapshot:broken")) == 2


def test_who_answers_for_a_broken_snapshot_sees_it_and_nobody_else(lab: Lab, snapshot: Snapshot) -> None:
    harm(vaulted(lab, snapshot))
    assert found_broken(lab, "auditor") == {}
    with pytest.raises(ConflictError):
        mounted(lab, "wages", snapshot)
    for name in ("jobs-steward", "auditor"):
        assert list(found_broken(lab, name)) == [snapshot.digest]
    for name in ("health-steward", "scientist", "administrator"):
        assert found_broken(lab, name) == {}


def test_a_project_is_grown_by_an_administrator_alone_and_the_log_says_so(lab: Lab) -> None:
    before = project_room(lab, "scientist", "wages").size
    with pytest.raises(RefusedError):
        grow_project(lab, "scientist", "wages", 2 * before)
    assert grow_project(lab, "administrator", "wages", 2 * before).size == 2 * before
    (entry,) = told(lab, "lab:project:grow")
    assert dict(entry.event.details) == {"before": str(before), "size": str(2 * before)}
    (entry,) = told(lab, "lab:project:grown")
    assert dict(entry.event.details) == {"size": str(2 * before)}
    for smaller in (before, 2 * before, 1):
        with pytest.raises(InvalidError, match="never gets less"):
            grow_project(lab, "administrator", "wages", smaller)
    with pytest.raises(NotFoundError):
        project_room(lab, "outsider", "wages")
