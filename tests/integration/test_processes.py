"""The lab's processes: started, killed, found again, ended."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from hub.adapters.identity import prepare_identity
from hub.adapters.processes import Status, log_files, status
from hub.adapters.processes.records import folder_of, is_alive, read_records
from hub.adapters.secrets import Secret, make_once, make_secrets
from hub.domain.errors import ConflictError, UnavailableError
from integration.standin_lab import Lab, log_in, make_lab

PEOPLE = [("scientist", "Data scientist")]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = make_lab(tmp_path, demo=False)
    make_secrets(lab.settings)
    make_once(lab.settings.secret(Secret.CLIENT), lambda: "given by the provider")
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str]]:
    # The state folder's path is longer than a socket's address may be.
    lab = make_lab(tmp_path_factory.mktemp("a-folder-with-a-long-name-" + "x" * 90))
    password = prepare_identity(lab.settings, PEOPLE)["scientist"]
    lab.start()
    yield lab, password
    lab.stop()


def until(fact: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.1)


def states(lab: Lab) -> dict[str, str]:
    return {entry.name: entry.state for entry in status(lab.settings)}


def login_works(lab: Lab, password: str) -> bool:
    try:
        return log_in(lab, "scientist", password)[1].text == "portal of scientist"
    except requests.RequestException:
        return False


def test_everything_runs_after_a_start(shared: tuple[Lab, str]) -> None:
    lab, password = shared
    names = {"supervisord", "privileged", "identity", "proxy", "hub", "gateway", "portal", "worker"}
    until(lambda: set(states(lab).values()) == {"running"}, 5)
    assert set(states(lab)) == names
    assert names - {"supervisord"} <= set(log_files(lab.settings))
    assert login_works(lab, password)


def test_a_start_that_has_been_done_changes_nothing_and_is_quick(shared: tuple[Lab, str]) -> None:
    lab, _ = shared
    before, began = status(lab.settings), time.monotonic()
    lab.start()
    assert time.monotonic() - began < 2
    assert {entry.pid for entry in status(lab.settings)} == {entry.pid for entry in before}


@pytest.mark.parametrize("name", ["privileged", "proxy", "hub", "gateway", "identity", "portal", "worker"])
def test_a_killed_process_comes_back_and_login_works(shared: tuple[Lab, str], name: str) -> None:
    lab, password = shared
    killed = lab.pid(name)
    lab.kill(name)
    until(lambda: _pid(lab, name) not in (0, killed))
    until(lambda: login_works(lab, password))


def test_portal_and_worker_outlive_a_killed_hub(shared: tuple[Lab, str]) -> None:
    lab, password = shared
    services = [record for record in read_records(lab.settings) if record.name in ("portal", "worker")]
    killed = lab.pid("hub")
    lab.kill("hub")
    until(lambda: _pid(lab, "hub") not in (0, killed))
    until(lambda: login_works(lab, password))
    assert len(services) == 2
    assert all(is_alive(record) for record in services)


def test_a_killed_supervisord_leaves_nothing_and_the_next_start_works(lab: Lab) -> None:
    lab.start()
    running = read_records(lab.settings)
    lab.kill("supervisord")
    until(lambda: not any(is_alive(record) for record in running))
    lab.start()
    until(lambda: set(states(lab).values()) == {"running"}, 5)


def test_a_start_right_after_a_killed_supervisord_waits_for_what_it_left(lab: Lab) -> None:
    lab.start()
    lab.kill("supervisord")
    lab.start()
    until(lambda: set(states(lab).values()) == {"running"}, 5)


def test_a_killed_supervisord_is_no_obstacle_to_a_stop(lab: Lab) -> None:
    lab.start()
    running = read_records(lab.settings)
    lab.kill("supervisord")
    lab.stop()
    assert not [record.name for record in running if is_alive(record)]


def test_a_stopped_supervisord_is_no_obstacle_to_a_stop(lab: Lab) -> None:
    lab.start()
    running = read_records(lab.settings)
    os.kill(lab.pid("supervisord"), signal.SIGSTOP)
    lab.stop()
    assert not [record.name for record in running if is_alive(record)]


def test_nothing_is_left_after_a_stop(lab: Lab) -> None:
    lab.start()
    running = read_records(lab.settings)
    assert len(running) == 7
    lab.stop()
    assert not [record.name for record in running if is_alive(record)]
    assert not [path for path in lab.settings.state.rglob("*") if path.is_socket()]
    assert {path.name for path in folder_of(lab.settings).iterdir()} == {"lock", "supervisord.conf"}
    for port in lab.settings.ports.model_dump().values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert [entry for entry in status(lab.settings) if entry.state == "running"] == []
    lab.stop()


def test_a_port_in_use_is_said_with_its_key_and_nothing_is_started(lab: Lab) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", lab.settings.ports.gateway))
        other.listen()
        with pytest.raises(UnavailableError, match=f"Port {lab.settings.ports.gateway}.*“gateway”"):
            lab.start()
    assert status(lab.settings) == []


def test_a_process_that_does_not_come_up_is_named_with_its_log_and_all_are_ended(lab: Lab) -> None:
    broken = [
        replace(program, command=("/bin/sh", "-c", "echo broken; exit 1")) if program.name == "gateway" else program
        for program in lab.programs
    ]
    with pytest.raises(UnavailableError, match=r"gateway.* did not come up.*gateway\.log"):
        replace(lab, programs=broken).start(limit=8.0)
    assert "broken" in log_files(lab.settings)["gateway"].read_text()
    assert status(lab.settings) == []


def test_a_service_that_does_not_come_up_is_named_before_the_time_is_over(lab: Lab) -> None:
    lab.config.with_name("standin.py").write_text("raise SystemExit('broken portal')")
    with pytest.raises(UnavailableError, match=r"portal\.log"):
        lab.start()
    assert "broken portal" in log_files(lab.settings)["portal"].read_text()
    assert status(lab.settings) == []


def test_a_lab_that_runs_with_other_settings_is_left_alone(lab: Lab) -> None:
    lab.start()
    changed = replace(lab, settings=lab.settings.model_copy(update={"title": "Another title"}))
    with pytest.raises(ConflictError, match="make down"):
        changed.start()
    until(lambda: set(states(lab).values()) == {"running"}, 5)


def test_two_commands_do_not_start_and_stop_at_the_same_time(lab: Lab) -> None:
    seen: list[str] = []

    def meanwhile(_: str) -> None:
        if not seen:
            seen.append("once")
            with pytest.raises(ConflictError, match="wait for it"):
                lab.stop()

    lab.start(progress=meanwhile)
    assert seen


def test_a_stop_of_a_lab_that_never_was_does_nothing(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    lab.stop()
    assert not lab.settings.state.exists()


def _pid(lab: Lab, name: str) -> int:
    found: list[Status] = [entry for entry in status(lab.settings) if entry.name == name and entry.state == "running"]
    return (found[0].pid or 0) if found else 0
