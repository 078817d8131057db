"""``python -m hub.privileged --config lab.toml``: the process that holds root's and the engine's power."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from hub.adapters.power.places import ENGINE_SOCKET, VERBS_SOCKET, make_folder
from hub.domain.errors import InvalidError, LabError
from hub.privileged.engine import EngineGate
from hub.privileged.metrics import METRICS_SOCKET, Measured
from hub.privileged.peers import askers
from hub.privileged.seen_processes import processes_seen
from hub.privileged.verb_door import VerbDoor
from hub.privileged.verbs import Verbs
from hub.settings import Settings, load_settings
from hub.wiring import host_from, storage_from
from spawner_config.server_folder import listening_socket

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
SHUTDOWN_SECONDS = 1.0
log = logging.getLogger("datalab.privileged")


def engine_connector(address: str) -> aiohttp.BaseConnector:
    """Return the way to the engine that ``DOCKER_HOST`` names; a unix socket, or the loopback without TLS."""
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return aiohttp.UnixConnector(path=parts.path, limit=0)
    raise InvalidError(
        "DOCKER_HOST is {address}; the lab mounts folders of this machine, so its engine is reached by a unix socket.",
        reason="engine-address",
        address=address,
    )


async def serve(settings: Settings) -> None:
    """Serve until the process is asked to end."""
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    connector = engine_connector(os.environ.get("DOCKER_HOST") or DEFAULT_ENGINE)
    folder = make_folder(settings.state)
    measured = Measured(processes_seen)
    door = VerbDoor(Verbs(settings, storage_from(settings), host_from(settings)), askers(), measured=measured)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as engine:
        gate = EngineGate(settings, engine, askers(), measured)
        runners = [
            web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=SHUTDOWN_SECONDS)
            for handle in (gate.handle, measured.handle)
        ]
        for runner in runners:
            await runner.setup()
        with listening_socket(folder, VERBS_SOCKET, 0o660) as listener:
            verbs = asyncio.create_task(door.serve(listener))
            await web.SockSite(runners[0], listening_socket(folder, ENGINE_SOCKET, 0o660)).start()
            await web.SockSite(runners[1], listening_socket(folder, METRICS_SOCKET, 0o600)).start()
            log.info("The privileged process listens in %s.", folder)
            await end.wait()
            verbs.cancel()
        for runner in runners:
            await runner.cleanup()
    for name in (ENGINE_SOCKET, VERBS_SOCKET, METRICS_SOCKET):
        (folder / name).unlink(missing_ok=True)


def main() -> int:
    """Read the settings and serve; 1 when it cannot start, with the reason."""
    parser = argparse.ArgumentParser(prog="python -m hub.privileged", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("DATALAB_CONFIG", "lab.toml")))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(serve(load_settings(parser.parse_args().config)))
    except (LabError, OSError) as error:
        sys.stderr.write(f"The privileged process cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
