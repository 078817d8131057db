"""A lab of the measurements' own: the real programs, storage and records, in a temporary folder."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hub.accounts import Account
from hub.adapters.accounts.given import give_to
from hub.adapters.engine import DockerEngine
from hub.adapters.processes import Program, lab_programs, start, stop
from hub.adapters.processes.programs import HUB_CONFIG
from hub.adapters.secrets import Secret, make_once, make_secrets
from hub.bench.hub_client import LONGEST_START, PAUSE, HubClient
from hub.bench.machine import free_ports
from hub.domain.errors import LabError, UnavailableError
from hub.domain.people import Role
from hub.host_wiring import storage_from
from hub.sandbox.claim import AT_ONCE, CLAIM_SOCKET
from hub.services import people, projects, ready
from hub.services.lab import Lab
from hub.settings import Settings, load_settings
from hub.setup.engine import address
from hub.setup.engine_api import Engine
from hub.setup.image import workspace_of
from hub.setup.places import here
from hub.wiring import lab_from
from spawner_config.names import server_id
from spawner_config.server_folder import server_folder

PEOPLE_IN_A_PROJECT = 10
STOPS, STOP_PAUSE = 3, 5.0
IMPORTS = 3.0
"""So many seconds after ``AT_ONCE`` a workspace that waits has done all that it does in advance."""
TOKEN = "bench-token"  # noqa: S105  # the name of its file
LAB_TOML = """\
name = "{name}"
state = "state"
[login]  # nobody logs in by the provider: tokens are made by the service that measures
authorize_url = "https://login.invalid/authorize"
token_url = "https://login.invalid/token"
userdata_url = "https://login.invalid/userinfo"
[workspace]
{workspace}
[storage]
project = "64M"
scratch = "64M"
[images]
workspace = "{image}"
[ports]
{ports}
"""


@dataclass(frozen=True, slots=True)
class LabHub:
    """The lab's name, and its hub as a client sees it."""

    name: str
    client: HubClient
    lab: Lab

    def make_ready(self, *everybody: str) -> None:
        """Want people's workspaces, and wait until all of them have all done in advance."""
        self.make_wait(*everybody)
        time.sleep(AT_ONCE + IMPORTS)

    def make_wait(self, *everybody: str) -> None:
        """Want people's workspaces, as the projects' pages do, and wait until all of them wait for their claim."""
        deadline = time.monotonic() + LONGEST_START
        while missing := [name for name in everybody if not self._waits(name)]:
            for name in missing:
                ready.want_workspace(self.lab, name, project_of(name))
            if time.monotonic() > deadline:
                raise UnavailableError("No workspace is made ready; see the hub's log.", reason="bench-ready")
            time.sleep(PAUSE)

    def _waits(self, name: str) -> bool:
        folder = server_folder(self.lab.settings.state, server_id(name, project_of(name)))
        return (folder / "nb" / CLAIM_SOCKET).exists()


def own_image() -> str:
    """The image that this source makes, whatever another checkout has named the current one since."""
    return workspace_of(Engine(address()), here()).tag


def person(number: int) -> str:
    """The name of one of the people who work in the measurements."""
    return f"person{number}"


def project_of(name: str) -> str:
    """The project that such a person works in."""
    return f"project{int(name.removeprefix('person')) // PEOPLE_IN_A_PROJECT}"


@contextmanager
def running(folder: Path, people_count: int, tell: Callable[[str], None], workspace: str = "") -> Iterator[LabHub]:
    """A lab that runs, with so many people in projects, and lines about workspaces for its lab.toml.

    Nothing of it is left afterwards.
    """
    tell("the lab: people, projects, processes")
    folder.mkdir()
    config, token = folder / "lab.toml", secrets.token_hex(32)
    names = ("public", "proxy_api", "portal", "gateway", "identity", "hub")
    ports = "\n".join(f"{name} = {port}" for name, port in zip(names, free_ports(len(names)), strict=True))
    own = f"bench{secrets.token_hex(4)}"
    config.write_text(LAB_TOML.format(name=own, ports=ports, image=own_image(), workspace=workspace))
    make_once(folder / TOKEN, lambda: token)
    give_to(Account.HUB, folder / TOKEN)
    settings = load_settings(config)
    make_secrets(settings)
    make_once(settings.secret(Secret.CLIENT), lambda: secrets.token_hex(32))
    everybody = [person(n) for n in range(people_count)]
    try:
        lab = lab_from(settings)
        populate(lab, everybody)
        start(settings, config, DockerEngine(settings.name), programs=measured(lab_programs(settings, config), folder))
        client = HubClient(settings.public_url, token, project_of)
        client.add(everybody)
        yield LabHub(settings.name, client, lab)
    finally:
        tell("stopping the lab")
        stop_all(settings)


def stop_all(settings: Settings) -> None:
    """Stop the lab; a busy engine may need more than one try, and what is then left is said."""
    for left in reversed(range(STOPS)):
        try:
            stop(settings, clean=[storage_from(settings).unmount_all])
        except LabError:
            if not left:
                raise
            time.sleep(STOP_PAUSE)
        else:
            return


def measured(programs: Sequence[Program], folder: Path) -> list[Program]:
    """The lab's programs, the hub with the service that measures, whose token lies in the folder."""
    own = {str(HUB_CONFIG): str(Path(__file__).with_name("lab_config.py"))}
    return [
        replace(p, command=tuple(own.get(word, word) for word in p.command), needs=(*p.needs, folder / TOKEN))
        if p.account is Account.HUB
        else p
        for p in programs
    ]


def populate(lab: Lab, everybody: Sequence[str]) -> None:
    """Bring people into projects by the use cases that pages use, too."""
    people.make_first_administrator(lab, "administrator", "office", "Office")
    today = lab.now().date()
    for name in everybody:
        people.add_person(lab, "administrator", name, name.title(), "office", (Role.RESEARCHER,))
        project = project_of(name)
        lead = person(int(project.removeprefix("project")) * PEOPLE_IN_A_PROJECT)
        if name == lead:
            projects.create_project(
                lab, "administrator", project, title=project.title(), purpose="Measuring", lead=lead,
                starts=today, ends=today + timedelta(days=1),
            )  # fmt: skip
        else:
            projects.add_member(lab, lead, project, name)
