"""A second container engine, a test's own, beside the machine's: it has its own folders and ends with the test."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker

from attacks.small_disks import small_disk

SECONDS = 30.0
COPY = 600

HELD = r"""
set -eu
while read -r _ _ _ _ place _ rest; do
    case " $rest" in *" - "*" /dev/loop"*) [ "$place" = / ] || umount --lazy "$(printf %b "$place")" ;; esac
done < /proc/self/mountinfo
mount -t overlay -o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" overlay /etc
touch "$0/held"
exec sleep infinity
"""
"""Holds a mount name space: files under /etc that are this engine's, and mounts that end with it.

Other labs' disks are let go first: whoever has a copy of a mount keeps its loop device busy.
"""


@dataclass
class OwnEngine:
    """A dockerd that may be ended and started again, and the process that holds its containers meanwhile."""

    folder: Path
    name_space: subprocess.Popen[bytes]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"unix://{self.folder}/engine.sock"

    def start_containerd(self) -> None:
        """What holds the containers is a process of its own, as on a machine with systemd."""
        (self.folder / "containerd.toml").write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        config, places = f"--config={self.folder}/containerd.toml", (f"--root={self.folder}/held-data",)
        self._start("containerd", config, *places, f"--state={self.folder}/held-run", f"--address={self._holder}")
        self._wait_for_answer("containerd", self._holder)

    def start(self) -> None:
        """Start the engine; a killed one leaves its number, with which the next refuses to start."""
        (self.folder / "engine.pid").unlink(missing_ok=True)
        files = (f"--config-file={self.folder}/engine.json", f"--pidfile={self.folder}/engine.pid")
        places = (f"--data-root={self.folder}/data", f"--exec-root={self.folder}/run", f"--containerd={self._holder}")
        without = ("--bridge=none", "--iptables=false", "--ip6tables=false")
        self._start("dockerd", f"--host={self.address}", *files, *places, *without)
        self._wait_for_answer("dockerd", self.folder / "engine.sock")

    def end(self, number: signal.Signals) -> None:
        self._end("dockerd", number)

    def client(self) -> docker.APIClient:
        return docker.APIClient(self.address, version="auto", timeout=30)

    def close(self) -> None:
        """Remove its containers, end its processes, and let its mounts go with their name space."""
        if "dockerd" not in self.processes:
            self.start()
        with closing(self.client()) as engine:
            for entry in engine.containers(all=True, quiet=True):
                engine.remove_container(entry["Id"], force=True)
        for program in tuple(reversed(self.processes)):
            self._end(program, signal.SIGTERM)

    @property
    def _holder(self) -> Path:
        return self.folder / "held.sock"

    def _start(self, program: str, *words: str) -> None:
        inside = ("nsenter", "--mount", f"--target={self.name_space.pid}", "--")
        with (self.folder / "log").open("ab") as log:
            self.processes[program] = subprocess.Popen([*inside, program, *words], stdout=log, stderr=log)

    def _end(self, program: str, number: signal.Signals) -> None:
        process = self.processes.pop(program)
        process.send_signal(number)
        process.wait(SECONDS)

    def _wait_for_answer(self, program: str, place: Path) -> None:
        end = time.monotonic() + SECONDS
        while self.processes[program].poll() is None and time.monotonic() < end:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(place)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text()[-3000:])


@contextmanager
def own_engine(
    settings: Mapping[str, object],
    etc: Mapping[str, str] | None = None,
    shown: Path | None = None,
    room: str = "",
) -> Iterator[OwnEngine]:
    """Start an engine with these settings and these files under /etc; needs root.

    What is mounted later below ``shown`` the engine sees, too, as a lab's engine must. With ``room`` its own folder,
    for images, containers and logs, is a file system of that size.
    """
    # A socket's address is short, so this is no folder of the test's.
    folder = Path(tempfile.mkdtemp(prefix="engine", dir="/var/tmp"))
    folder.chmod(0o711)  # An engine that maps users looks into its folder as one of them.
    for name in ("etc", "work"):
        (folder / name).mkdir()
    for name, content in (etc or {}).items():
        (folder / "etc" / name).write_text(content)
    (folder / "engine.json").write_text(json.dumps(settings))
    try:
        with (
            _own_room(folder / "data", room),
            _sharing(shown),
            _name_space(folder, "slave" if shown else "private") as held,
        ):
            made = OwnEngine(folder, held)
            try:
                made.start_containerd()
                made.start()
                yield made
            finally:
                made.close()
    finally:
        shutil.rmtree(folder)


@contextmanager
def _own_room(folder: Path, size: str) -> Iterator[None]:
    """Let the engine's own folder be a disk that is soon full."""
    if not size:
        yield
        return
    with small_disk(folder, size):
        yield


@contextmanager
def _sharing(shown: Path | None) -> Iterator[None]:
    """Let mounts below a folder be seen in name spaces that are made meanwhile."""
    if shown is None:
        yield
        return
    for words in (("--bind", str(shown), str(shown)), ("--make-shared", str(shown))):
        subprocess.run(["mount", *words], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(shown)], check=True)  # who tests may have files open there


@contextmanager
def _name_space(folder: Path, propagation: str) -> Iterator[subprocess.Popen[bytes]]:
    """A mount name space that ends with the test, after all that runs in it."""
    command = ["unshare", "--mount", "--propagation", propagation, "sh", "-c", HELD, str(folder)]
    with subprocess.Popen(command) as held:
        try:
            end = time.monotonic() + SECONDS
            while not (folder / "held").exists():
                assert held.poll() is None, "The mount name space was not made."
                assert time.monotonic() < end, "The mount name space is not there in time."
                time.sleep(0.01)
            yield held
        finally:
            held.kill()


def copy_image(tag: str, address: str) -> None:
    """Give the engine at an address an image of the machine's."""
    with docker.APIClient(timeout=COPY) as here, docker.APIClient(base_url=address, timeout=COPY) as there:
        there.load_image(here.get_image(tag))


def base_image() -> str:
    """The smallest of the lab's images: Debian with Python."""
    with docker.APIClient() as here:
        return str(here.images("datalab/base")[0]["RepoTags"][0])
