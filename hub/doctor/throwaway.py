"""Throw-away containers: made from a body of ``isolation``, followed to their end, and always removed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

from hub.domain.errors import UnavailableError
from spawner_config.isolation import ContainerSpec, container_body
from spawner_config.names import LABEL, LABEL_LAB

Body = dict[str, Any]
Weaken = Callable[[Body], None]
KIND = "doctor"
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended: its exit code, what it printed, and what the engine warned of when it was made."""

    code: int
    text: str
    warnings: tuple[str, ...] = ()
    applied: Body = field(default_factory=dict)
    """The engine's own account of it."""


def as_the_lab_makes_it(_body: Body) -> None:
    """Change nothing; the doctor's tests weaken containers here."""


@dataclass(frozen=True, slots=True)
class ThrowAway:
    """Makes them in the name of one lab, so that whatever cleans up after the lab finds them."""

    lab: str
    weaken: Weaken = as_the_lab_makes_it

    def labels(self) -> dict[str, str]:
        """What every one of them carries."""
        return {LABEL: KIND, LABEL_LAB: self.lab}

    def run(self, spec: ContainerSpec) -> Ended:
        """Run one to its end; UnavailableError where the engine does not take part."""
        with self.running(spec) as (client, name, warnings):
            try:
                code = int(client.wait(name, timeout=LONGEST)["StatusCode"])
            except requests.RequestException:
                code = -1
            text = client.logs(name, stdout=True, stderr=True).decode(errors="replace")
            return Ended(code, text, warnings, dict(client.inspect_container(name)))

    @contextmanager
    def running(self, spec: ContainerSpec) -> Iterator[tuple[docker.APIClient, str, tuple[str, ...]]]:
        """Start one, and remove it whatever happens."""
        body = container_body(spec)
        self.weaken(body)
        name = f"{self.lab}-doctor-{secrets.token_hex(6)}"
        with _said_plainly():
            client = docker.APIClient(version="auto", timeout=LONGEST, **kwargs_from_env())
            try:
                made = client.create_container_from_config(body, name)
                client.start(name)
                yield client, name, tuple(made.get("Warnings") or ())
            finally:
                with suppress(NotFound):
                    client.remove_container(name, force=True, v=True)
                client.close()


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn an engine that does not take part into a sentence."""
    try:
        yield
    except (DockerException, requests.RequestException) as error:
        said = error.explanation if isinstance(error, APIError) else type(error).__name__
        raise UnavailableError(
            "The engine did not start a container ({why}); look whether it runs, and whether you may use it.",
            reason="engine",
            why=str(said)[:200],
        ) from None
