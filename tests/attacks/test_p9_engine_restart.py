"""Promise 9: the engine of a whole lab ends, or is killed, and comes back; workspaces and runs go on meanwhile.

The engine is one of the test's own that keeps containers while it is away (``live-restore``), and so is the lab. The
weak twin is the same lab on the same engine without that: its containers end, and that is told truly.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from attacks.asking import Computing, steps_back
from attacks.living import Living, wait_for
from attacks.own_engine import OwnEngine, copy_image, own_engine
from attacks.seen import left_words, ownerless, tell_fault
from hub.demo.people import CARE, SCIENTIST
from hub.demo.story import STORY
from hub.demo.story_stage import Stage
from hub.settings import load_settings
from integration.sandbox_container import code_cell, notebook_of
from lab_fixture import StoryLab, make_story_lab, remove_images
from spawner_config.names import workspace_container

WHAT = "workspace and run, which went on; what was asked meanwhile"
AWAY = 8.0
"""Longer than the hub waits between two looks at its servers, and than the worker between two rounds that fail."""
KILLED = ("engine", "hub", "worker", "engine", "gateway", "privileged", "portal", "proxy")
PATIENT = """
import pathlib, time
pathlib.Path("/outputs/started.txt").write_text("started")
until = time.monotonic() + seconds
while not pathlib.Path("/outputs/.word").exists() and time.monotonic() < until:
    time.sleep(0.1)
"""


@dataclass
class Lab:
    """A whole lab, and the engine that it runs on."""

    lab: StoryLab
    engine: OwnEngine
    living: Living
    notebook: str = ""

    def states(self) -> dict[str, tuple[str, str]]:
        """Of each container of the lab: its identifier, and when it was started."""
        with closing(self.engine.client()) as client:
            found = [client.inspect_container(entry["Id"]) for entry in client.containers()]
        return {seen["Name"].lstrip("/"): (seen["Id"], seen["State"]["StartedAt"]) for seen in found}

    def folder(self, run: str) -> Path:
        return self.living.state / "projects" / CARE / "runs" / run

    def waiting(self) -> str:
        """A run that is under way until it is told to end."""
        run = self.living.start(self.notebook, seconds=170)
        wait_for(lambda: (self.folder(run) / "started.txt").exists(), 90, "the run does not start")
        return run


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = make_story_lab(tmp_path_factory.mktemp("engine") / "Lab of its own engine")
    with own_engine({"live-restore": True}, shown=made.folder) as engine:
        copy_image(made.settings.images.workspace, engine.address)
        made.environment["DOCKER_HOST"] = engine.address
        stage = Stage(load_settings(made.config), made.config)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DOCKER_HOST", engine.address)
                for step in STORY[:3]:
                    step.act(stage)
            living = Living(stage, engine.client())
            notebook = living.approved(
                notebook_of(code_cell("seconds = 0", "parameters"), PATIENT), project=CARE, datasets=(), name="patient"
            )
            yield Lab(made, engine, living, notebook)
            living.engine.close()
        finally:
            stopped = made.datalab("admin", "down")
            remove_images(made)
        assert stopped.code == 0, stopped.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_workspaces_and_runs_go_on_while_the_engine_is_away_and_what_is_asked_meanwhile_is_done_afterwards(
    lab: Lab, number: signal.Signals, record_property: Callable[[str, object], None]
) -> None:
    living = lab.living
    run, computing = lab.waiting(), Computing(living, CARE)
    with computing.going():
        wait_for(lambda: computing.answers, 90, "no kernel counts")
        before = lab.states()
        lab.engine.end(number)
        heard = len(computing.answers)
        asked = living.start(lab.notebook, seconds=170)
        time.sleep(AWAY)
        assert living.look(asked)["work"]["state"] in ("queued", "starting")
        assert len(computing.answers) > heard + 3
        lab.engine.start()
        began = time.monotonic()
        living.up_again()
        fault = f"engine ended ({number.name})"
        tell_fault(record_property, fault, WHAT, time.monotonic() - began, left_words(nobodys(lab)))
        assert {name: lab.states()[name] for name in before} == before
        for one in (run, asked):
            wait_for(lambda: (lab.folder(one) / "started.txt").exists(), 90, "the run does not start")  # noqa: B023
            (lab.folder(one) / ".word").touch()
            assert living.ended(one)["work"]["state"] == "succeeded"
    assert steps_back(computing.answers, killed=0) == []
    wait_for(lambda: not nobodys(lab), 60, "something is nobody's")
    assert living.audit_verifies() > 0


@pytest.mark.parametrize("seed", [1, 2], ids=lambda seed: f"seed {seed}")
def test_when_engine_and_processes_are_killed_in_random_order_nothing_goes_back(
    lab: Lab, seed: int, record_property: Callable[[str, object], None]
) -> None:
    living, chosen = lab.living, random.Random(seed)
    order = chosen.sample(KILLED, len(KILLED))
    run, computing = lab.waiting(), Computing(living, CARE)
    with computing.going():
        wait_for(lambda: computing.answers, 90, "no kernel counts")
        before = lab.states()
        for name in order:
            time.sleep(chosen.uniform(0.2, 2.5))
            if name == "engine":
                lab.engine.end(signal.SIGKILL)
                lab.engine.start()
            else:
                living.kill(name)
        back = living.up_again(90)
        heard, left = len(computing.answers), left_words(nobodys(lab))
        wait_for(lambda: len(computing.answers) > heard + 3, 60, "no kernel counts any more")
        assert {name: lab.states()[name] for name in before} == before
        (lab.folder(run) / ".word").touch()
        assert living.ended(run)["work"]["state"] == "succeeded"
    assert steps_back(computing.answers, killed=0) == []
    wait_for(lambda: not nobodys(lab), 60, "something is nobody's")
    tell_fault(record_property, ", ".join(order), WHAT, back, left)
    assert living.audit_verifies() > 0


def nobodys(lab: Lab) -> dict[str, list[str]]:
    with closing(lab.engine.client()) as client:
        return ownerless(lab.living, client)


def test_on_an_engine_that_keeps_nothing_they_end_which_is_told_truly_and_they_are_started_again(
    lab: Lab, record_property: Callable[[str, object], None]
) -> None:
    """The weak twin."""
    living = lab.living
    lab.engine.end(signal.SIGTERM)
    (lab.engine.folder / "engine.json").write_text(json.dumps({"live-restore": False, "shutdown-timeout": 5}))
    lab.engine.start()
    living.up_again()
    run, computing = lab.waiting(), Computing(living, CARE)
    with computing.going():
        wait_for(lambda: computing.answers, 90, "no kernel counts")
        kernel = computing.answers[-1].kernel
        lab.engine.end(signal.SIGTERM)
        lab.engine.start()
        began = time.monotonic()
        told = living.ended(run)["work"]
        assert (told["state"], told["reason"]) == ("failed", "The container was ended from outside or crashed.")
        wait_for(lambda: computing.answers[-1].kernel != kernel, 90, "no kernel counts again")
        seconds, left = time.monotonic() - began, left_words(nobodys(lab))
    assert steps_back(computing.answers, killed=0) == ["2 kernels, though 0 containers were killed"]
    assert workspace_container(living.settings.name, SCIENTIST, CARE) in lab.states()
    survives = "records, which say that workspace and run ended; the workspace opens again"
    tell_fault(record_property, "engine without live-restore ended (SIGTERM)", survives, seconds, left)
    assert living.audit_verifies() > 0
