"""What runs on the lab's machine, each program with its command and with what shows that it is there."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from hub.accounts import Account
from hub.adapters.accounts.entering import REPOSITORY, entering
from hub.adapters.accounts.known import are_separate
from hub.adapters.identity import identity_command, identity_environment
from hub.adapters.power.places import ENGINE_SOCKET, privileged_folder
from hub.adapters.processes.records import record_file
from hub.adapters.secrets import Secret
from hub.settings import Settings

HUB_CONFIG = REPOSITORY / "jupyterhub_config.py"
SETUP_PROXY = REPOSITORY / ".cache" / "node" / "node_modules" / ".bin" / "configurable-http-proxy"

RECORD = 'cat /proc/sys/kernel/random/boot_id "/proc/$$/stat" > "$0" && exec "$@"'
"""The shell keeps its number and start time when it becomes the program, so its record stays true."""
FROM_FILE = 'CONFIGPROXY_AUTH_TOKEN="$(cat "$0")" && export CONFIGPROXY_AUTH_TOKEN && exec "$@"'
"""The token goes from its file into the environment, and so stands on no command line and in no configuration."""

PASSED_ON = ("HOME", "TMPDIR", "TZ", "SSL_CERT_FILE")
"""What the lab's processes see of the environment of whoever starts them; nothing else reaches them."""
ENGINE = "DOCKER_HOST"
"""Where the engine is; the privileged process alone is told."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process of the lab; ``health`` answers any HTTP request below 500 as soon as it is ready.

    ``listener`` is the unix socket on which it answers, where it has no port. One without ``health`` is ready as soon
    as it runs.
    """

    name: str
    command: tuple[str, ...] = ()
    health: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    listener: Path | None = None
    account: Account | None = None
    """Whose it is where root starts the lab; none for what needs root's power."""
    needs: tuple[Path, ...] = ()
    """What it reads beside the lab's code, settings and state folder."""
    token: Path | None = None
    """A secret that it is given in its environment, and cannot read itself."""


def wrapped(settings: Settings, name: str, command: list[str], death_signal: str) -> list[str]:
    """The command, so that it records itself, and is sent ``death_signal`` when its parent dies, by whatever cause."""
    record = str(record_file(settings, name))
    return ["setpriv", "--pdeathsig", death_signal, "--", "/bin/sh", "-c", RECORD, record, *command]


def as_started(settings: Settings, config: Path, program: Program) -> list[str]:
    """A program's command as whoever starts the lab has to give it: with its environment, token and account."""
    given = [f"{name}={value}" for name, value in program.environment.items()]
    command = ["/usr/bin/env", *given, *program.command] if given else list(program.command)
    if program.account is not None and are_separate():
        command = entering(settings, program.account, command, (config, *program.needs))
    return ["/bin/sh", "-c", FROM_FILE, str(program.token), *command] if program.token else command


def find_proxy() -> str | None:
    """The proxy that the set-up installed, or the one of the machine."""
    return str(SETUP_PROXY) if SETUP_PROXY.exists() else shutil.which("configurable-http-proxy")


def passed_on() -> dict[str, str]:
    """The part of the starter's environment that the lab's processes see."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def environment(config: Path) -> dict[str, str]:
    """The whole environment of the lab's processes."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    python = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}  # the code is nobody's to write
    return {"PATH": path, "LANG": "C.UTF-8", "DATALAB_CONFIG": str(config)} | python | passed_on()


def lab_programs(settings: Settings, config: Path) -> list[Program]:
    """The lab's programs in the order in which they are started: first the one that the others ask for power."""
    ports = settings.ports
    portal, worker, gateway = (
        [sys.executable, "-m", module, "--config", str(config)]
        for module in ("hub.web", "hub.worker", "spawner_config.gateway")
    )
    hub = [sys.executable, "-m", "jupyterhub", "--config", str(HUB_CONFIG)]
    programs = [
        privileged_program(settings, config),
        _proxy(settings),
        Program("hub", tuple(hub), f"http://127.0.0.1:{ports.hub}/hub/api/", account=Account.HUB),
        Program("gateway", tuple(gateway), f"http://127.0.0.1:{ports.gateway}/", account=Account.GATEWAY),
        Program(
            "portal",
            tuple(portal),
            f"http://127.0.0.1:{ports.portal}/services/portal/health",
            account=Account.PORTAL,
        ),
        Program("worker", tuple(worker), account=Account.WORKER),
    ]
    if settings.login.demo:
        programs.insert(1, _identity(settings))
    return programs


def _identity(settings: Settings) -> Program:
    """The demonstration's provider."""
    health = f"http://127.0.0.1:{settings.ports.identity}/.well-known/openid-configuration"
    command, known = tuple(identity_command()), identity_environment(settings)
    return Program("identity", command, health, known, account=Account.IDENTITY)


def privileged_program(settings: Settings, config: Path) -> Program:
    """The one program with root's and the engine's power; see hub.privileged."""
    command = (sys.executable, "-m", "hub.privileged", "--config", str(config))
    engine = {ENGINE: os.environ[ENGINE]} if ENGINE in os.environ else {}
    listener = privileged_folder(settings.state) / ENGINE_SOCKET
    return Program("privileged", command, "http://engine/_ping", engine, listener=listener)


def _proxy(settings: Settings) -> Program:
    """The proxy knows one thing of its own, the hub; all other routes are the hub's to write.

    Where people have subdomains, what comes under a host without a route is the gateway's.
    """
    ports, server = settings.ports, settings.server
    hub = f"http://127.0.0.1:{ports.hub}"
    default = f"http://127.0.0.1:{ports.gateway}" if server.subdomains else hub
    places = ["--ip", server.address, "--port", str(ports.public)]
    places += ["--api-ip", "127.0.0.1", "--api-port", str(ports.proxy_api)]
    targets = ["--default-target", f"{default}/", "--error-target", f"{hub}/hub/error", "--log-level", "warn"]
    safety = ["--ssl-cert", server.certificate, "--ssl-key", server.key] if server.certificate else []
    routing = ["--host-routing"] if server.subdomains else []
    proxy = find_proxy() or "configurable-http-proxy"
    return Program(
        "proxy",
        (proxy, *places, *targets, *routing, *safety),
        f"http://127.0.0.1:{ports.proxy_api}/api/routes",
        account=Account.PROXY,
        needs=tuple(Path(file) for file in (server.certificate, server.key) if file),
        token=settings.secret(Secret.PROXY),
    )
