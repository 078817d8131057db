"""Throw-away containers of each purpose, and weak ones, where an attack can be seen to work."""

from __future__ import annotations

import inspect
import json
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from datasets_mount.mounts import Mount, dataset_mount
from hub.doctor.inside.trying import tried
from hub.doctor.program import Call, Said, heard, program_of
from hub.doctor.throwaway import Body, Weaken
from spawner_config.isolation import NO_NEW_PRIVILEGES, OTHER_RUNTIME, ContainerSpec, Limits, Purpose, container_body
from spawner_config.names import LABEL, LABEL_LAB

IMAGE = "datalab/workspace:current"
UID = 200_779
MEGABYTE = 2**20
LIMITS = Limits(memory=96 * MEGABYTE, cpus=1.0, processes=48, tmp=8 * MEGABYTE, seconds=60, file_size=4 * MEGABYTE)

EVERY = pytest.mark.parametrize("purpose", Purpose)


def host(**options: object) -> Weaken:
    """Change some of the engine's options."""

    def weaken(body: Body) -> None:
        body["HostConfig"].update(options)

    return weaken


UNFILTERED = {"SecurityOpt": [NO_NEW_PRIVILEGES, "seccomp=unconfined"]}
"""An option that lets every call of the kernel through, and changes nothing else."""


def root(**options: object) -> Weaken:
    """Be root inside, and change some of the engine's options."""

    def weaken(body: Body) -> None:
        body["User"] = "0:0"
        body["HostConfig"].update(options)

    return weaken


