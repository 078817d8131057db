"""The whole story on a whole lab: pages, API, containers, gate and release are the real ones."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from hub.cli.client import Portal
from hub.cli.run import wait_for_run
from hub.demo.story import STORY
from lab_fixture import StoryLab, Told, left_at_last
from waiting import wait_for

VERDICTS = {
    "The lab runs": "answers",
    "Organisations and people": "known",
    "Projects and members": "made",
    "Owners register datasets": "snapshots",
    "Owners grant their use": "granted",
    "A scientist works in a workspace": "reads data",
    "A write to the data": "refused",
    "A way out of the workspace": "shut in",
    "The other project": "not seen",
    "A notebook is submitted": "inspected",
    "A steward approves it": "approved",
    "A run with a small group": "succeeded",
    "A run without": "succeeded",
    "Export of the table with a small cell": "blocked",
    "Export of the mended table": "passes",
    "Export of a file of rows": "blocked",
    "Export of a notebook with df.head()": "blocked",
    "The requester votes": "refused",
    "Two stewards vote": "approved",
    "The release": "released",
    "The receipt, offline": "valid",
    "The audit log": "unbroken",
}
LISTS = {
    "auditor": ("/projects", "/datasets", "/notebooks", "/runs", "/exports", "/releases"),
    "administrator": ("/people", "/organisations", "/projects/care", "/projects/mobility"),
}


def seen(told: Told) -> dict[str, str]:
    """The particulars of each step."""
    return {step["step"]: step["seen"] for step in told.json["steps"]}


def everything(lab: StoryLab) -> dict[str, Any]:
    """All that the lab's lists show, but how full a disk is just now."""
    found = {}
    for person, paths in LISTS.items():
        portal = Portal(lab.settings.public_url, lab.token(person))
        found |= {path: portal.get(path) for path in paths}
    for path in ("/projects/care", "/projects/mobility"):
        del found[path]["room"]
    return found


def audit_names(lab: StoryLab, after: int) -> list[str]:
    entries = Portal(lab.settings.public_url, lab.token("auditor")).get("/audit", after=after, limit=1000)
    return [entry["event"]["name"] for entry in entries]


def head(lab: StoryLab) -> int:
    return int(lab.datalab("audit", "verify", "--json", person="auditor").json["entries"])


def test_every_step_was_seen(story_lab: StoryLab) -> None:
    assert [step.title for step in STORY] == list(VERDICTS)
    assert {step["step"]: step["verdict"] for step in story_lab.first.json["steps"]} == VERDICTS


def test_what_was_seen_says_more_than_a_word(story_lab: StoryLab) -> None:
    said = seen(story_lab.first)
    assert "4360 rows of 545 people" in said["A scientist works in a workspace"]
    assert "Read-only file system" in said["A write to the data"]
    assert "minimum-frequency at wages.csv, rows 1, 2, 3, 4, 13" in said["Export of the table with a small cell"]
    assert "row-leak at explore.ipynb#cells[2]" in said["Export of a notebook with df.head()"]
    assert "progress seen" in said["A run with a small group"] + said["A run without"]


def test_passwords_are_shown_when_they_are_made(story_lab: StoryLab) -> None:
    assert len(story_lab.passwords) == 7
    assert all(len(password) >= 16 for password in story_lab.passwords.values())


def test_told_again_it_is_short_and_changes_nothing(story_lab: StoryLab) -> None:
    before, entries = everything(story_lab), head(story_lab)
    tokens = story_lab.settings.secret("demo-tokens.json").read_bytes()
    again = story_lab.tell_story()
    assert {step["step"]: step["verdict"] for step in again.json["steps"]} == VERDICTS
    assert again.json["new_passwords"] == {}
    assert again.seconds < story_lab.first.seconds / 2, (again.seconds, story_lab.first.seconds)
    assert everything(story_lab) == before
    assert story_lab.settings.secret("demo-tokens.json").read_bytes() == tokens
    # People logged in, what the scientist tried in vain was tried again, and the gateway saw it all; that is recorded.
    told = {name for name in audit_names(story_lab, entries) if not name.startswith("gateway:")}
    assert told <= {"lab:login:accept", "lab:workspace:refuse"}


def names_of_the_story(lab: StoryLab) -> set[str]:
    """Every name that stands in what the lab knows: people, organisations, projects, datasets, notebooks, files."""
    known = everything(lab)
    people = {p["name"] for p in known["/people"]} | {o["name"] for o in known["/organisations"]}
    things = {x["name"] for path in ("/projects", "/notebooks") for x in known[path]}
    datasets = {d["dataset"]["name"] for d in known["/datasets"]}
    made = {x["id"] for path in ("/notebooks", "/exports", "/releases") for x in known[path]}
    files = {f["path"] for request in known["/exports"] for f in request["files"]}
    return people | things | datasets | made | files | {r["run"]["id"] for r in known["/runs"]}


