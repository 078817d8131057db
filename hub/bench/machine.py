"""What the measurements ask of the machine: free ports, memory, load, and an end that leaves nothing behind."""

from __future__ import annotations

import errno
import os
import random
import signal
import socket
import statistics
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import docker

from hub.adapters.processes.leftovers import remove_containers
from spawner_config.names import LABEL_LAB

MIB = 2**20
LOCAL_PORTS, FIRST_PORT = Path("/proc/sys/net/ipv4/ip_local_port_range"), 10_000


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that are free now; the kernel gives none of them to whoever asks for any port at all."""
    above = int(LOCAL_PORTS.read_text(encoding="ascii").split()[0])
    sockets: list[socket.socket] = []
    try:
        for port in random.sample(range(FIRST_PORT, max(above, 2 * FIRST_PORT)), k=FIRST_PORT // 10):
            sockets.append(socket.socket())
            with suppress(OSError):
                sockets[-1].bind(("127.0.0.1", port))
            free = [s.getsockname()[1] for s in sockets if s.getsockname()[1]]
            if len(free) == count:
                return free
    finally:
        for s in sockets:
            s.close()
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def said_of_the_machine() -> str:
    """Cores, memory and load, which belong beside every number."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{os.cpu_count()} cores, {total / 2**30:.0f} GB, load {os.getloadavg()[0]:.1f}"


def memory_in_use() -> int:
    """Bytes of the whole machine that are in use and could not be given up."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return (int(lines["MemTotal"].split()[0]) - int(lines["MemAvailable"].split()[0])) * 1024


def containers(lab: str) -> list[str]:
    """The running containers that carry a lab's label."""
    with closing(docker.APIClient(version="auto")) as engine:
        return [entry["Id"] for entry in engine.containers(filters={"label": f"{LABEL_LAB}={lab}"})]


def memory_of(engine: docker.APIClient, container: str) -> int:
    """Bytes that a container's control group holds, less the files that it has read: those can be given up."""
    memory: dict[str, Any] = engine.stats(container, stream=False, one_shot=True)["memory_stats"]
    counted = memory["stats"]
    return int(memory["usage"]) - int(counted["total_cache"] if "total_cache" in counted else counted["file"])


def median_memory(lab: str) -> float:
    """The median of a lab's running containers, in MiB."""
    with closing(docker.APIClient(version="auto")) as engine:
        return statistics.median(memory_of(engine, c) for c in containers(lab)) / MIB


@contextmanager
def no_containers_left(lab: str) -> Iterator[None]:
    """Whatever happens, no container of the lab is left."""
    try:
        yield
    finally:
        remove_containers(lab)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let Ctrl-C and a request to end clear away; once that has begun, nothing interrupts it."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
