from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import Result

from doubles.api import Answer, FakeLab
from hub.adapters import processes
from hub.adapters.processes import Status
from hub.doctor.examine import Doctor
from hub.domain.examinations import Attempt, Examination, Promise, Verdict

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
    assert (tmp_path / "var/records/database.sqlite").is_file()
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
    about = {"title": "Steward", "organisation": "jobs-institute", "roles": ["steward"]}
    assert fake.calls[1].body == about | {"roles_end": None}
    assert datalab("admin", "add-person", "x", *words[:-1], "king").exit_code == 2


def examination(verdict: Verdict, promise: Promise = Promise.NETWORK) -> Examination:
    attempt = Attempt(promise, "devices", "run", "Look for devices.", "None of 3 ways worked.", verdict)
    note = Attempt(Promise.MACHINE, "swap", "host", "Look for swap space.", "There is none.", Verdict.NOTE)
    return Examination("", datetime(2026, 3, 2, tzinfo=UTC), 12, {"kernel": "6.1"}, (attempt, note))


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> Callable[[Examination], None]:
    """Let the doctor find what a test says."""

    def find(found: Examination) -> None:
        monkeypatch.setattr(Doctor, "examine", lambda self: found)

    return find


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.HOLDS, 0),
        (Verdict.BROKEN, 1),
        (Verdict.UNSEEN, 3),
        (Verdict.NOT_YET, 0),
    ],
)
def test_the_doctor_ends_with_one_when_a_promise_does_not_hold_and_three_when_it_could_not_look(
    datalab: Command, config: str, examined: Callable[[Examination], None], verdict: Verdict, code: int
) -> None:
    examined(examination(verdict))
    done = datalab("doctor", "--promise", "P1", "--json", "--config", config)
    assert done.exit_code == code, done.stderr
    body = json.loads(done.stdout)
    assert body["verdicts"]["P1"] == verdict
    assert body["attempts"][0]["seen"] == "None of 3 ways worked."
    assert body["entry"] == 0


def test_a_promise_that_was_not_tried_is_not_a_promise_kept(
    datalab: Command, config: str, examined: Callable[[Examination], None]
) -> None:
    examined(examination(Verdict.HOLDS))
    assert datalab("doctor", "--promise", "P1", "--promise", "P2", "--config", config).exit_code == 3


def test_the_doctor_speaks_the_terminals_language(
    datalab: Command, config: str, examined: Callable[[Examination], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    examined(examination(Verdict.BROKEN))
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    words = ("doctor", "--promise", "P1", "--promise", "machine", "--config", config)
    english = datalab(*words).stdout
    assert "does not hold" in english
    assert "There is none." in english
    assert "There is none." not in datalab(*words, "--no-notes").stdout
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert "Aucune des 3 voies n’a réussi." in datalab(*words).stdout
    assert "non tenue: P1" in datalab(*words, "--language", "fr").stdout
    assert "does not hold: P1" in datalab(*words, "--language", "en").stdout


def test_a_whole_examination_is_kept_and_a_part_of_one_is_not(
    datalab: Command, config: str, examined: Callable[[Examination], None]
) -> None:
    examined(examination(Verdict.BROKEN))
    nothing = datalab("doctor", "--config", config)
    assert nothing.exit_code == 1
    assert "not kept" in nothing.stderr
    datalab("admin", "init", "--config", config)
    assert json.loads(datalab("doctor", "--config", config, "--json", "-p", "P1").stdout)["entry"] == 0
    assert json.loads(datalab("doctor", "--config", config, "--json").stdout)["entry"] == 1


def test_without_settings_the_doctor_could_not_look(datalab: Command, tmp_path: Path) -> None:
    done = datalab("doctor", "--config", str(tmp_path / "lab.toml"), "--json")
    assert done.exit_code == 3
    assert "There is no" in done.stderr
    assert done.stdout == ""
