"""JupyterHub's configuration file: reads lab.toml, builds the lab, sets the traits. Decisions are made elsewhere."""

import asyncio
import os
from functools import partial
from pathlib import Path

import docker

from hub.adapters.power.places import ENGINE_SOCKET, Door
from hub.adapters.power.servers import close_server, open_server, show_server
from hub.adapters.secrets import read_secret
from hub.services.people import knows_person
from hub.services.ready import arrive, is_ready, leave_workspace
from hub.services.workspaces import open_workspace, why_ends
from hub.settings import load_settings
from hub.wiring import lab_from
from spawner_config import hub_traits
from spawner_config.containers import Containers
from spawner_config.hub_traits.even_time import count_evenly
from spawner_config.ready_pool import ReadyPool
from spawner_config.workspace_maker import WorkspaceMaker

count_evenly()
path = Path(os.environ.get("DATALAB_CONFIG", Path(__file__).with_name("lab.toml"))).absolute()
settings = load_settings(path)
lab, door = lab_from(settings), Door(settings.state)
engine = f"unix://{door.address(ENGINE_SOCKET)}"
containers = Containers(partial(docker.APIClient, version="auto", base_url=engine))
pool = ReadyPool(
    lab,
    containers,
    WorkspaceMaker(settings, containers, partial(open_server, settings.state)),
    partial(close_server, settings.state),
)
parts = hub_traits.Parts(
    read_secret=read_secret,
    # Plain functions: traitlets copies what it is given deeply, and the lab with whatever is bound to it.
    knows_person=lambda name: knows_person(lab, name),
    log_in=lambda name: arrive(lab, name),
    open_workspace=lambda person, project: open_workspace(lab, person, project),
    why_ends=lambda person, project, active: why_ends(lab, person, project, active),
    close_workspace=lambda person, project, reason: leave_workspace(lab, person, project, reason),
    is_waiting=lambda person, project: is_ready(lab, person, project),
    turn=lambda person, project: pool.turn(person, project),
    open_server=lambda server: open_server(settings.state, server),
    show_server=lambda server: show_server(settings.state, server),
    close_server=lambda identifier: close_server(settings.state, identifier),
    engine=engine,
)
hub_traits.apply(get_config(), settings, parts)  # type: ignore[name-defined]  # noqa: F821  # traitlets provides it
# The hub is being started in this very loop; what waits is made beside what it does.
keeping = asyncio.get_running_loop().create_task(pool.keep())
