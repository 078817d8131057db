"""A JupyterHub with the unmodified DockerSpawner: defaults, but for where things are and how its traces are found."""

import json
import os

from hub.bench.hub_client import SCOPES

given = json.loads(os.environ["DATALAB_BENCH"])
c = get_config()  # type: ignore[name-defined]  # noqa: F821  # traitlets provides it

c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = given["image"]
c.DockerSpawner.network_name = given["network"]
c.DockerSpawner.prefix = given["name"]
c.DockerSpawner.extra_create_kwargs = {"labels": given["labels"]}
# On a busy machine ten servers at once need more than the 30 seconds that the hub would wait; this changes no time.
c.DockerSpawner.http_timeout = 180
c.DockerSpawner.start_timeout = 180

c.JupyterHub.bind_url = f"http://127.0.0.1:{given['public']}"
c.JupyterHub.hub_ip = given["gateway"]
c.JupyterHub.hub_port = given["hub"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{given['proxy_api']}"
c.ConfigurableHTTPProxy.command = [given["proxy"]]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{"name": "bench", "api_token": given["token"]}]
c.JupyterHub.load_roles = [{"name": "bench", "scopes": list(SCOPES), "services": ["bench"]}]
