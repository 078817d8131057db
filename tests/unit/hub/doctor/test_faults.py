"""What the doctor says of kills and of what has no owner: each loss and each leftover is one ✗."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.migrate import migrate
from hub.adapters.processes import Status
from hub.adapters.store import SqlStore
from hub.doctor import faults
from hub.doctor.faults import killed_while_writing, owners_looked_for, what_is_left
from hub.doctor.scene import Scene
from hub.domain.audit import event
from hub.domain.examinations import Verdict
from hub.domain.people import Organisation
from hub.domain.work import Work, WorkKind, WorkState
from hub.services.lab import Lab
from spawner_config.names import LABEL_SERVER, LABEL_WORK


class FakeEngine:
    """An engine with the containers of a test."""

    there: tuple[dict[str, Any], ...] = ()

    def containers(self, **_: object) -> list[dict[str, Any]]:
        return list(self.there)

    def close(self) -> None:
        return


@pytest.fixture(autouse=True)
def _worker_lives(lab: Lab) -> None:
    lab.store.beat("worker")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    made = FakeEngine()
    monkeypatch.setattr("docker.APIClient", lambda **_: made)
    monkeypatch.setattr(faults, "status", lambda _: [Status("hub", "running", 7)])
    return made


def broken(lab: Lab) -> list[str]:
    return [a.name for a in owners_looked_for(lab) if a.verdict is Verdict.BROKEN]


def test_what_was_accepted_survives_a_kill(played: Scene) -> None:
    played.settings.state.mkdir(parents=True, exist_ok=True)
    assert [a.verdict for a in killed_while_writing(played.settings)] == [Verdict.HOLDS]


def test_a_process_that_was_not_killed_proves_nothing(played: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    played.settings.state.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(faults, "VICTIM", "pass")
    assert [a.verdict for a in killed_while_writing(played.settings)] == [Verdict.BROKEN]


@pytest.mark.parametrize("names", [(), ("accepted", "half"), ("half",)])
def test_a_loss_and_a_half_are_seen(tmp_path: Path, lab: Lab, names: tuple[str, ...]) -> None:
    url = f"sqlite:///{tmp_path / 'killed.sqlite'}"
    store = SqlStore(url, lab.clock.now)
    migrate(store.engine)
    with store.begin() as records:
        for name in names:
            records.save(Organisation(name, name), event("lab:organisation:add", "doctor", name))
    store.engine.dispose()
    assert what_is_left(url, tmp_path / "vault")[1] is Verdict.BROKEN


def test_a_half_written_file_is_seen(tmp_path: Path, lab: Lab) -> None:
    url = f"sqlite:///{tmp_path / 'killed.sqlite'}"
    store = SqlStore(url, lab.clock.now)
    migrate(store.engine)
    with store.begin() as records:
        records.save(Organisation("accepted", "A"), event("lab:organisation:add", "doctor", "accepted"))
    store.engine.dispose()
    (tmp_path / "vault/ab").mkdir(parents=True)
    assert what_is_left(url, tmp_path / "vault")[1] is Verdict.HOLDS
    (tmp_path / "vault/ab/abc").write_text("half")
    assert what_is_left(url, tmp_path / "vault")[1] is Verdict.BROKEN


def test_a_worker_that_is_silent_is_seen(lab: Lab) -> None:
    clock = lab.clock
    assert broken(lab) == []
    clock.moment += timedelta(minutes=5)  # type: ignore[attr-defined]
    assert broken(lab) == ["signs-of-life"]


def test_a_worker_that_never_lived_is_seen(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.store, "beats", dict)
    assert broken(lab) == ["signs-of-life"]


def test_a_tidy_lab_holds(lab: Lab) -> None:
    assert {a.verdict for a in owners_looked_for(lab)} == {Verdict.HOLDS}


@pytest.mark.parametrize("labels", [{}, {LABEL_WORK: "run-gone"}, {LABEL_SERVER: "0" * 16}])
def test_a_container_without_an_owner_is_seen(lab: Lab, engine: FakeEngine, labels: dict[str, str]) -> None:
    engine.there = ({"Names": ["/datalab-lost"], "Created": 0, "Labels": labels},)
    assert "containers" in broken(lab)


def test_a_container_of_work_that_runs_has_its_owner(lab: Lab, engine: FakeEngine) -> None:
    save(lab, WorkState.RUNNING, timedelta())
    engine.there = ({"Names": ["/datalab-work"], "Created": 0, "Labels": {LABEL_WORK: "run-x"}},)
    assert broken(lab) == []


def save(lab: Lab, state: WorkState, ago: timedelta) -> None:
    work = Work("run-x", WorkKind.RUN, "run-x", "scientist", lab.now(), state, started=lab.now() - ago)
    with lab.store.begin() as records:
        records.save(work, event("work:run:start", "worker", "run-x"))


def test_work_that_should_have_ended_is_seen(lab: Lab) -> None:
    save(lab, WorkState.RUNNING, timedelta(days=1))
    assert broken(lab) == ["work"]


@pytest.mark.parametrize("name", ["servers/0123456789abcdef", "doctor-lost"])
def test_a_folder_that_a_kill_left_is_seen(lab: Lab, name: str) -> None:
    folder = lab.settings.state / name
    folder.mkdir(parents=True)
    assert broken(lab) == []
    os.utime(folder, (1, 1))
    assert broken(lab) == ["folders"]


@pytest.mark.parametrize(
    ("place", "seen"),
    [
        ("scratch", []),
        ("projects/wages", []),
        ("projects/gone", ["mounts"]),
        ("servers/0123456789abcdef/nb", ["mounts"]),
        ("elsewhere", ["mounts"]),
    ],
)
def test_a_mount_without_an_owner_is_seen(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, place: str, seen: list[str]
) -> None:
    monkeypatch.setattr(faults, "mounted_below", lambda folder: [folder / place])
    assert broken(lab) == seen


def test_a_process_that_is_down_is_seen(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "status", lambda _: [Status("hub", "running", 7), Status("worker", "fatal", None)])
    assert broken(lab) == ["processes"]
