"""A lab in a temporary folder: proxy, hub and gateway as processes of their own, on free ports of the loopback."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import docker
import requests

from hub.adapters.processes.programs import find_proxy
from hub.bench.machine import free_ports
from spawner_config.names import LABEL_LAB, hidden, server_id, workspace_container
from waiting import wait_for

ROOT = Path(__file__).parents[2]
PLACES = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
IMAGE = "datalab/workspace:current"
UID = 200_777

HUB_CONFIG = """
from pathlib import Path
from datasets_mount.catalogue import Tier
from datasets_mount.mounts import Mount
from hub.domain.errors import RefusedError
from hub.services.workspaces import WorkspacePlan
from hub.settings import load_settings
from spawner_config.spawner import LabSpawner

settings = load_settings(Path({toml!r}))

def open_workspace(person, project):
    if project == "elsewhere":
        raise RefusedError("Only members of the project {{name}} can do this; ask its lead.", reason="not-a-member",
                           name=project)
    folder = settings.state / "projects" / project
    mounts = [Mount(str(folder / "data"), "/data/rand")]
    for name, target in (("home", f"/home/{{person}}"), ("shared", "/project"), ("outputs", "/outputs")):
        mounts.append(Mount(str(folder / name), target, writable=True))
    tier = Tier((folder / "tier").read_text())
    image = (folder / "image").read_text()
    (folder / "log").open("a").write(f"open {{person}}\\n")
    return WorkspacePlan(person, project, image, {uid}, tier, tuple(mounts))

def close_workspace(person, project, reason):
    with (settings.state / "projects" / project / "log").open("a") as log:
        log.write(f"close {{person}}\\n")

