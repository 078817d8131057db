from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import Answer, FakeLab
from hub.adapters import processes
from hub.adapters.processes import Status
from hub.cli import doctor_checks
from hub.cli.doctor_checks import Found, judged
from spawner_config.isolation import Purpose

Command = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "lab.toml"
    path.write_text('state = "var"\n[login]\ndemo = true\n')
    return str(path)


def test_init_makes_state_secrets_and_tables_once(datalab: Command, config: str, tmp_path: Path) -> None:
    done = datalab("admin", "init", "--config", config, "--json")
    assert done.exit_code == 0, done.stderr
    key = Path(json.loads(done.stdout)["public_key"]).read_text()
    assert (tmp_path / "var/database.sqlite").is_file()
    assert datalab("admin", "init", "--config", config).exit_code == 0
    assert Path(json.loads(done.stdout)["public_key"]).read_text() == key


def test_the_first_administrator_is_made_once(datalab: Command, config: str) -> None:
    words = ("admin", "add-administrator", "administrator", "--organisation", "lab", "--title", "The lab", "--json")
    made = [json.loads(datalab(*words, "--config", config).stdout)["made"] for _ in range(2)]
    assert made == [True, False]
    other = datalab("admin", "add-administrator", "second", *words[3:], "--config", config)
    assert other.exit_code == 1
    assert "has an administrator already" in other.stderr


def test_a_wrong_lab_toml_says_all_its_faults(datalab: Command, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('state = 1\ncolour = "red"\n')
    done = datalab("admin", "status", "--config", str(tmp_path / "lab.toml"))
    assert done.exit_code == 1
    assert {"state", "colour", "login"} <= {line.split(":")[0].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 1),
        ([Status("hub", "running", 7), Status("worker", "running", 8)], 0),
        ([Status("hub", "running", 7), Status("worker", "stopped", None)], 1),
        ([Status("hub", "fatal", None)], 1),
    ],
)
def test_status_ends_with_one_unless_everything_runs(
    datalab: Command, config: str, monkeypatch: pytest.MonkeyPatch, found: list[Status], code: int
) -> None:
    monkeypatch.setattr(processes, "status", lambda _: found)
    assert datalab("admin", "status", "--config", config).exit_code == code


def test_the_ends_of_the_logs_are_shown(datalab: Command, config: str, tmp_path: Path) -> None:
    logs = tmp_path / "var/logs"
    logs.mkdir(parents=True)
    for name in ("hub", "proxy"):
        (logs / f"{name}.log").write_text("".join(f"{name} {n}\n" for n in range(50)))
    assert datalab("admin", "logs", "hub", "-n", "2", "--config", config).stdout == "hub 48\nhub 49\n"
    assert "proxy 49" in datalab("admin", "logs", "--config", config).stdout
    missing = datalab("admin", "logs", "door", "--config", config)
    assert missing.exit_code == 1
    assert "hub, proxy" in missing.stderr


def test_people_and_organisations_are_one_call_each(fake: FakeLab, datalab: Command) -> None:
    person = {"name": "jobs-steward", "title": "Steward", "organisation": "jobs-institute", "roles": ["steward"]}
    fake.answers = {
        ("PUT", "/organisations/jobs-institute"): {"name": "jobs-institute", "title": "Jobs"},
        ("PUT", "/people/jobs-steward"): person,
        ("GET", "/people"): Answer([person]),
        ("GET", "/organisations"): Answer([{"name": "jobs-institute", "title": "Jobs"}]),
    }
    assert datalab("admin", "add-organisation", "jobs-institute", "--title", "Jobs").exit_code == 0
    words = ("--title", "Steward", "--organisation", "jobs-institute", "--role", "steward")
    assert datalab("admin", "add-person", "jobs-steward", *words).exit_code == 0
    assert "steward" in datalab("admin", "people").stdout
    assert "Jobs" in datalab("admin", "organisations").stdout
    assert fake.calls[1].body == {"title": "Steward", "organisation": "jobs-institute", "roles": ["steward"]}
    assert datalab("admin", "add-person", "x", *words[:-1], "king").exit_code == 2


GOOD: dict[str, Any] = {
    "interfaces": ["lo"],
    "uid": 199999,
    "gid": 199999,
    "groups": [199999],
    "writable": [],
    "capabilities": ["0" * 16] * 3,
    "no_new_privileges": "1",
    "seccomp": "2",
}


def test_a_container_that_keeps_the_promises_is_found_to() -> None:
    assert all(found.holds for found in judged(Purpose.RUN, GOOD))


@pytest.mark.parametrize(
    "weaker",
    [
        {"interfaces": ["eth0", "lo"]},
        {"interfaces": []},
        {"uid": 0},
        {"gid": 0},
        {"groups": [0, 199999]},
        {"writable": ["/etc"]},
        {"capabilities": ["0" * 16, "0" * 15 + "1", "0" * 16]},
        {"no_new_privileges": "0"},
        {"seccomp": "0"},
    ],
    ids=str,
)
def test_one_weakness_of_a_container_is_one_promise_that_does_not_hold(weaker: dict[str, Any]) -> None:
    assert [found.holds for found in judged(Purpose.RUN, GOOD | weaker)].count(False) == 1


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 1)])
def test_the_doctor_ends_with_one_when_a_promise_does_not_hold(
    datalab: Command, monkeypatch: pytest.MonkeyPatch, holds: bool, code: int
) -> None:
    def examine(_: Path) -> Iterator[Found]:
        yield Found("disk", True, "much")
        yield Found("run: network", holds, "interfaces: lo")

    monkeypatch.setattr(doctor_checks, "examine", examine)
    done = datalab("doctor", "--json")
    assert done.exit_code == code
    assert [row["verdict"] for row in json.loads(done.stdout)] == ["ok", "ok" if holds else "missing"]


def test_without_settings_the_doctor_says_that_and_no_more(datalab: Command, tmp_path: Path) -> None:
    done = datalab("doctor", "--config", str(tmp_path / "lab.toml"), "--json")
    assert done.exit_code == 1
    assert [row["what"] for row in json.loads(done.stdout)] == ["settings"]
