from __future__ import annotations

import pytest

from hub.setup import base_image, engine, installer, main, packages
from hub.setup.engine_api import EngineError
from hub.setup.places import Places
from hub.setup.steps import SetupError


@pytest.fixture
def nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    monkeypatch.setattr(engine, "answers", lambda: False)
    monkeypatch.setattr(installer, "is_done", lambda _: False)


def run(monkeypatch: pytest.MonkeyPatch, places: Places, outcome: object) -> int:
    def command(_: Places) -> list[SetupError]:
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, list)
        return outcome

    monkeypatch.setattr(main, "here", lambda: places)
    monkeypatch.setitem(main.COMMANDS, "lab", ("", command))
    return main.main(["lab"])


def test_success_is_zero_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, places, []) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ([SetupError("It lacks a thing.", "get it")], "It lacks a thing.\nTo mend it: get it\n"),
        (
            EngineError("no such image"),
            "The Docker engine refused: no such image.\nTo mend it: make setup, which starts it; docker info\n",
        ),
        (
            OSError(28, "", "/var/x"),
            "Set-up cannot use /var/x: No space left on device.\nTo mend it: df -h . && ls -ld .\n",
        ),
        (KeyboardInterrupt(), "Set-up was interrupted.\nTo mend it: make setup, which goes on where it stopped\n"),
    ],
)
def test_a_fault_is_one_sentence_and_a_command(
    monkeypatch: pytest.MonkeyPatch, places: Places, capsys: pytest.CaptureFixture[str], outcome: object, said: str
) -> None:
    assert run(monkeypatch, places, outcome) == 1
    assert capsys.readouterr().err.strip() == said.strip()


def test_a_bare_machine_needs_everything(places: Places, nothing_there: None) -> None:
    wanted = main.needs(places, tests=False)
    assert {packages.ENGINE, packages.NODE, packages.VENV, packages.BOOTSTRAP, packages.DISKS} <= set(wanted)
    assert packages.BROWSER not in wanted


def test_tests_need_a_browser_and_a_database_too(places: Places, nothing_there: None) -> None:
    assert {packages.BROWSER, packages.POSTGRES} <= set(main.needs(places, tests=True))


def test_a_running_engine_needs_no_package(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "answers", lambda: True)
    assert packages.ENGINE not in main.needs(places, tests=False)


def test_a_named_base_image_needs_no_mmdebstrap(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_image, "named", lambda: "debian:12")
    monkeypatch.setattr(engine, "answers", lambda: True)
    assert packages.BOOTSTRAP not in main.needs(places, tests=False)


@pytest.mark.parametrize(("uid", "met"), [(0, True), (1000, False)])
def test_whoever_is_not_root_needs_the_tools_for_user_namespaces(
    places: Places, nothing_there: None, monkeypatch: pytest.MonkeyPatch, uid: int, met: bool
) -> None:
    monkeypatch.setattr(packages.os, "geteuid", lambda: uid)
    monkeypatch.setattr(packages, "_has", lambda *_: False)
    assert packages.USER_IDS in main.needs(places, tests=False)
    assert packages.USER_IDS.is_there() is met
