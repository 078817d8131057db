"""The doctor sees an engine gate that gives what is not the lab's own: the engine itself gives all of it."""

from __future__ import annotations

import uuid
from pathlib import Path

import docker
import pytest

from attacks.cells import IMAGE
from hub.adapters.processes.alone import privileged_process
from hub.doctor.engine_gate import BODIES, Asker, gate_tried
from hub.doctor.faults import what_is_there
from hub.domain.examinations import Verdict
from hub.settings import Login, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    return Settings(state=state, login=Login(demo=True), name=f"t{uuid.uuid4().hex[:10]}")


def image_digest() -> str:
    client = docker.APIClient()
    try:
        return str(client.inspect_image(IMAGE)["Id"])
    finally:
        client.close()


def test_a_lab_that_is_not_started_has_no_gate_to_try(settings: Settings) -> None:
    assert gate_tried(settings, image_digest()).verdict is Verdict.NOTE


def test_the_labs_own_gate_gives_nothing(settings: Settings, tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    config.write_text(f'name = "{settings.name}"\nstate = "{settings.state}"\n[login]\ndemo = true\n')
    with privileged_process(settings, config):
        found = gate_tried(settings, image_digest())
    assert (found.verdict, found.seen) == (Verdict.HOLDS, f"None of {5 + len(BODIES)} ways worked.")


def test_without_a_gate_everything_is_given_and_nothing_is_left(settings: Settings) -> None:
    client = docker.APIClient()
    said = Asker(client, settings.name, image_digest()).ask()
    client.remove_image("datalab/doctor:latest")
    client.close()
    assert said.done == said.tried
    assert what_is_there(settings) == set()
