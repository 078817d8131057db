"""A lab of real processes (supervisord, proxy, JupyterHub, Canaille), with stand-ins for what other tests are about.

The hub's configuration is the real one but for three things: who is known stands in a file, servers are not started,
and the portal and the worker are a few lines each.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import sys
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import requests

from hub.adapters.processes import Program, lab_programs, start, stop
from hub.adapters.processes.records import is_alive, read_records
from hub.bench.machine import free_ports
from hub.settings import Settings, load_settings

HUB_CONFIG = """
from contextlib import nullcontext
from pathlib import Path
from hub.adapters.secrets import read_secret
from hub.settings import load_settings
from spawner_config import hub_traits

config = Path({config!r})
settings = load_settings(config)
c = get_config()
parts = hub_traits.Parts(
    read_secret=read_secret,
    knows_person=lambda name: name in Path({known!r}).read_text().split(),
    log_in=lambda name: name in Path({known!r}).read_text().split(),
    open_workspace=lambda *_: None,
    why_ends=lambda *_: None,
    close_workspace=lambda *_: None,
    is_waiting=lambda *_: False,
    turn=lambda *_: nullcontext(),
    open_server=lambda *_: None,
    show_server=lambda *_: None,
    close_server=lambda *_: None,
)
hub_traits.apply(c, settings, parts)
c.JupyterHub.spawner_class = "simple"
"""

STANDIN = """
import asyncio, os, sys
from pathlib import Path
from tornado import web
from hub.settings import load_settings
from hub.wiring import hub_environment

name = sys.argv[1]
if name == "portal":
    os.environ.update(hub_environment(load_settings(Path({config!r})), name))

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated

class Page(HubOAuthenticated, web.RequestHandler):
    @web.authenticated
    def get(self):
        self.write("portal of " + self.current_user["name"])

class Answer(web.RequestHandler):
    def get(self):
        self.set_status(404)

async def main(name, port):
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
    portal = [(prefix + "oauth_callback", HubOAuthCallbackHandler), (prefix, Page)]
    pages = portal if name == "portal" else [("/", Answer)]
    web.Application(pages, cookie_secret=os.urandom(32)).listen(port, "127.0.0.1")
    await asyncio.Event().wait()

if name == "worker":
    asyncio.run(asyncio.sleep(3600))
asyncio.run(main(name, int(sys.argv[2])))
"""


ELSEWHERE = """
[login]
authorize_url = "https://login.example.org/authorize"
token_url = "https://login.example.org/token"
userdata_url = "https://login.example.org/userinfo"
"""


class Images:
    """An engine that has every image."""

    def image_digest(self, image: str) -> str:
        return f"sha256:{image}"


@dataclass(frozen=True)
class Lab:
    """A lab in a folder of its own."""

    settings: Settings
    config: Path
    known: Path
    programs: list[Program]

    def start(self, **more: object) -> None:
        start(self.settings, self.config, Images(), programs=self.programs, **more)  # type: ignore[arg-type]

    def stop(self) -> None:
        stop(self.settings, remove_containers=lambda _: None)

    def pid(self, name: str) -> int:
        """The number of a running process; LookupError when it does not run."""
        return next((r.pid for r in read_records(self.settings) if r.name == name and is_alive(r)), 0) or _missing(name)

    def kill(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGKILL)


def _missing(name: str) -> int:
    raise LookupError(name)


def make_lab(folder: Path, *, demo: bool = True, login: str = "") -> Lab:
    """Write lab.toml, the hub's configuration and the stand-ins; nothing is started.

    Without ``demo`` the provider is one that nobody asks, which is quicker where no login is needed. ``login`` are more
    lines of that table.
    """
    names = ("public", "proxy_api", "portal", "gateway", "identity", "hub")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    config, known, standin, hub = (folder / name for name in ("lab.toml", "known", "standin.py", "hub_config.py"))
    config.write_text(
        f'name = "test{secrets.token_hex(4)}"\ntitle = "Test lab"\nstate = "State of the lab"\n'
        + ("[login]\ndemo = true\n" if demo else ELSEWHERE)
        + login
        + "[ports]\n"
        + "".join(f"{name} = {port}\n" for name, port in ports.items())
    )
    known.write_text("scientist steward forgetful")
    standin.write_text(STANDIN.format(config=str(config)))
    hub.write_text(HUB_CONFIG.format(config=str(config), known=str(known)))
    settings = load_settings(config)
    commands = {
        "hub": (sys.executable, "-m", "jupyterhub", "--config", str(hub)),
        "gateway": (sys.executable, str(standin), "gateway", str(ports["gateway"])),
        "portal": (sys.executable, str(standin), "portal", str(ports["portal"])),
        "worker": (sys.executable, str(standin), "worker"),
    }
    programs = [
        replace(program, command=commands.get(program.name, program.command), needs=(known, standin, hub))
        for program in lab_programs(settings, config)
    ]
    return Lab(settings, config, known, programs)


def log_in(
    lab: Lab, name: str, password: str, browser: requests.Session | None = None, following: str = ""
) -> tuple[requests.Session, requests.Response]:
    """Go to the hub as a browser does, and through the provider's pages back to it, or to what follows the login."""
    session = browser or requests.Session()
    session.trust_env = False
    asked = {"next": following} if following else {}
    page = session.get(f"{lab.settings.public_url}/hub/oauth_login", params=asked, timeout=20)
    page = _submit(session, page, {"login": name})
    return session, _submit(session, page, {"password": password})


def _submit(session: requests.Session, page: requests.Response, fields: dict[str, str]) -> requests.Response:
    """Fill in a form of the provider's, with the hidden fields that it came with."""
    inputs = re.findall(r"<input[^>]*>", page.text)
    hidden = {}
    for tag in inputs:
        words = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if words.get("type") == "hidden" and "name" in words:
            hidden[words["name"]] = unescape(words.get("value", ""))
    return session.post(page.url, data=hidden | fields, headers={"Referer": page.url}, timeout=20)