def writable_mounts(body: Body) -> None:
    """Let everything be written that is mounted."""
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack said, and how its container ended."""

    said: Any
    exit_code: int
    out_of_memory: bool


@dataclass
class Cells:
    """Makes containers as the lab makes them, runs an attack in each, and removes them whatever happens."""

    folder: Path
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")
    data: dict[str, Path] = field(default_factory=dict)
    """More datasets, by name, beside the one that is always there."""
    folders: dict[str, Path] = field(default_factory=dict)
    """Folders of the host in the place of the container's own, by where they are seen."""
    environment: dict[str, str] = field(default_factory=dict)
    working_dir: str = "/tmp"
    image: str = IMAGE
    python: str = "python"
    address: str = ""
    """Of another engine than the machine's."""
    runtime: str = ""
    """Of that engine, for what may have another one."""

    def __post_init__(self) -> None:
        self.engine = docker.APIClient(base_url=self.address or None)

    def mounts(self, purpose: Purpose) -> tuple[Mount, ...]:
        """Folders of a purpose, each with a file in it, all of them the container's user's own."""
        places = {
            Purpose.WORKSPACE: {"/home/scientist": 1, "/project": 1, "/project/runs": 0, "/outputs": 1, "/run/nb": 1,
                                "/run/hub": 0, "/data/rand": 0},
            Purpose.RUN: {"/in": 0, "/data/rand": 0, "/outputs": 1, "/progress": 1},
            Purpose.READER: {"/in": 0, "/out": 1},
            Purpose.CHECKER: {"/in": 0, "/data/rand": 0, "/out": 1},
        }[purpose]  # fmt: skip
        more = (dataset_mount(str(folder), name) for name, folder in self.data.items())
        own = (Mount(str(self._own(target)), target, bool(writable)) for target, writable in places.items())
        return (*own, *(more if "/data/rand" in places else ()))

    def _own(self, target: str) -> Path:
        if target in self.folders:
            return self.folders[target]
        folder = self.folder / target.strip("/").replace("/", "-")
        folder.mkdir(exist_ok=True)
        (folder / "there.txt").write_text("true")
        for place in (folder, folder / "there.txt"):
            os.chown(place, UID, UID)
        return folder

    def spec(self, purpose: Purpose, command: tuple[str, ...], limits: Limits = LIMITS) -> ContainerSpec:
        """Describe a container as the lab would."""
        return ContainerSpec(
            purpose=purpose,
            image=self.image,
            command=command,
            uid=UID,
            mounts=self.mounts(purpose),
            limits=limits,
            environment=self.environment,
            labels={LABEL: "attack", LABEL_LAB: self.name},
            working_dir=self.working_dir,
            runtime=self.runtime if purpose in OTHER_RUNTIME else "",
        )

    def run(
        self,
        attack: Callable[..., Any],
        purpose: Purpose = Purpose.WORKSPACE,
        weaken: Weaken | None = None,
        limits: Limits = LIMITS,
        **arguments: object,
    ) -> Outcome:
        """Run an attack, which is a function without outer names, inside a container, and return what it returns.

        The doctor's attacks have one outer name, ``tried``, which is there, too.
        """
        made = self.begin(attack, purpose, weaken, limits, **arguments)
        try:
            return self.outcome(made)
        finally:
            self.engine.remove_container(made, force=True, v=True)

    def worked(
        self,
        attack: Callable[..., Any],
        purpose: Purpose = Purpose.WORKSPACE,
        weaken: Weaken | None = None,
        limits: Limits = LIMITS,
        **arguments: object,
    ) -> list[str]:
        """Run one of the doctor's attacks, which must have tried something, and return what of it worked."""
        said = Said.model_validate(self.run(attack, purpose, weaken, limits, **arguments).said)
        assert said.tried
        return said.done

    def try_all(
        self,
        calls: list[Call],
        purpose: Purpose = Purpose.WORKSPACE,
        weaken: Weaken | None = None,
        limits: Limits = LIMITS,
    ) -> dict[str, Said | str]:
        """Run several of the doctor's attacks in one container, as the doctor does, and return what each said."""
        made = self._start(program_of(calls), purpose, weaken, limits)
        try:
            self.engine.wait(made, timeout=60)
            return heard(self.engine.logs(made).decode(errors="replace"))
        finally:
            self.engine.remove_container(made, force=True, v=True)

    def begin(
        self,
        attack: Callable[..., Any],
        purpose: Purpose = Purpose.WORKSPACE,
        weaken: Weaken | None = None,
        limits: Limits = LIMITS,
        **arguments: object,
    ) -> str:
        """Start an attack and return its container, which is removed at the latest when the cells are closed."""
        source = f"{inspect.getsource(tried)}\n{inspect.getsource(attack)}"
        call = f"import json\nprint('said:' + json.dumps({attack.__name__}(**{arguments!r})), flush=True)"
        return self._start(f"from __future__ import annotations\n{source}\n{call}", purpose, weaken, limits)

    def _start(self, program: str, purpose: Purpose, weaken: Weaken | None, limits: Limits) -> str:
        body = container_body(self.spec(purpose, (self.python, "-c", program), limits))
        if weaken is not None:
            weaken(body)
        name = f"{self.name}-attack-{uuid.uuid4().hex[:8]}"
        made = str(self.engine.create_container_from_config(body, name)["Id"])
        self.engine.start(made)
        return made

    def outcome(self, made: str) -> Outcome:
        """Wait for the end of an attack, and return what it said."""
        self.engine.wait(made, timeout=60)
        state = self.engine.inspect_container(made)["State"]
        lines = self.engine.logs(made).decode(errors="replace").splitlines()
        said = [json.loads(line.removeprefix("said:")) for line in lines if line.startswith("said:")]
        if not said and state["ExitCode"] == 1:
            raise AssertionError("\n".join(lines[-20:]))
        return Outcome(said[-1] if said else None, state["ExitCode"], state["OOMKilled"])

    def close(self) -> None:
        """Remove what is left."""
        for left in self.engine.containers(all=True, filters={"label": f"{LABEL_LAB}={self.name}"}):
            with suppress(docker.errors.NotFound):
                self.engine.remove_container(left["Id"], force=True, v=True)
        self.engine.close()
