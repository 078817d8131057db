"""The whole examination fails closed: what cannot be looked at and what breaks down is said, promise by promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.doctor import examine, machine
from hub.doctor.examine import EVERYTHING, Doctor
from hub.doctor.report import exit_code
from hub.domain.errors import UnavailableError
from hub.domain.examinations import Promise, Verdict
from hub.settings import Login, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state", login=Login(demo=True))


def no_engine() -> dict[str, object]:
    raise UnavailableError("The engine does not answer.", reason="engine-missing")


def test_without_an_engine_nothing_was_looked_at(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "engine_told", no_engine)
    found = Doctor(settings).examine()
    assert {found.verdict(p) for p in EVERYTHING} == {Verdict.UNSEEN}
    assert exit_code(found, EVERYTHING) == 3


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (OSError("broken"), Verdict.BROKEN),
        (ValueError("broken"), Verdict.BROKEN),
        (UnavailableError("The database is away.", reason="database"), Verdict.UNSEEN),
    ],
)
def test_a_step_that_breaks_down_keeps_no_promise_and_no_other_step_from_being_tried(
    settings: Settings, fault: Exception, verdict: Verdict
) -> None:
    def break_down() -> list[object]:
        raise fault

    found = list(Doctor(settings)._step(Promise.AUDIT, break_down))  # type: ignore[arg-type]
    assert [(a.promise, a.verdict) for a in found] == [(Promise.AUDIT, verdict)]


def test_a_fault_of_the_doctors_own_ends_it(settings: Settings) -> None:
    def break_down() -> list[object]:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        list(Doctor(settings)._step(Promise.AUDIT, break_down))  # type: ignore[arg-type]


def test_a_lab_without_records_is_not_made_by_looking(settings: Settings) -> None:
    with pytest.raises(UnavailableError) as refused:
        examine.lab_of(settings)
    assert refused.value.reason == "no-records"
    assert not settings.state.exists()


def test_no_scene_means_that_none_of_its_promises_was_looked_at(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_scene(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(examine, "scene", no_scene)
    found = {a.promise: a.verdict for a in Doctor(settings)._with_containers("sha256:0")}
    assert found == dict.fromkeys(EVERYTHING - examine.NOT_ON_THE_SCENE, Verdict.UNSEEN)
