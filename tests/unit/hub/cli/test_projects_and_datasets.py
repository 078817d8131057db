from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import Answer, FakeLab

Command = Callable[..., Result]
CARE = {
    "name": "care",
    "title": "Care",
    "purpose": "Use of care",
    "lead": "scientist",
    "starts": "2026-01-01",
    "ends": "2026-12-31",
    "uid": 200000,
    "members": ["researcher"],
}
GRANT = {"id": "care:jobs", "project": "care", "dataset": "jobs", "granted_by": "jobs-steward", "created": "2026-01-01"}
JOBS = {"name": "jobs", "title": "Wages", "owner": "jobs-institute", "tier": "sensitive", "privacy_unit": "nr"}
ROOM = {"size": 2**31, "used": 2**29, "files": 262144, "files_used": 40, "growing": False}
SNAPSHOT = {"digest": "ab" * 32, "files": [{"path": "wage_panel.parquet", "rows": 4360}]}


def test_projects_are_listed_for_people_and_for_programs(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/projects")] = Answer([CARE])
    assert "care" in datalab("project", "list").stdout
    assert json.loads(datalab("project", "list", "--json").stdout) == [CARE]


def test_an_empty_list_says_so_on_standard_error(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/projects")] = Answer([])
    done = datalab("project", "list")
    assert (done.stdout, done.stderr) == ("", "You are in no project yet.\n")


def test_a_project_is_shown_with_its_datasets(fake: FakeLab, datalab: Command) -> None:
    url = "http://127.0.0.1:8000/hub/spawn/scientist/care"
    past = GRANT | {"dataset": "mobility"}
    found = {"project": CARE, "grants": [GRANT], "past_grants": [past]}
    found |= {"workspace_url": url, "workspace_ends": None, "room": ROOM}
    fake.answers[("GET", "/projects/care")] = found
    shown = datalab("project", "show", "care").stdout
    assert [line.split() for line in shown.splitlines() if "datasets" in line] == [
        ["datasets", "jobs"],
        ["past", "datasets", "mobility"],
    ]
    assert url in shown
    assert "0.50 of 2.00 GB" in shown
    assert "started next" not in shown


def test_a_project_is_given_more_room(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("PUT", "/projects/care/room")] = ROOM | {"size": 2**32, "growing": True}
    done = datalab("project", "grow", "care", "4G")
    assert fake.calls[0].body == {"size": 2**32}
    assert "0.50 of 4.00 GB" in done.stdout
    assert "started next" in done.stdout
    assert json.loads(datalab("project", "grow", "care", "4G", "--json").stdout)["size"] == 2**32
    refused = datalab("project", "grow", "care", "much")
    assert (refused.exit_code, len(fake.calls)) == (1, 2)
    assert "typed as 512M" in refused.stderr


def test_a_project_is_made_with_dates(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("POST", "/projects")] = CARE
    words = ("--title", "Care", "--purpose", "Use of care", "--lead", "scientist")
    done = datalab("project", "create", "care", *words, "--starts", "2026-01-01", "--ends", "2026-12-31")
    assert done.exit_code == 0, done.stderr
    assert fake.calls[0].body["starts"] == "2026-01-01"
    assert datalab("project", "create", "care", *words, "--starts", "tomorrow", "--ends", "2026-12-31").exit_code == 2


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (("project", "add-member", "care", "researcher"), ("PUT", "/projects/care/members/researcher")),
        (("project", "remove-member", "care", "researcher"), ("DELETE", "/projects/care/members/researcher")),
        (("project", "grant", "care", "jobs"), ("PUT", "/projects/care/datasets/jobs")),
        (("dataset", "grant", "jobs", "care"), ("PUT", "/projects/care/datasets/jobs")),
        (("dataset", "withdraw", "jobs", "care", "-r", "It is over"), ("DELETE", "/projects/care/datasets/jobs")),
    ],
)
def test_members_and_grants_are_one_call_each(
    fake: FakeLab, datalab: Command, words: tuple[str, ...], call: tuple[str, str]
) -> None:
    fake.answers[call] = CARE
    assert datalab(*words).exit_code == 0
    assert [(c.method, c.path) for c in fake.calls] == [call]


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("project", "add-member", "care", "jobs", "--until", "2026-06-30"), {"until": "2026-06-30"}),
        (("project", "grant", "care", "jobs", "--until", "2026-06-30"), {"ends": "2026-06-30"}),
        (("dataset", "grant", "jobs", "care", "--until", "2026-06-30"), {"ends": "2026-06-30"}),
        (("dataset", "grant", "jobs", "care"), {"ends": None}),
        (("dataset", "withdraw", "jobs", "care", "--reason", "It is over"), {"reason": "It is over"}),
    ],
)
def test_a_last_day_and_a_reason_are_sent_as_typed(
    fake: FakeLab, datalab: Command, words: tuple[str, ...], body: dict[str, object]
) -> None:
    place = "members" if "add-member" in words else "datasets"
    fake.answers |= {(method, f"/projects/care/{place}/jobs"): CARE for method in ("PUT", "DELETE")}
    assert datalab(*words).exit_code == 0
    assert fake.calls[0].body == body
    assert datalab("dataset", "withdraw", "jobs", "care").exit_code == 2  # without a reason


