"""The portal's health and metrics, over HTTP: who may read what, and that a database that takes no more is seen."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from doubles.lab import make_lab
from doubles.people import approved_request, found_consortium, play, registered_dataset
from doubles.portal import served
from hub.domain.errors import UnavailableError
from hub.services.lab import Lab
from hub.services.workspaces import open_workspace

NAMES = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = make_lab(tmp_path)
    found_consortium(made)
    yield made
    made.store.engine.dispose()  # type: ignore[attr-defined]


def get(url: str, path: str, token: str = "", **headers: str) -> requests.Response:
    if token:
        headers["Authorization"] = f"token {token}"
    return requests.get(f"{url}/{path}", headers=headers, timeout=20, allow_redirects=False)


def test_health_is_said_without_a_login_and_says_nothing_else(lab: Lab) -> None:
    with served(lab) as url:
        silent = get(url, "health")
        assert (silent.status_code, silent.json()) == (503, {"status": "failing", "failing": ["worker"]})
        lab.store.beat("worker")
        assert get(url, "health").status_code == 503, "an answer is given again for two seconds"
    with served(lab) as url:
        well = get(url, "health")
        assert (well.status_code, well.json()) == (200, {"status": "ok", "failing": []})
        assert "Set-Cookie" not in well.headers


def test_many_who_ask_at_once_cost_one_write(lab: Lab) -> None:
    lab.store.beat("worker")
    with served(lab) as url:
        get(url, "health")
        first = lab.store.beats()["portal"]
        assert {get(url, "health").status_code for _ in range(20)} == {200}
        assert lab.store.beats()["portal"] == first


@contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "datalab-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as rest, suppress(OSError):
        while rest.write(b"\0" * 4096):
            pass


def write_on(lab: Lab) -> None:
    for _ in range(1000):
        lab.store.beat("worker")


def test_a_full_disk_under_the_database_is_seen_and_its_end_too(tmp_path: Path) -> None:
    with full_disk(tmp_path / "disk") as folder:
        lab = make_lab(folder)
        found_consortium(lab)
        lab.store.beat("worker")
        with served(lab) as url:
            assert get(url, "health").status_code == 200
        lab.store.engine.dispose()  # type: ignore[attr-defined]
        fill(folder / "rest")
        # The write-ahead log has pages to use again; when they are used up, what is written needs the disk.
        with pytest.raises(UnavailableError):
            write_on(lab)
        with served(lab) as url:
            assert get(url, "health").json()["failing"] == ["database"]
        (folder / "rest").unlink()
        with served(lab) as url:
            assert get(url, "health").json()["failing"] == []
        lab.store.engine.dispose()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 403),
        ("scientist-token", {}, 403),
        ("machine-token", {}, 403),
        ("metrics-token", {}, 200),
        ("metrics-token", {"X-Forwarded-For": "192.0.2.1"}, 404),
    ],
)
def test_metrics_are_for_who_may_read_metrics_on_the_labs_own_machine(
    lab: Lab, token: str, headers: dict[str, str], status: int
) -> None:
    with served(lab) as url:
        assert get(url, "metrics", token, **headers).status_code == status


def test_the_token_for_metrics_opens_nothing_else(lab: Lab) -> None:
    with served(lab) as url:
        assert get(url, "api/v1/projects", "metrics-token").status_code == 403


def test_metrics_tell_of_requests_work_space_and_signs_of_life(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    open_workspace(lab, "scientist", "wages")
    lab.store.beat("worker")
    with served(lab) as url:
        get(url, "api/v1/projects/wages", "scientist-token")
        get(url, "nowhere/scientist/wages", "scientist-token")
        text = get(url, "metrics", "metrics-token").text
    for line in (
        'datalab_requests_total{method="GET",route="/projects/{name}",status="200"} 1.0',
        'datalab_requests_total{method="GET",route="unknownpage",status="404"} 1.0',
        'datalab_work{kind="snapshot",state="succeeded"} 1.0',
        'datalab_work{kind="run",state="queued"} 0.0',
        "datalab_queue_oldest_seconds 0.0",
        'datalab_work_seconds_count{kind="snapshot"} 1.0',
        "datalab_workspaces_open 1.0",
        "datalab_space_alarms 0.0",
    ):
        assert line in text, text
    for start in ('datalab_free_bytes{place="vault"}', "datalab_audit_entries_total", "datalab_portal_process_"):
        assert f"\n{start}" in text
    assert 'datalab_heartbeat_timestamp_seconds{process="worker"}' in text


def label_values(text: str) -> set[str]:
    families = text_string_to_metric_families(text)
    return {value for family in families for sample in family.samples for value in sample.labels.values()}


def test_no_person_project_dataset_or_identifier_stands_in_a_metric(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    request = approved_request(lab)
    names = {"wages", "jobs", "scientist", "researcher", "outsider", "health-steward", "jobs-institute"}
    with served(lab) as url:
        for path in ("projects/wages", f"exports/{request.id}", f"runs/{request.source}", "datasets/jobs", "audit"):
            get(url, f"api/v1/{path}", "scientist-token")
            get(url, path, "scientist-token")
        text = get(url, "metrics", "metrics-token").text
    values = label_values(text)
    assert "/exports/{id}" in values
    assert not {v for v in values if names & set(NAMES.findall(v)) or request.id in v or request.source in v}
