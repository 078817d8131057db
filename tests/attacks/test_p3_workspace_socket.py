"""Promise 3: whatever a person puts in the place of their workspace's socket, the gateway reaches that or nothing.

The gateway stands in the test's process, with workspaces as the test wants them; that a container has no other way to
its folder is in ``isolation``. Each attack is also made on a gateway that goes by the socket's name, as proxies do, in
a folder that follows links, where it must succeed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.adapters.snapshots import NOSYMFOLLOW
from integration.gateway_bench import UID, Raw, bench, ok, refuses, says
from spawner_config.server_folder import checked_socket, opened


def bait(name: str, reached: list[str]) -> Raw:
    """A server that writes down that it was reached."""

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(name)
        await says(ok())(reader, writer)

    return workspace


def swap(nb: Path, bait_socket: Path, end: list[bool]) -> int:
    own = socket.socket(socket.AF_UNIX)
    with opened(nb) as place:
        own.bind(f"/proc/self/fd/{place}/own")
    own.listen()
    os.chown(nb / "own", UID, UID)
    (nb / "link").symlink_to(bait_socket)
    turns = 0
    while not end:
        for name in ("own", "link"):
            os.link(nb / name, nb / "next", follow_symlinks=False)
            (nb / "next").rename(nb / "nb.sock")
        turns += 1
    own.close()
    return turns


def follow_links(nb: Path) -> None:
    """Weaken the folder's mount: the same, but that links are followed."""
    # With the source named, the program does not add the flags that the mount had.
    subprocess.run(["mount", "-o", "remount,rw,nosuid,nodev,noexec", "datalab", str(nb)], check=True)
    assert not os.statvfs(nb).f_flag & NOSYMFOLLOW


@pytest.fixture
def going_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weaken the gateway: it connects to whatever has the name."""

    @contextmanager
    def named(folder: Path, name: str, _owner: int) -> Iterator[str]:
        with opened(folder) as place:
            yield f"/proc/self/fd/{place}/{name}"

    monkeypatch.setattr("spawner_config.gateway.upstream.checked_socket", named)


def test_only_a_socket_of_the_projects_own_number_is_reached(tmp_path: Path) -> None:
    reached: list[str] = []

    async def story() -> None:
        async with bench(tmp_path) as b:
            nb = (await b.open("health")) / "nb"
            other = (await b.open("other", bait("other", reached))) / "nb/nb.sock"
            place = nb / "nb.sock"
            assert await refuses(b)
            for replacement in (
                lambda: place.symlink_to(other),
                lambda: place.symlink_to(b.settings.state / "run/gateway.sock"),
                lambda: place.symlink_to("/var/run/docker.sock"),
                lambda: place.symlink_to("nb.sock"),
                lambda: place.write_bytes(b""),
                lambda: os.mkfifo(place),
                lambda: place.mkdir(),
            ):
                replacement()
                assert await refuses(b)
                place.rmdir() if place.is_dir() else place.unlink()
            await b.listen(nb, bait("root's", reached), owner=0)
            assert await refuses(b)
            os.chown(place, UID, UID)
            assert (await b.get("health"))[0] == 200
            assert reached == ["root's"]

    asyncio.run(story())


async def raced(tmp_path: Path, reached: list[str], *, follows: bool) -> int:
    """Ask a hundred times while the socket is swapped for a link to another workspace's; returns the swaps."""
    async with bench(tmp_path) as b:
        nb = (await b.open("health")) / "nb"
        other = (await b.open("other", bait("other", reached))) / "nb/nb.sock"
        if follows:
            follow_links(nb)
        end: list[bool] = []
        swapping = asyncio.create_task(asyncio.to_thread(swap, nb, other, end))
        for _ in range(100):
            await asyncio.wait([asyncio.create_task(b.get("health"))], timeout=0.02)
        end.append(True)
        return await swapping


@pytest.mark.parametrize("follows", [False, True], ids=["sealed folder", "folder that follows links"])
def test_a_socket_that_is_swapped_for_a_link_all_the_time_leads_nowhere_else(tmp_path: Path, follows: bool) -> None:
    """The mount of the folder keeps links from being followed, and so does the gateway's own look without it."""
    reached: list[str] = []
    assert asyncio.run(raced(tmp_path, reached, follows=follows)) > 100
    assert reached == []


def test_the_folder_of_a_socket_holds_a_few_bytes_and_follows_no_link(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            nb = (await b.open("health")) / "nb"
            with (nb / "flood").open("wb", buffering=0) as file:
                assert file.write(b"x" * 100_000) <= 65_536
                with pytest.raises(OSError, match="No space left"):
                    file.write(b"x")
            for number in range(6):
                (nb / str(number)).touch()
            with pytest.raises(OSError, match="No space left"):
                (nb / "one more").touch()
            (nb / "flood").unlink()
            (nb / "link").symlink_to("/etc/hostname")
            with pytest.raises(OSError, match="Too many levels"):
                (nb / "link").read_bytes()
            options = os.statvfs(nb).f_flag
            assert options & os.ST_NOSUID
            assert options & os.ST_NOEXEC
            assert options & os.ST_NODEV

    asyncio.run(story())


def test_a_link_is_not_followed_where_the_file_system_would_let_it_be(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other, opened(tmp_path) as place:
        other.bind(f"/proc/self/fd/{place}/other.sock")
        other.listen()
        os.chown(tmp_path / "other.sock", UID, UID)
        with checked_socket(tmp_path, "other.sock", UID) as address, socket.socket(socket.AF_UNIX) as caller:
            caller.connect(address)
        (tmp_path / "nb.sock").symlink_to(tmp_path / "other.sock")
        os.lchown(tmp_path / "nb.sock", UID, UID)
        with pytest.raises(ConnectionRefusedError), checked_socket(tmp_path, "nb.sock", UID):
            pass


# The weak twins.


@pytest.mark.usefixtures("going_by_name")
def test_another_workspace_is_reached_by_a_link_where_a_gateway_goes_by_name(tmp_path: Path) -> None:
    reached: list[str] = []

    async def story() -> None:
        async with bench(tmp_path) as b:
            nb = (await b.open("health")) / "nb"
            other = (await b.open("other", bait("other", reached))) / "nb/nb.sock"
            (nb / "nb.sock").symlink_to(other)
            assert await refuses(b)  # the mount alone still keeps the link from being followed
            follow_links(nb)
            assert (await b.get("health"))[0] == 200
            (nb / "nb.sock").unlink()
            await b.listen(nb, bait("root's", reached), owner=0)
            assert (await b.get("health"))[0] == 200
            assert reached == ["other", "root's"]

    asyncio.run(story())


@pytest.mark.usefixtures("going_by_name")
def test_another_workspace_is_reached_by_a_swapped_link_where_a_gateway_goes_by_name(tmp_path: Path) -> None:
    reached: list[str] = []
    asyncio.run(raced(tmp_path, reached, follows=True))
    assert "other" in reached


def test_a_plain_folder_holds_more_and_follows_links(tmp_path: Path) -> None:
    with (tmp_path / "flood").open("wb", buffering=0) as file:
        assert file.write(b"x" * 100_000) == 100_000
    for number in range(10):
        (tmp_path / str(number)).touch()
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert (tmp_path / "link").read_bytes() == Path("/etc/hostname").read_bytes()
