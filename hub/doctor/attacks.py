"""The table of attacks from inside: for each, which promise it is about, in which containers, and what is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.doctor.inside import data, floods, neighbour, network, power
from hub.doctor.program import Call, Said, in_vain, shown
from hub.doctor.scene import DATASET, MEMBER
from hub.domain.examinations import Attempt, Promise, Verdict
from spawner_config.isolation import Purpose

EVERY = tuple(Purpose)
SEEING = (Purpose.WORKSPACE, Purpose.RUN, Purpose.CHECKER)
FLOODED = "flood"
"""The name of the one container that has small limits."""
SCRATCH = ["/tmp", "/dev/shm", "/dev/mqueue"]  # noqa: S108  # inside the container
WRITABLE: dict[Purpose, list[str]] = {
    Purpose.WORKSPACE: [f"/home/{MEMBER}", "/project", "/outputs", "/run/nb", *SCRATCH],
    Purpose.RUN: ["/outputs", "/progress", *SCRATCH],
    Purpose.READER: ["/out", *SCRATCH],
    Purpose.CHECKER: ["/out", *SCRATCH],
}
"""Where a container of the purpose may write: everywhere else it must not."""

Arguments = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Attack:
    """One row: the attempt, and what a steward reads of it."""

    promise: Promise
    name: str
    function: Callable[..., Any]
    tried: str
    places: tuple[Purpose, ...] = EVERY
    flooded: bool = False
    seconds: float = 15


ATTACKS: tuple[Attack, ...] = (
    Attack(
        Promise.NETWORK,
        "devices",
        network.find_network_devices,
        "Look for network devices, routes and addresses beside the loopback.",
    ),
    Attack(
        Promise.NETWORK,
        "connections",
        network.connect_everywhere,
        "Connect and send to addresses of this machine, of its neighbours and of clouds, where listeners wait.",
        seconds=30,
    ),
    Attack(
        Promise.NETWORK,
        "resolver",
        network.resolve_names,
        "Resolve names, and look for a resolver of the site.",
    ),
    Attack(
        Promise.NETWORK,
        "kinds-of-sockets",
        network.open_sockets,
        "Open sockets of kinds that no notebook needs, as raw ones and ones of virtual machines.",
    ),
    Attack(
        Promise.NETWORK,
        "doors",
        network.find_open_doors,
        "Look for a socket of the engine or of another program in the whole file system.",
        seconds=30,
    ),
    Attack(
        Promise.NETWORK,
        "powers",
        power.find_powers,
        "Look for root, for capabilities, for a way to new privileges and for a missing filter of system calls.",
    ),
    Attack(
        Promise.NETWORK,
        "kernel",
        power.change_the_kernels_view,
        "Make name spaces of its own, mount, and write switches of the kernel.",
    ),
    Attack(
        Promise.NETWORK,
        "told-of-others",
        power.read_of_others,
        "Read from the kernel what tells of the machine or of others on it.",
    ),
    Attack(
        Promise.NETWORK,
        "system-calls",
        power.call_the_kernel,
        "Make system calls that no notebook needs, also as a 32-bit program.",
    ),
    Attack(Promise.NETWORK, "host-devices", power.find_devices, "Look for devices of the host."),
    Attack(
        Promise.NETWORK,
        "scratch-programs",
        power.run_from_scratch,
        "Execute a program from the folders that everybody can write.",
    ),
    Attack(
        Promise.NETWORK,
        "writing",
        data.write_elsewhere,
        "Write a file into every folder of the image and of the machine.",
        seconds=30,
    ),
    Attack(
        Promise.NETWORK,
        "memory",
        floods.take_memory,
        "Take twice the memory that the container has.",
        (Purpose.RUN,),
        flooded=True,
    ),
    Attack(
        Promise.NETWORK,
        "processes",
        floods.fork_much,
        "Start more processes than the container may have.",
        (Purpose.RUN,),
        flooded=True,
    ),
    Attack(
        Promise.NETWORK,
        "scratch-space",
        floods.fill_scratch,
        "Write more into the scratch folders than they hold.",
        (Purpose.RUN,),
        flooded=True,
    ),
    Attack(
        Promise.NETWORK,
        "files",
        floods.open_much,
        "Open more files, write a longer file, and leave a memory image, than the container may.",
        (Purpose.RUN,),
        flooded=True,
    ),
    Attack(
        Promise.DATASETS,
        "changes",
        data.change_files,
        "Change a dataset's files and its folder, in every way that the kernel has.",
        SEEING,
    ),
    Attack(
        Promise.DATASETS,
        "mounts",
        data.mount_over,
        "Mount a dataset anew, mount something over it, or take it away.",
        SEEING,
    ),
    Attack(
        Promise.DATASETS,
        "digest",
        data.compare_with_digest,
        "Compare what is mounted with the digest that names it.",
        SEEING,
    ),
    Attack(
        Promise.PROJECTS,
        "neighbour",
        neighbour.reach_the_neighbour,
        "Find the files, the name, the sockets, the memory and the processes of another project that runs beside it.",
        (Purpose.WORKSPACE, Purpose.RUN),
        seconds=30,
    ),
)


def attacks_in(purpose: Purpose, *, flooded: bool = False) -> list[Attack]:
    """Return the attacks that one container makes."""
    return [a for a in ATTACKS if purpose in a.places and a.flooded is flooded]


def calls_of(attacks: list[Attack], arguments: Mapping[str, Arguments]) -> list[Call]:
    """Return the calls of one container's program."""
    return [Call(a.name, a.function, arguments.get(a.name, {}), a.seconds) for a in attacks]


def judged(attack: Attack, where: str, said: Said | str | None) -> Attempt:
    """Judge what an attack said: silence and a fault of its own are no proof."""
    verdict = Verdict.HOLDS if in_vain(said) else Verdict.BROKEN
    return Attempt(attack.promise, attack.name, where, attack.tried, shown(said), verdict)


def arguments_of(purpose: Purpose, given: Mapping[str, Arguments], digest: str) -> dict[str, Arguments]:
    """Return the arguments of every attack in a container of the purpose."""
    place = f"/data/{DATASET}"
    return {
        **given,
        "resolver": {"names": ["localhost.localdomain.example", "lab.example", "metadata.google.internal"]},
        "writing": {"allowed": WRITABLE[purpose]},
        "changes": {"folder": place, "file": "persons.parquet", "other": "years.parquet"},
        "mounts": {"folder": place},
        "digest": {"folder": place, "digest": digest},
        "memory": {"megabytes": 256},
        "processes": {"most": 100},
        "scratch-space": {"sizes": {"/tmp": 16, "/dev/shm": 96}},  # noqa: S108  # inside the container
        "files": {"files": 9000, "megabytes": 8, "folder": "/outputs"},
    }
