"""The lab's own hub as jupyterhub_config.py makes it, and one more service: the one that measures."""

import os
from pathlib import Path

from hub.adapters.processes.programs import HUB_CONFIG
from hub.adapters.secrets import read_secret
from hub.bench.hub_client import SCOPES

config = Path(os.environ["DATALAB_CONFIG"])
load_subconfig(str(HUB_CONFIG))  # type: ignore[name-defined]  # noqa: F821  # traitlets provides it
c = get_config()  # type: ignore[name-defined]  # noqa: F821  # the same
c.JupyterHub.services = [
    *c.JupyterHub.services,
    {"name": "bench", "api_token": read_secret(config.with_name("bench-token"))},
]
c.JupyterHub.load_roles = [
    *c.JupyterHub.load_roles,
    {"name": "bench", "scopes": list(SCOPES), "services": ["bench"]},
]
