from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.setup import packages
from hub.setup.packages import Need
from hub.setup.places import Places
from hub.setup.steps import SetupError

THERE = Need("one thing", ("one",), lambda: True)
ABSENT = Need("another thing", ("two", "three"), lambda: False)


def test_only_what_is_absent_is_missing() -> None:
    assert packages.missing([THERE, ABSENT]) == [ABSENT]


def test_someone_who_is_not_root_gets_the_command(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages, "_has", lambda *_: True)
    with pytest.raises(SetupError, match="lacks another thing, and only root") as refused:
        packages.install([THERE, ABSENT], places)
    assert refused.value.mend == "sudo apt-get install --yes --no-install-recommends two three"


def test_a_system_without_apt_is_one_sentence(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_has", lambda *_: False)
    with pytest.raises(SetupError, match="has no apt-get"):
        packages.install([ABSENT], places)


def test_what_is_missing_is_installed_in_one_transaction(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(packages, "run", lambda command, **_: commands.append(command))
    monkeypatch.setattr(packages, "_has", lambda *_: True)
    monkeypatch.setattr(packages.os, "geteuid", lambda: 0)
    packages.install([ABSENT, THERE, Need("a third", ("four",), lambda: False)], places)
    assert [command[1] for command in commands] == ["update", "install"]
    assert {"two", "three", "four"} <= set(commands[1])
    assert "one" not in commands[1]
    assert "--no-install-recommends" in commands[1]


def test_debian_makes_no_database_of_its_own(tmp_path: Path) -> None:
    settings = tmp_path / "etc" / "createcluster.conf"
    packages.forbid_first_cluster(settings)
    assert settings.read_text() == "create_main_cluster = false\n"


def test_an_administrators_choice_about_databases_stays(tmp_path: Path) -> None:
    settings = tmp_path / "createcluster.conf"
    settings.write_text("data_directory = '/srv'\n")
    packages.forbid_first_cluster(settings)
    assert settings.read_text() == "data_directory = '/srv'\n"


@pytest.mark.parametrize(
    ("enforced", "parser", "met"), [("Y\n", True, True), ("Y\n", False, False), ("N\n", False, True)]
)
def test_a_kernel_that_enforces_apparmor_needs_its_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enforced: str, parser: bool, met: bool
) -> None:
    switch = tmp_path / "enabled"
    switch.write_text(enforced)
    monkeypatch.setattr(packages, "APPARMOR", switch)
    monkeypatch.setattr(packages, "_has", lambda *_: parser)
    assert packages.APPARMOR_PARSER.is_there() is met


@pytest.mark.parametrize(
    ("root", "told", "there"),
    [
        (True, "runsc:\n  Installed: (none)\n  Candidate: 1\n", False),
        (True, "runsc:\n  Installed: (none)\n  Candidate: (none)\n", True),
        (True, "", True),
        (False, "runsc:\n  Installed: (none)\n  Candidate: 1\n", True),
    ],
)
def test_gvisor_is_installed_where_it_can_be_had_and_missed_by_nobody_else(
    monkeypatch: pytest.MonkeyPatch, root: bool, told: str, there: bool
) -> None:
    monkeypatch.setattr(packages.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(packages, "_has", lambda name: name == "apt-cache")
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=told))
    assert packages.GVISOR.is_there() is there
