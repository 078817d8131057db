"""A small lab of a test's own: real records, real disks and real containers, and a worker that the test may kill."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from doubles.people import JOBS, found_consortium, send
from hub.adapters.processes.alone import privileged_process
from hub.adapters.processes.leftovers import remove_containers
from hub.adapters.secrets import make_secrets
from hub.domain.work import Work
from hub.host_wiring import storage_from
from hub.services import datasets
from hub.services.lab import Lab
from hub.settings import load_settings
from hub.wiring import lab_from

ROOT = Path(__file__).parents[2]
WORKER = """
from datetime import timedelta
from hub.adapters.clock import SystemClock
from hub.worker import main

real = SystemClock.now
SystemClock.now = lambda clock: real(clock) + timedelta(days={})
main()
"""
TABLE = b"nr,wage\n" + b"".join(f"{n},{n}.5\n".encode() for n in range(40))


@dataclass
class OwnLab:
    """The lab, and the workers that were started for it."""

    folder: Path
    lab: Lab
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    privileged: ExitStack = field(default_factory=ExitStack)
    power: subprocess.Popen[bytes] | None = None

    def lend_power(self, **environment: str) -> None:
        """Start the privileged process, in place of the one that runs."""
        self.privileged.close()
        log = self.folder / "privileged.log"
        running = privileged_process(self.lab.settings, self.folder / "lab.toml", environment, log)
        self.power = self.privileged.enter_context(running)

    @property
    def log(self) -> str:
        return (self.folder / "worker.log").read_text()

    def worker(self, days_ahead: float = 0, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker as a process of its own, by a clock that is so many days ahead of the machine's, or behind."""
        command = [sys.executable, "-c", WORKER.format(days_ahead), "--config", str(self.folder / "lab.toml")]
        with (self.folder / "worker.log").open("ab") as log:
            started = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)
        self.workers.append(started)
        return started

    def offered(self, count: int = 1) -> list[str]:
        """Offer files as snapshots; returns the identifiers of their works, which are queued."""
        files = [send(self.lab, "jobs-steward", f"persons{n}.csv", TABLE + f"{n},1.5\n".encode()) for n in range(count)]
        return [datasets.offer_snapshot(self.lab, "jobs-steward", "jobs", (file,)).id for file in files]

    def work(self, identifier: str) -> Work:
        return datasets.offer(self.lab, "jobs-steward", identifier)[1]


@contextmanager
def own_lab(folder: Path, more: str = "") -> Iterator[OwnLab]:
    """A lab with people, projects and a dataset, without hub, proxy and portal; nothing of it is left."""
    folder.mkdir(exist_ok=True)
    (folder / "lab.toml").write_text(
        f'name = "t{secrets.token_hex(4)}"\nstate = "state"\n[login]\ndemo = true\n'
        '[storage]\nproject = "16M"\nscratch = "32M"\n' + more
    )
    settings = load_settings(folder / "lab.toml")
    make_secrets(settings)
    lab = lab_from(settings)
    found_consortium(lab)
    datasets.register_dataset(lab, "jobs-steward", JOBS)
    made = OwnLab(folder, lab)
    made.lend_power()
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()
            worker.wait()
        remove_containers(lab.settings.name)
        made.privileged.close()
        storage_from(lab.settings).unmount_all()
        lab.store.engine.dispose()  # type: ignore[attr-defined]
        lab.engine.close()  # type: ignore[attr-defined]
