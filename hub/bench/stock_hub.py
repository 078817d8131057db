"""What a user would pick instead: JupyterHub, its proxy, and the unmodified DockerSpawner, with a stock image.

The engine may have no default network (set-up starts it without one), so the containers stand in a bridge network
made for the measurement, and the hub listens on this machine's address in it, as DockerSpawner's guide says.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import requests

from hub.adapters.processes.leftovers import remove_containers
from hub.adapters.processes.programs import find_proxy
from hub.bench.hub_client import HubClient
from hub.bench.machine import free_ports, no_containers_left
from hub.domain.errors import UnavailableError
from hub.setup.stock_image import CURRENT
from spawner_config.names import LABEL, LABEL_LAB

PATIENCE, PAUSE = 60.0, 0.1
CONFIG = Path(__file__).with_name("stock_config.py")


@dataclass(frozen=True, slots=True)
class StockHub:
    """The hub's name, and the hub as a client sees it."""

    name: str
    client: HubClient


def stop(hub: StockHub, *people: str) -> None:
    """Remove the servers' containers, which DockerSpawner would keep, and let the hub see that they are gone."""
    remove_containers(hub.name)
    hub.client.stop(*people)


@contextmanager
def running(folder: Path, everybody: Sequence[str], tell: Callable[[str], None]) -> Iterator[StockHub]:
    """A hub that runs and knows the people; no process, container or network of it is left afterwards."""
    tell("the stock hub")
    folder.mkdir()
    name, token = f"stock{secrets.token_hex(4)}", secrets.token_hex(32)
    public, proxy_api, hub = free_ports(3)
    with no_containers_left(name), _network(name) as gateway:
        given = {
            "name": name, "token": token, "public": public, "proxy_api": proxy_api, "hub": hub, "gateway": gateway,
            "image": CURRENT, "network": name, "labels": {LABEL: "bench", LABEL_LAB: name}, "proxy": find_proxy(),
        }  # fmt: skip
        with _process(folder, given):
            client = HubClient(f"http://127.0.0.1:{public}", token, lambda _: "")
            client.add(everybody)
            yield StockHub(name, client)
            tell("stopping the stock hub")


@contextmanager
def _network(name: str) -> Iterator[str]:
    """A bridge network that leads nowhere but to this machine; yields this machine's address in it."""
    engine = docker.APIClient(version="auto")
    try:
        if not engine.images(CURRENT, quiet=True):
            raise UnavailableError("There is no image {image}; run “make bench”.", reason="no-image", image=CURRENT)
        made = engine.create_network(name, driver="bridge", internal=True, labels={LABEL: "bench"})["Id"]
        try:
            yield str(engine.inspect_network(made)["IPAM"]["Config"][0]["Gateway"])
        finally:
            for container in engine.inspect_network(made)["Containers"]:
                engine.remove_container(container, force=True, v=True)
            engine.remove_network(made)
    finally:
        engine.close()


@contextmanager
def _process(folder: Path, given: dict[str, object]) -> Iterator[None]:
    """The hub, which starts its proxy itself; both end with this process, however it ends."""
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "jupyterhub", "--config", str(CONFIG)]
    environment = os.environ | {"DATALAB_BENCH": json.dumps(given)}
    log = folder / "hub.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_there(process, f"http://127.0.0.1:{given['public']}/hub/api/", log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_there(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise UnavailableError(
                "The stock hub does not come up:\n{log}",
                reason="stock-hub",
                log=log.read_text(errors="replace")[-2000:],
            )
        time.sleep(PAUSE)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=PAUSE * 20).ok
    except requests.RequestException:
        return False
