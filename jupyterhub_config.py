"""JupyterHub's configuration file: reads lab.toml, builds the lab, sets the traits. Decisions are made elsewhere."""

import os
from pathlib import Path

from hub.adapters.power.places import ENGINE_SOCKET, Door
from hub.adapters.power.servers import close_server, open_server
from hub.adapters.secrets import read_secret
from hub.services.people import knows_person, log_in
from hub.services.workspaces import close_workspace, open_workspace, why_ends
from hub.settings import load_settings
from hub.wiring import lab_from
from spawner_config import hub_traits

path = Path(os.environ.get("DATALAB_CONFIG", Path(__file__).with_name("lab.toml"))).absolute()
settings = load_settings(path)
lab, door = lab_from(settings), Door(settings.state)
parts = hub_traits.Parts(
    read_secret=read_secret,
    # Plain functions: traitlets copies what it is given deeply, and the lab with whatever is bound to it.
    knows_person=lambda name: knows_person(lab, name),
    log_in=lambda name: log_in(lab, name),
    open_workspace=lambda person, project: open_workspace(lab, person, project),
    why_ends=lambda person, project, active: why_ends(lab, person, project, active),
    close_workspace=lambda person, project, reason: close_workspace(lab, person, project, reason),
    open_server=lambda server: open_server(settings.state, server),
    close_server=lambda identifier: close_server(settings.state, identifier),
    engine=f"unix://{door.address(ENGINE_SOCKET)}",
)
hub_traits.apply(get_config(), settings, parts)  # type: ignore[name-defined]  # noqa: F821  # traitlets provides it
