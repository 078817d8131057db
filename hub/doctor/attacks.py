"""The table of attacks from inside: for each, which promise it is about, in which containers, and what is tried."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from hub.doctor.arguments import Arguments
from hub.doctor.calls import DOORS
from hub.doctor.inside import data, floods, neighbour, network, power
from hub.doctor.program import Call, Said, in_vain, shown
from hub.domain.examinations import Attempt, Promise, Verdict
from spawner_config.isolation import OTHER_RUNTIME, Purpose

EVERY = tuple(Purpose)
SEEING = (Purpose.WORKSPACE, Purpose.RUN, Purpose.CHECKER)
ALL_WAYS = ("*",)
FLOODED = "flood"
"""The name of the one container that has small limits."""


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
    machines: tuple[str, ...] = ()
    """Architectures that have such a way at all; none named: all."""
    of_the_kernel: tuple[str, ...] = ()
    """Patterns of the ways of which the kernel inside answers alone, so that it is no answer of the machine's where a
    runtime has a kernel of its own."""

    def asks_the_kernel_alone(self, way: str) -> bool:
        """Say whether a way that worked reached nothing but the kernel inside."""
        return any(fnmatchcase(way, pattern) for pattern in self.of_the_kernel)


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
        of_the_kernel=ALL_WAYS,
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
        of_the_kernel=("new privileges", "no filter of system calls"),
    ),
    Attack(
        Promise.NETWORK,
        "name-spaces",
        power.make_name_spaces,
        "Make name spaces of its own, and enter those that are there.",
        of_the_kernel=ALL_WAYS,
    ),
    Attack(
        Promise.NETWORK,
        "kernel",
        power.change_the_kernels_view,
        "Mount, and write switches of the kernel.",
    ),
    Attack(
        Promise.NETWORK,
        "told-of-others",
        power.read_of_others,
        "Read from the kernel what tells of the machine or of others on it.",
        of_the_kernel=ALL_WAYS,
    ),
    Attack(
        Promise.NETWORK,
        "system-calls",
        power.call_the_kernel,
        "Make system calls that no notebook needs.",
        of_the_kernel=ALL_WAYS,
    ),
    Attack(
        Promise.NETWORK,
        "other-doors",
        power.enter_by_other_doors,
        "Enter the kernel as a 32-bit program does, or one of another kind.",
        machines=tuple(DOORS),
        of_the_kernel=ALL_WAYS,
    ),
    Attack(
        Promise.NETWORK,
        "host-devices",
        power.find_devices,
        "Look for devices of the host, and make some.",
        of_the_kernel=("made *", "fuse", "net/tun"),
    ),
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
        "opening",
        data.open_to_write,
        "Open a dataset's files for writing, by their names and by all other ways that lead to them.",
        SEEING,
    ),
    Attack(
        Promise.DATASETS,
        "memory-of-files",
        data.change_memory,
        "Change a dataset's file in the memory that the kernel keeps of it.",
        SEEING,
    ),
    Attack(
        Promise.DATASETS,
        "changes",
        data.change_files,
        "Change what a dataset's folder holds and what is said of its files, or give one a second name elsewhere.",
        SEEING,
    ),
    Attack(
        Promise.DATASETS,
        "seal",
        data.look_for_a_broken_seal,
        "Look for a way in which the mount of a dataset is not sealed.",
        (Purpose.WORKSPACE, Purpose.RUN),
    ),
    Attack(
        Promise.DATASETS,
        "mounts",
        data.mount_over,
        "Mount a dataset anew, mount something over it, or take it away.",
        SEEING,
        of_the_kernel=ALL_WAYS,
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


OWN_KERNEL = Attack(
    Promise.NETWORK,
    "own-kernel",
    power.meet_the_kernel,
    "Ask the kernel that answers inside whether it is the machine's, where `lab.toml` names another runtime.",
    tuple(sorted(OTHER_RUNTIME)),
)


def attacks_in(purpose: Purpose, *, flooded: bool = False, other_runtime: bool = False) -> list[Attack]:
    """Return the attacks that one container makes; where its runtime is another one, that is looked at first."""
    here = platform.machine()
    attacks = (OWN_KERNEL, *ATTACKS) if other_runtime else ATTACKS
    return [a for a in attacks if purpose in a.places and a.flooded is flooded and here in (a.machines or (here,))]


def calls_of(attacks: list[Attack], arguments: Mapping[str, Arguments]) -> list[Call]:
    """Return the calls of one container's program."""
    return [Call(a.name, a.function, arguments.get(a.name, {}), a.seconds) for a in attacks]


def judged(attack: Attack, where: str, said: Said | str | None, *, apart: bool = False) -> Attempt:
    """Judge what an attack said: silence and a fault of its own are no proof.

    Where the kernel inside was seen to be another one (``apart``), what it alone lets be done does not reach the
    machine's; one way beside these that worked breaks the promise.
    """
    seen, verdict = shown(said), Verdict.HOLDS if in_vain(said) else Verdict.BROKEN
    if apart and isinstance(said, Said) and said.done and all(map(attack.asks_the_kernel_alone, said.done)):
        seen, verdict = f"{seen} The runtime's own kernel let it be done; the machine's was not asked.", Verdict.NOTE
    return Attempt(attack.promise, attack.name, where, attack.tried, seen, verdict)
