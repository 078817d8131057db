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
from hub.host_wiring import host_from, storage_from
from hub.privileged.engine import EngineGate
from hub.privileged.engine_door import SHUTDOWN_SECONDS, EngineDoor
from hub.privileged.metrics import METRICS_SOCKET, Measured
from hub.privileged.peers import askers
from hub.privileged.seen_processes import processes_seen
from hub.privileged.verb_door import VerbDoor
from hub.privileged.verbs import Verbs
from hub.settings import Settings, load_settings
from spawner_config.accepting import allow_many_descriptors
from spawner_config.server_folder import listening_socket

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
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
        engine_door = EngineDoor(gate.handle, askers(), measured=measured)
        runner = web.ServerRunner(web.Server(measured.handle, access_log=None), shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        with (
            listening_socket(folder, VERBS_SOCKET, 0o660) as of_verbs,
            listening_socket(folder, ENGINE_SOCKET, 0o660) as of_engine,
        ):
            doors = [asyncio.create_task(door.serve(of_verbs)), asyncio.create_task(engine_door.serve(of_engine))]
            await web.SockSite(runner, listening_socket(folder, METRICS_SOCKET, 0o600)).start()
            log.info("The privileged process listens in %s.", folder)
            await end.wait()
            for one in doors:
                one.cancel()
            await asyncio.wait(doors)
        await runner.cleanup()
    for name in (ENGINE_SOCKET, VERBS_SOCKET, METRICS_SOCKET):
        (folder / name).unlink(missing_ok=True)


def main() -> int:
    """Read the settings and serve; 1 when it cannot start, with the reason."""
    parser = argparse.ArgumentParser(prog="python -m hub.privileged", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("DATALAB_CONFIG", "lab.toml")))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    allow_many_descriptors()
    try:
        asyncio.run(serve(load_settings(parser.parse_args().config)))
    except (LabError, OSError) as error:
        sys.stderr.write(f"The privileged process cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
