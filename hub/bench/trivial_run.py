"""A trivial notebook: through the lab's queue, worker and container, and by papermill without a lab.

Papermill runs in a container of its own each time (``docker run … papermill``), and in one process that has imported it
already, where only the kernel is started anew.
"""

from __future__ import annotations

import io
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.adapters.processes.alone import privileged_process
from hub.adapters.secrets import make_secrets
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Goal, Of, Row
from hub.domain.errors import UnavailableError
from hub.domain.people import Role
from hub.domain.work import ENDED, Work, WorkKind, WorkState
from hub.host_wiring import storage_from
from hub.pace import Pace
from hub.services import datasets, notebooks, people, projects, runs
from hub.services.lab import Lab
from hub.services.work import LastRound, do_round
from hub.settings import load_settings
from hub.wiring import lab_from

NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "one", "metadata": {}, "source": "1 + 1", "outputs": [], "execution_count": None}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
SOON = Goal(Of.RATIO, 1.15)
REPEATS = """
import sys
import papermill
for line in sys.stdin:
    papermill.execute_notebook("/bench/notebook.ipynb", "/bench/executed.ipynb", progress_bar=False)
    print("done")
"""
TOML = 'name = "bench"\nstate = "state"\n[login]\ndemo = true\n[storage]\nproject = "64M"\nscratch = "64M"\n'


@dataclass(frozen=True, slots=True)
class TrivialRun:
    """An approved notebook in a lab of its own, and the same bytes in a folder."""

    lab: Lab
    notebook: str
    folder: Path

    def through_the_lab(self) -> None:
        """Queue a run and let the worker bring it to its end."""
        run, _ = runs.start_run(self.lab, "researcher", self.notebook, {})
        if work_off(self.lab, run.id).state is not WorkState.SUCCEEDED:
            raise UnavailableError("The run did not succeed, so there is nothing to measure.", reason="bench")

    def by_docker(self) -> None:
        """Run the notebook as somebody without a lab would."""
        image = self.lab.settings.images.workspace
        mount = f"{self.folder}:/bench:rw"
        command = ["papermill", "/bench/notebook.ipynb", "/bench/executed.ipynb", "--no-progress-bar"]
        subprocess.run(
            ["docker", "run", "--rm", "--network", "none", "--user", "0", "-v", mount, image, *command],
            check=True,
            capture_output=True,
        )


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """A run beside ``docker run … papermill`` of the same notebook, and beside papermill in process."""
    with ready(folder) as made:
        pair = Pair("a trivial run / docker run … papermill", made.through_the_lab, made.by_docker, SOON)
        yield measure(pair, rounds, tell)
        with in_process(made) as again:
            yield measure(Pair("a trivial run / papermill in process", made.through_the_lab, again), rounds, tell)


@contextmanager
def in_process(made: TrivialRun) -> Iterator[Callable[[], None]]:
    """Keep a process of the image that has imported papermill, and give what lets it run the notebook once."""
    image, mount = made.lab.settings.images.workspace, f"{made.folder}:/bench:rw"
    command = ["docker", "run", "--rm", "-i", "--network", "none", "--user", "0", "-v", mount, image]
    command += ["python", "-u", "-c", REPEATS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        asked, told = process.stdin, process.stdout
        if asked is None or told is None:
            raise UnavailableError("Papermill's process has no pipes.", reason="bench")

        def once() -> None:
            asked.write("run\n")
            asked.flush()
            if told.readline().strip() != "done":
                raise UnavailableError("Papermill did not run the notebook.", reason="bench")

        yield once
        asked.close()


def work_off(lab: Lab, identifier: str) -> Work:
    """Do the worker's rounds, with its pauses, until one piece of work has ended."""
    pace, last = Pace(), LastRound()
    while True:
        under_way = do_round(lab, last)
        with lab.store.read() as reading:
            work = reading.get(Work, identifier)
        if work is None or work.state in ENDED:
            if work is None:
                raise UnavailableError("The work is gone.", reason="bench")
            return work
        time.sleep(pace.pause(under_way))


@contextmanager
def ready(folder: Path) -> Iterator[TrivialRun]:
    """Found a lab with one approved notebook; its mounts are gone afterwards."""
    folder.mkdir()
    config = folder / "lab.toml"
    config.write_text(TOML, encoding="utf-8")
    settings = load_settings(config)
    make_secrets(settings)
    content = json.dumps(NOTEBOOK).encode()
    (folder / "notebook.ipynb").write_bytes(content)
    with privileged_process(settings, config):
        try:
            lab = lab_from(settings)
            yield TrivialRun(lab, _approved(lab, content), folder)
        finally:
            storage_from(settings).unmount_all()


def _approved(lab: Lab, content: bytes) -> str:
    """Found the project, and approve the notebook."""
    people.make_first_administrator(lab, "administrator", "office", "Office")
    for name, role in (("researcher", Role.RESEARCHER), ("steward", Role.STEWARD)):
        people.add_person(lab, "administrator", name, name, "office", (role,))
    today = lab.now().date()
    projects.create_project(
        lab, "administrator", "bench", title="Bench", purpose="Measuring", lead="researcher",
        starts=today, ends=today + timedelta(days=1),
    )  # fmt: skip
    return approved(lab, content, "trivial")


def approved(lab: Lab, content: bytes, name: str) -> str:
    """Walk a notebook through the real steps to its approval, and return its identifier."""
    upload = datasets.upload(lab, "researcher", "notebook.ipynb", io.BytesIO(content))
    sent = notebooks.submit_notebook(
        lab, "researcher", "bench", upload.id, name=name, purpose="Measuring a run that does nothing"
    )
    for kind in (WorkKind.INSPECT, WorkKind.VALIDATE):
        with lab.store.read() as reading:
            (work,) = [work for work in reading.find(Work, subject=sent.id) if work.kind is kind]
        work_off(lab, work.id)
    return notebooks.decide(lab, "steward", sent.id, approve=True, reason="", parameters=None).id