def test_what_others_wrote_cannot_act_on_the_terminal(fake: FakeLab, datalab: Command) -> None:
    evil = CARE | {"title": "\x1b]0;owned\x07[bold]Care[/bold]\x9b31m\nnext"}
    fake.answers[("GET", "/projects")] = Answer([evil])
    shown = datalab("project", "list").stdout
    assert "[bold]Care[/bold]" in shown
    for sign in "\x1b\x07\x9b":
        assert sign not in shown
        assert sign not in datalab("project", "list", "--json").stdout


def offer(state: str, reason: str = "") -> dict[str, Any]:
    made = {"id": "offer-a", "dataset": "jobs", "snapshot": "ab" * 32 if state == "succeeded" else ""}
    return {"offer": made, "work": {"state": state, "reason": reason}}


@pytest.fixture
def panel(tmp_path: Path) -> str:
    (tmp_path / "panel.csv").write_text("nr,lwage\n1,2\n")
    return str(tmp_path / "panel.csv")


REGISTER = ("--title", "Wages", "--owner", "jobs-institute", "--tier", "sensitive", "--profile", "uk-sacro")


def test_a_dataset_is_described_sent_and_waited_for(fake: FakeLab, datalab: Command, panel: str) -> None:
    fake.answers = {
        ("PUT", "/datasets/jobs"): JOBS,
        ("POST", "/uploads"): {"id": "upload-a"},
        ("POST", "/datasets/jobs/offers"): {"id": "offer-a"},
        ("GET", "/offers/offer-a"): [Answer(offer("queued")), Answer(offer("running")), Answer(offer("succeeded"))],
    }
    groups = ("--group", "household", "--zero", "sex = male; maternity = yes")
    done = datalab("dataset", "register", "jobs", panel, *REGISTER, "--unit", "nr", "--identifier", "nr", *groups)
    assert done.exit_code == 0, done.stderr
    assert "ab" * 32 in done.stdout
    described, sent, offered = (c.body for c in fake.calls[:3])
    assert (described["privacy_unit"], described["direct_identifiers"]) == ("nr", ["nr"])
    assert (described["group_columns"], described["structural_zeros"]) == (
        ["household"],
        [{"sex": "male", "maternity": "yes"}],
    )
    assert sent == b"nr,lwage\n1,2\n"
    assert offered == {"uploads": ["upload-a"]}


@pytest.mark.parametrize("typed", ["sex", "=male", "sex=male;", "sex=male;maternity"])
def test_a_structural_zero_of_another_form_is_refused(fake: FakeLab, datalab: Command, panel: str, typed: str) -> None:
    done = datalab("dataset", "register", "jobs", panel, *REGISTER, "--zero", typed)
    assert (done.exit_code, "column=value" in done.stderr, fake.calls) == (1, True, [])