def test_no_name_of_the_story_stands_in_a_metric(story_lab: StoryLab) -> None:
    ports, names = story_lab.settings.ports, names_of_the_story(story_lab)
    assert {"scientist", "care", "jobs"} < names
    token = story_lab.settings.secret("metrics-token").read_text().strip()
    for port, path in ((ports.portal, "/services/portal/metrics"), (ports.hub, "/hub/metrics")):
        url = f"http://127.0.0.1:{port}{path}"
        assert requests.get(url, timeout=10, allow_redirects=False).status_code == 403
        answer = requests.get(url, headers={"Authorization": f"token {token}"}, timeout=10)
        assert answer.status_code == 200
        samples = [s for family in text_string_to_metric_families(answer.text) for s in family.samples]
        assert len(samples) > 50
        values = {value for sample in samples for value in sample.labels.values()}
        assert not {(v, n) for v in values for n in names if n in re.split(r"[^a-z0-9._-]+", v)}
    assert (
        'datalab_work{kind="run",state="succeeded"}'
        in requests.get(
            f"http://127.0.0.1:{ports.portal}/services/portal/metrics",
            headers={"Authorization": f"token {token}"},
            timeout=10,
        ).text
    )
    through_the_proxy = f"{story_lab.settings.public_url}/services/portal/metrics"
    assert requests.get(through_the_proxy, headers={"Authorization": f"token {token}"}, timeout=10).status_code == 404


def test_a_running_lab_is_well_and_says_when_its_worker_lived(story_lab: StoryLab) -> None:
    health = requests.get(f"{story_lab.settings.public_url}/services/portal/health", timeout=10)
    assert (health.status_code, health.json()) == (200, {"status": "ok", "failing": []})
    rows = {row["name"]: row for row in story_lab.datalab("admin", "status", "--json").json}
    assert rows["worker"]["state"] == "running"
    assert rows["worker"]["alive"] < 30


def test_the_log_tells_the_story(story_lab: StoryLab) -> None:
    names = set(audit_names(story_lab, 0))
    told = {
        "lab:dataset:register",
        "lab:dataset:grant",
        "lab:workspace:open",
        "lab:workspace:refuse",
        "lab:notebook:approve",
        "lab:run:start",
        "export:request:block",
        "export:request:vote",
        "export:release:make",
        "export:release:download",
    }
    assert told <= names


def test_what_left_is_verified_by_the_command_and_one_changed_byte_refused(story_lab: StoryLab, tmp_path: Path) -> None:
    released = story_lab.datalab("release", "list", "--json", person="researcher").json[0]["id"]
    folder = tmp_path / "left"
    assert story_lab.datalab("release", "download", released, "--to", str(folder), person="researcher").code == 0
    key = tmp_path / "lab.pub"
    assert story_lab.datalab("release", "key", "--to", str(key), person="auditor").code == 0
    assert key.read_text() == story_lab.settings.secret("lab.pub").read_text()
    verify = ("receipt", "verify", str(folder / "receipt.json"), "--key", str(key), "--files", str(folder))
    assert story_lab.datalab(*verify).code == 0
    table = folder / "wages.csv"
    table.write_bytes(table.read_bytes().replace(b"1", b"2", 1))
    refused = story_lab.datalab(*verify)
    assert refused.code == 1
    assert "its bytes differ" in refused.err


@pytest.mark.parametrize(
    ("person", "words", "sentence"),
    [
        ("scientist", ("project", "show", "mobility"), "There is no project mobility"),
        ("scientist", ("audit", "show"), "This needs the role"),
        ("administrator", ("run", "start", "care/wages"), "Only members of the project care"),
        ("scientist", ("run", "start", "care/nothing"), "There is no approved notebook care/nothing"),
        ("auditor", ("run", "start", "care/wages"), "Only members of the project care"),
        ("health-steward", ("dataset", "grant", "jobs", "mobility"), "Only a data steward of the organisation jobs"),
        ("researcher", ("run", "start", "care/wages", "minimum=0"), "The parameter minimum must be"),
        ("researcher", ("run", "start", "care/wages", "by=nr"), "The parameter by must be"),
        ("scientist", ("run", "show", "run-nothing"), "There is no run run-nothing"),
    ],
)
def test_a_command_does_no_more_than_its_person_may(
    story_lab: StoryLab, person: str, words: tuple[str, ...], sentence: str
) -> None:
    told = story_lab.datalab(*words, person=person)
    assert told.code == 1
    assert sentence in told.err
    assert told.err.count("\n") == 1


