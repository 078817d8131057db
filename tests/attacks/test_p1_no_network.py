"""Promise 1, attacked from inside: nothing leaves a container by network.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attacks.cells import EVERY, Body, Cells, Weaken, host
from hub.doctor.inside.network import connect_everywhere, find_network_devices, find_open_doors, resolve_names
from hub.doctor.listeners import listening
from spawner_config.isolation import Purpose
from waiting import wait_for


@EVERY
def test_only_the_loopback_is_there(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(find_network_devices, purpose) == []


def test_the_list_of_interfaces_sees_the_hosts_in_a_weak_container(cells: Cells) -> None:
    said = cells.worked(find_network_devices, weaken=host(NetworkMode="host"))
    assert {name for _, name in socket.if_nameindex()} - {"lo"} <= set(said)
    assert said


def addresses() -> tuple[str, ...]:
    """The host's addresses, as its kernel lists them, and some that only a device leads to."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
    return (*found.stdout.split(), "::", "fe80::1")


@EVERY
def test_no_address_of_host_or_elsewhere_is_reached(cells: Cells, purpose: Purpose) -> None:
    with listening() as listeners:
        assert cells.worked(connect_everywhere, purpose, **listeners.arguments(addresses())) == []
        assert listeners.came == []


def test_the_connections_reach_the_host_from_a_weak_container(cells: Cells) -> None:
    with listening() as listeners:
        tcp, udp = listeners.tcp.getsockname(), listeners.udp.getsockname()
        order = {"tcp": [list(tcp)], "udp": [list(udp)], "abstract": listeners.name}
        said = cells.worked(connect_everywhere, weaken=host(NetworkMode="host"), **order)
        assert said == [f"tcp 127.0.0.1 {tcp[1]}", f"udp 127.0.0.1 {udp[1]}", "abstract socket"]
        wait_for(lambda: set(listeners.came) == {"tcp", "udp", "abstract socket"}, 5)


@EVERY
def test_no_name_is_resolved_and_the_hosts_resolver_is_not_told(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(resolve_names, purpose, names=["lab.example"]) == []


def test_a_name_is_resolved_in_a_weak_container(cells: Cells) -> None:
    weak = host(ExtraHosts=["lab.example:127.0.0.9"], Dns=["127.0.0.53"])
    said = cells.worked(resolve_names, weaken=weak, names=["lab.example"])
    assert said == ["lab.example resolved", "a resolver that is not the container's own"]


def add_socket(folder: Path) -> Weaken:
    def weaken(body: Body) -> None:
        body["HostConfig"]["Mounts"].append({"Type": "bind", "Source": str(folder), "Target": "/run/engine"})

    return weaken


@contextmanager
def engine_socket(folder: Path) -> Iterator[None]:
    """A socket where an engine's might be; nobody answers."""
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "docker.sock"))
        (folder / "docker.sock").chmod(0o666)
        listener.listen()
        yield


@EVERY
def test_no_socket_of_the_engine_or_of_anything_else_is_there(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(find_open_doors, purpose) == []


def test_the_search_finds_a_socket_in_a_weak_container(cells: Cells, tmp_path: Path) -> None:
    with engine_socket(tmp_path / "e"):
        assert cells.worked(find_open_doors, weaken=add_socket(tmp_path / "e")) == ["/run/engine/docker.sock"]
