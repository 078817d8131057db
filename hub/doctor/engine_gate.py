"""The lab's running engine gate, asked as a taken-over hub would: for what is not the lab's own."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException
from docker.utils import kwargs_from_env

from hub.adapters.power.places import ENGINE_SOCKET, Door
from hub.doctor.program import Said, in_vain, shown
from hub.doctor.throwaway import ThrowAway
from hub.domain.errors import UnavailableError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.settings import Settings

TRIED = "Ask the lab's engine gate, as a taken-over hub would, for containers and calls that are not the lab's own."
ROOT_OF_THE_MACHINE = [{"Type": "bind", "Source": "/", "Target": "/mnt", "ReadOnly": False}]
BODIES: dict[str, dict[str, Any]] = {
    "a plain container": {},
    "a privileged container": {"Privileged": True},
    "the machine's root folder": {"Mounts": ROOT_OF_THE_MACHINE},
    "the machine's network": {"NetworkMode": "host"},
    "all capabilities": {"CapAdd": ["ALL"]},
    "no filter of system calls": {"SecurityOpt": ["seccomp=unconfined"]},
    "the machine's processes": {"PidMode": "host"},
}


def gate_tried(settings: Settings, image: str) -> Attempt:
    """Ask the running gate; a lab that is not started has none."""
    try:
        door = Door(settings.state)
    except UnavailableError:
        return _attempt("The lab is not started.", Verdict.NOTE)
    try:
        client = docker.APIClient(base_url=f"unix://{door.address(ENGINE_SOCKET)}", version="auto", timeout=20)
    except (DockerException, requests.RequestException):
        return _attempt("The lab's engine gate does not answer now; perhaps the lab is not started.", Verdict.NOTE)
    with closing(client), closing(door):
        said = Asker(client, settings.name, image).ask()
    return _attempt(shown(said), Verdict.HOLDS if in_vain(said) else Verdict.BROKEN)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks whoever stands before an engine; what is made all the same is removed by the engine itself."""

    client: docker.APIClient
    lab: str
    image: str

    def ask(self) -> Said:
        """Return what was asked for, and what of it was given."""
        calls: dict[str, Callable[[], object]] = {
            "what the engine says of the machine": self.client.info,
            "the list of images": self.client.images,
            "the list of networks": self.client.networks,
            "the list of volumes": self.client.volumes,
            "an image of one's own": lambda: self.client.tag(self.image, "datalab/doctor"),
        }
        calls |= {name: self._order(options) for name, options in BODIES.items()}
        done = [name for name, call in calls.items() if self._given(call)]
        return Said(tried=list(calls), done=done)

    def _order(self, options: dict[str, Any]) -> Callable[[], object]:
        """Order a container; the engine itself removes it, should it have been made."""
        name = f"{self.lab}-doctor-{secrets.token_hex(6)}"
        labels = ThrowAway(self.lab).labels()
        body = {"Image": self.image, "Cmd": ["true"], "User": "0:0", "Labels": labels, "HostConfig": options}

        def order() -> None:
            self.client.create_container_from_config(body, name)
            engine = docker.APIClient(version="auto", timeout=20, **kwargs_from_env())
            with suppress(APIError):
                engine.remove_container(name, force=True, v=True)
            engine.close()

        return order

    @staticmethod
    def _given(call: Callable[[], object]) -> bool:
        """Only an answer that says no is a refusal; an asker that was cut off was refused, too."""
        try:
            call()
        except (APIError, requests.ConnectionError):
            return False
        return True


def _attempt(seen: str, verdict: Verdict) -> Attempt:
    return Attempt(Promise.NETWORK, "engine-gate", "host", TRIED, seen, verdict)