def test_a_wrong_token_is_a_sentence(story_lab: StoryLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_lab, "token", lambda person: "0" * 32)
    told = story_lab.datalab("run", "list", person="scientist")
    assert told.code == 1
    assert "does not accept the token" in told.err


def test_the_doctor_finds_every_promise_kept(story_lab: StoryLab) -> None:
    told = story_lab.datalab("doctor", "--json")
    assert told.out, told.err
    assert told.code == 0, [a for a in json.loads(told.out)["attempts"] if a["verdict"] not in ("holds", "note")]
    verdicts = told.json["verdicts"]
    assert {name for name, verdict in verdicts.items() if verdict == "holds"} == {*verdicts}
    assert told.json["seconds"] < 60
    assert {"workspace", "run", "reader", "checker", "flood", "host"} == {a["where"] for a in told.json["attempts"]}
    assert not [name for name in story_lab.left()["containers"] if "doctor" in name]
    shown = json.loads(
        story_lab.datalab("audit", "show", "--after", str(told.json["entry"] - 1), "--json", person="auditor").out
    )[0]
    assert shown["event"]["name"] == "lab:doctor:examine"
    assert dict(shown["event"]["details"])["digest"] == told.json["digest"]


def pids(lab: StoryLab) -> dict[str, int]:
    """The number of each process that runs."""
    rows = json.loads(lab.datalab("admin", "status", "--json").out or "[]")
    return {row["name"]: row["pid"] for row in rows if row["state"] == "running"}


def come_back(lab: StoryLab, before: dict[str, int], killed: str) -> None:
    """Wait until everything runs again, the killed one as another process, and the API answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = pids(lab)
        if set(now) == set(before) and now[killed] != before[killed]:
            lab.datalab("run", "list", person="researcher")
            return
        time.sleep(0.5)
    pytest.fail(f"{killed} did not come back: {pids(lab)}")


def test_a_run_outlives_the_worker_that_started_it(story_lab: StoryLab) -> None:
    before = pids(story_lab)
    started = story_lab.datalab("run", "start", "care/wages", "by=year", "--json", person="researcher").json
    os.kill(before["worker"], signal.SIGKILL)
    come_back(story_lab, before, "worker")
    portal = Portal(story_lab.settings.public_url, story_lab.token("researcher"))
    ended = wait_for_run(portal, started["run"]["id"], lambda *_: None)
    assert ended["work"]["state"] == "succeeded", ended["work"]
    # The end is recorded before the container is removed.
    wait_for(lambda: not [name for name in story_lab.left()["containers"] if "-work-" in name], 10)


@pytest.mark.parametrize("name", ["portal", "gateway", "proxy", "hub"])
def test_a_killed_process_comes_back_and_nothing_is_lost(story_lab: StoryLab, name: str) -> None:
    state, before = everything(story_lab), pids(story_lab)
    os.kill(before[name], signal.SIGKILL)
    come_back(story_lab, before, name)
    again = story_lab.tell_story()
    assert {step["step"]: step["verdict"] for step in again.json["steps"]} == VERDICTS
    assert everything(story_lab) == state


def test_stopped_it_leaves_nothing_and_started_again_it_has_lost_nothing(story_lab: StoryLab) -> None:
    before = everything(story_lab)
    running = story_lab.left()
    assert all(running[kind] for kind in ("processes", "containers", "mounts", "loops")), running
    stopped = story_lab.datalab("admin", "down")
    assert stopped.code == 0, stopped.err
    left = left_at_last(story_lab)
    assert not any(left.values()), left
    away = story_lab.datalab("run", "list", person="scientist")
    assert (away.code, "No lab answers" in away.err) == (1, True)
    assert story_lab.datalab("admin", "status").code == 1
    started = story_lab.datalab("admin", "up")
    assert started.code == 0, started.err
    assert story_lab.datalab("admin", "status").code == 0
    assert everything(story_lab) == before
    again = story_lab.tell_story()
    assert {step["step"]: step["verdict"] for step in again.json["steps"]} == VERDICTS
    assert everything(story_lab) == before


def test_a_lab_that_is_not_for_demonstration_is_left_alone(story_lab: StoryLab, tmp_path: Path) -> None:
    other = tmp_path / "lab.toml"
    addresses = {f"{word}_url": "https://login.example.org" for word in ("authorize", "token", "userdata")}
    other.write_text('state = "var"\n[login]\n' + "".join(f"{k} = {json.dumps(v)}\n" for k, v in addresses.items()))
    told = story_lab.datalab("demo", "--config", str(other))
    assert told.code == 1
    assert "not for demonstration" in told.err
    assert not (tmp_path / "var").exists()