c = get_config()
c.JupyterHub.spawner_class = LabSpawner
c.LabSpawner.settings = settings
c.LabSpawner.open_workspace = open_workspace
c.LabSpawner.close_workspace = close_workspace
c.LabSpawner.poll_interval = 2
c.LabSpawner.http_timeout = 60
c.JupyterHub.allow_named_servers = True
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_api}"
c.ConfigurableHTTPProxy.auth_token = {token!r}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.db_url = "sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{state}/cookie_secret"
c.ConfigurableHTTPProxy.extra_routes = {{"/user/": "http://127.0.0.1:{gateway}"}}
c.JupyterHub.services = [
    {{"name": "test", "api_token": {token!r}}},
    {{"name": "gateway", "api_token": {token!r} + "gateway", "url": "http://127.0.0.1:{gateway}",
      "oauth_no_confirm": True, "oauth_client_allowed_scopes": ["access:servers!user"]}},
]
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "access:services!service=gateway"]}},
    {{"name": "test", "scopes": ["admin:users", "admin:servers", "tokens"], "services": ["test"]}}
]
"""


@dataclass
class Lab:
    """Starts and ends only its own processes, and removes every container that carries its name."""

    state: Path
    name: str = field(default_factory=lambda: "t" + secrets.token_hex(4))
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    gateway_program: str = "spawner_config.gateway"
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.public, self.proxy_api, self.hub, self.gateway, portal, identity = free_ports(6)
        self.state.mkdir(parents=True)
        self.toml = self.state / "lab.toml"
        self.toml.write_text(
            f'name = "{self.name}"\nstate = "{self.state}"\n[login]\ndemo = true\n'
            f'[workspace]\nmemory = "768M"\ncpus = 2.0\n[ports]\npublic = {self.public}\nproxy_api = {self.proxy_api}\n'
            f"hub = {self.hub}\ngateway = {self.gateway}\nportal = {portal}\nidentity = {identity}\n"
        )
        self.config = self.state / "hub_config.py"
        self.config.write_text(
            HUB_CONFIG.format(
                toml=str(self.toml), uid=UID, public=self.public, hub=self.hub, proxy_api=self.proxy_api,
                token=self.token, password=self.password, state=self.state, gateway=self.gateway,
            )
        )  # fmt: skip
        for name, text in (("gateway-token", f"{self.token}gateway"), ("gateway-seal", "5e" * 32)):
            secret = self.state / "secrets" / name
            secret.parent.mkdir(mode=0o700, exist_ok=True)
            secret.touch(mode=0o600)
            secret.write_text(text)
        self.engine = docker.from_env()

    def project(self, name: str, tier: str = "sensitive", image: str = IMAGE) -> Path:
        """Make what the use case would have made of a project."""
        folder = self.state / "projects" / name
        for part in ("data", "home", "shared", "outputs"):
            (folder / part).mkdir(parents=True, exist_ok=True)
            os.chown(folder / part, UID, UID)
        (folder / "tier").write_text(tier)
        (folder / "image").write_text(image)
        return folder

    def start(self, *names: str) -> None:
        """Start some of the processes and wait until each answers."""
        commands = {
            "proxy": [
                proxy_command(), "--ip", "127.0.0.1", "--port", str(self.public), "--api-ip", "127.0.0.1",
                "--api-port", str(self.proxy_api), "--default-target", f"http://127.0.0.1:{self.hub}",
                "--error-target", f"http://127.0.0.1:{self.hub}/hub/error",
            ],
            "gateway": [sys.executable, "-m", self.gateway_program, "--config", str(self.toml)],
            "hub": [sys.executable, "-m", "jupyterhub", "-f", str(self.config)],
        }  # fmt: skip
        for name in names or commands:
            environment = os.environ | {"PYTHONPATH": PLACES, "CONFIGPROXY_AUTH_TOKEN": self.token}
            with (self.state / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    commands[name], cwd=self.state, env=environment, stdout=log, stderr=log, start_new_session=True
                )
        if "gateway" in names or not names:
            wait_for(lambda: (self.state / "run/gateway.sock").exists() and can_connect(self.gateway))
        if "hub" in names or not names:
            wait_for(lambda: self.api("GET", "/").status_code == 200, why=lambda: f"hub: {self.log('hub')}")

    def log(self, name: str) -> str:
        """The last of what a process said."""
        with suppress(FileNotFoundError):
            return (self.state / f"{name}.log").read_text(errors="replace")[-4000:]
        return ""

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End one of the lab's own processes."""
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(20)

    def api(self, method: str, path: str, **kwargs) -> requests.Response:
        """Ask the hub's API as the test's service; 599 where nothing listens."""
        try:
            return requests.request(
                method, f"http://127.0.0.1:{self.hub}/hub/api{path}", timeout=90,
                headers={"Authorization": f"token {self.token}"}, **kwargs,
            )  # fmt: skip
        except requests.ConnectionError:
            response = requests.Response()
            response.status_code = 599
            return response

    def spawn(self, person: str, project: str) -> requests.Response:
        """Start a workspace and wait until the hub says that it is ready or failed."""
        self.api("POST", f"/users/{person}")
        return self.api("POST", f"/users/{person}/servers/{project}")

    def server(self, person: str, project: str) -> dict | None:
        """What the hub says of a server."""
        servers = self.api("GET", f"/users/{person}?include_stopped_servers").json().get("servers", {})
        found = servers.get(project)
        return found if found and not found.get("stopped") else None

    def wait_ready(self, person: str, project: str) -> None:
        """Wait until a server is ready."""
        wait_for(lambda: (self.server(person, project) or {}).get("ready"), 60, lambda: f"{project}: {self.log('hub')}")

    def container(self, person: str, project: str):
        """A workspace's container, or None."""
        with suppress(docker.errors.NotFound):
            return self.engine.containers.get(workspace_container(self.name, person, project))

    def told(self, person: str, project: str) -> dict[str, str]:
        """What a workspace was told by its claim that nobody may know: its token, and its client's name at the hub."""
        key = bytes.fromhex((self.state / "cookie_secret").read_text().strip())
        identifier = server_id(person, project)
        return {
            "JUPYTERHUB_API_TOKEN": hidden(key, f"token of {self.container(person, project).id}"),
            "JUPYTERHUB_CLIENT_ID": f"jupyterhub-user-{hidden(key, identifier)}",
        }

    def containers(self) -> list:
        """Every container of this lab."""
        return self.engine.containers.list(all=True, filters={"label": f"{LABEL_LAB}={self.name}"})

    def close(self) -> None:
        """End all, and remove all that this lab made in the engine and on the host."""
        for name in list(self.processes):
            with suppress(ProcessLookupError):
                self.end(name)
        for container in self.containers():
            container.remove(force=True, v=True)
        for place in (self.state / "servers").glob("*/nb"):
            while os.path.ismount(place):
                subprocess.run(["umount", "--lazy", str(place)], check=True)
        self.engine.close()


def proxy_command() -> str:
    """Where configurable-http-proxy is."""
    found = find_proxy()
    if found is None:
        raise RuntimeError("There is no configurable-http-proxy; run “make setup”.")
    return found


def can_connect(port: int) -> bool:
    """Whether something listens."""
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0