def test_a_snapshot_that_was_not_made_says_why(fake: FakeLab, datalab: Command, panel: str) -> None:
    fake.answers = {
        ("POST", "/uploads"): {"id": "upload-a"},
        ("POST", "/datasets/jobs/offers"): {"id": "offer-a"},
        ("GET", "/offers/offer-a"): offer("failed", "A file is broken."),
    }
    done = datalab("dataset", "snapshot", "jobs", panel)
    assert (done.exit_code, done.stderr) == (1, "datalab: There is no snapshot: A file is broken.\n")


def test_a_file_that_is_not_there_is_a_wrongly_typed_command(datalab: Command) -> None:
    assert datalab("dataset", "snapshot", "jobs", "/nowhere.csv").exit_code == 2


def test_a_dataset_is_listed_with_its_newest_snapshot(fake: FakeLab, datalab: Command) -> None:
    older = {"digest": "cd" * 32, "files": []}
    fake.answers[("GET", "/datasets")] = Answer([{"dataset": JOBS, "snapshots": [older, SNAPSHOT]}])
    shown = datalab("dataset", "list").stdout
    assert "abab" in shown
    assert "4360" in shown
    assert "cdcd" not in shown


def test_canaries_are_declared_by_a_file_and_counted_without_one(
    fake: FakeLab, datalab: Command, tmp_path: Path
) -> None:
    address = "/datasets/jobs/canaries"
    fake.answers = {
        (method, address): {"dataset": "jobs", "canaries": 1, "canary_rows": 0} for method in ("GET", "PUT")
    }
    file = tmp_path / "planted.toml"
    file.write_text('canaries = ["Zephyrine"]\n')
    done = datalab("dataset", "canary", "jobs", str(file))
    assert (done.exit_code, fake.calls[-1].body) == (0, {"canaries": ["Zephyrine"]})
    assert "Zephyrine" not in done.stdout
    assert datalab("dataset", "canary", "jobs").exit_code == 0
    assert fake.calls[-1].method == "GET"


@pytest.mark.parametrize("text", ["canaries = [", 'canaries = ["Zephyrine"]\nname = "jobs"\n', "\udcff"])
def test_a_file_of_canaries_of_another_form_is_refused(
    fake: FakeLab, datalab: Command, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "planted.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    done = datalab("dataset", "canary", "jobs", str(file))
    assert (done.exit_code, fake.calls) == (1, [])
    assert "Zephyrine" not in done.stderr


def test_a_dataset_that_cannot_be_seen_is_not_there(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/datasets")] = Answer([])
    done = datalab("dataset", "show", "jobs")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "jobs" in done.stderr


USE = {
    "kind": "run", "at": "2026-03-01T12:00:00+00:00", "ended": None, "person": "anna", "project": "care",
    "subject": "run-aaaaaaaaaaaa", "state": "running", "snapshot": "d" * 64, "policy": "", "entry": 0,
}  # fmt: skip


def test_uses_are_shown_and_their_evidence_is_written_once(fake: FakeLab, datalab: Command, tmp_path: Path) -> None:
    fake.answers["GET", "/datasets/jobs/uses"] = {"dataset": {}, "uses": [USE], "due": []}
    fake.answers["GET", "/datasets/jobs/uses/csv"] = Answer(b"kind\r\nrun\r\n")
    shown = datalab("dataset", "uses", "jobs").stdout
    assert "anna" in shown
    assert "d" * 12 in shown
    assert "d" * 13 not in shown
    file = tmp_path / "uses.csv"
    assert datalab("dataset", "uses", "jobs", "--csv", str(file)).exit_code == 0
    assert file.read_bytes() == b"kind\r\nrun\r\n"
    fake.answers["GET", "/datasets/jobs/uses/csv"] = Answer(b"other")
    assert datalab("dataset", "uses", "jobs", "--csv", str(file)).exit_code == 1
    assert file.read_bytes() == b"kind\r\nrun\r\n"
