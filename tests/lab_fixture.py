"""A whole lab of its own, in a folder of its own, on ports of its own, with the demonstration's story in it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from playwright.sync_api import Page

from hub.adapters.loops import loops
from hub.bench.machine import free_ports
from hub.settings import Settings, load_settings
from spawner_config.names import LABEL_LAB

PORTS = ("public", "proxy_api", "portal", "gateway", "identity", "hub")
LONGEST_COMMAND = 600
COMMAND = (sys.executable, "-c", "from hub.cli.main import app; app()")


@dataclass(frozen=True)
class Told:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass
class StoryLab:
    """One lab; ``first`` is how its first story ended, ``passwords`` what that showed once.

    ``environment`` is what its administrator's commands see beside the usual.
    """

    folder: Path
    settings: Settings
    first: Told = field(default_factory=lambda: Told(1, "", "not told yet", 0.0))
    passwords: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "lab.toml"

    def datalab(self, *words: str, person: str = "") -> Told:
        """Run the command-line tool in a process of its own, as a person where one is named."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DATALAB_CONFIG": str(self.config)}
        environment |= self.environment
        if person:
            environment |= {"DATALAB_URL": self.settings.public_url, "DATALAB_TOKEN": self.token(person)}
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, *words],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=LONGEST_COMMAND,
            check=False,
        )
        return Told(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def token(self, person: str) -> str:
        """The token that the story made for a person at the hub."""
        return str(json.loads(self.settings.secret("demo-tokens.json").read_text())[person])

    def tell_story(self) -> Told:
        return self.datalab("demo", "--json")

    def left(self) -> dict[str, list[str]]:
        """What of the lab is on the machine now."""
        return {
            "processes": [line for line in _command_lines() if str(self.folder) in line],
            "containers": _containers(self.settings.name),
            "mounts": _lines(Path("/proc/self/mountinfo"), str(self.folder)),
            "loops": [device for device, image in loops() if image.is_relative_to(self.folder)],
            "sockets": _lines(Path("/proc/net/unix"), str(self.folder)),
        }


@contextmanager
def story_told(folder: Path, more: str = "") -> Iterator[StoryLab]:
    """A lab in which the story was told once; it is stopped at the end, and must leave nothing on the machine."""
    lab = make_story_lab(folder, more)
    with stopped_at_last(lab):
        lab.first = lab.tell_story()
        lab.passwords = lab.first.json["new_passwords"]
        yield lab


@contextmanager
def stopped_at_last(lab: StoryLab) -> Iterator[None]:
    """Stop the lab whatever happened; it must leave nothing on the machine."""
    try:
        yield
    finally:
        stopped = lab.datalab("admin", "down")
        left = left_at_last(lab)
        remove_images(lab)
    assert stopped.code == 0, stopped.err
    assert not any(left.values()), left


def left_at_last(lab: StoryLab, seconds: float = 10.0) -> dict[str, list[str]]:
    """What is left of a stopped lab; the kernel frees a loop device a moment after its file system is gone."""
    deadline = time.monotonic() + seconds
    while any((left := lab.left()).values()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def make_story_lab(folder: Path, more: str = "") -> StoryLab:
    """Write lab.toml, with more of it where a test wants that; nothing is started."""
    folder.mkdir()
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    (folder / "lab.toml").write_text(
        f'name = "story{secrets.token_hex(4)}"\ntitle = "Test lab"\nstate = "State of the lab"\n[login]\ndemo = true\n'
        + '[storage]\nproject = "96M"\nscratch = "256M"\n[ports]\n'
        + "".join(f"{name} = {port}\n" for name, port in ports.items())
        + more
    )
    return StoryLab(folder, load_settings(folder / "lab.toml"))


def log_in_by_pages(page: Page, lab: StoryLab, name: str) -> None:
    """Click and type what a person clicks and types."""
    page.goto(lab.settings.public_url)
    page.get_by_role("link", name="Log in").or_(page.get_by_role("button", name="Log in")).first.click()
    page.locator("input[name=login]").fill(name)
    page.keyboard.press("Enter")
    page.locator("input[name=password]").fill(lab.passwords[name])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{lab.settings.public_url}/services/portal/**")


def remove_images(lab: StoryLab) -> None:
    """Free the disk; pytest keeps the folders of the last runs."""
    for image in lab.settings.state.rglob("*.img"):
        image.unlink()


def _command_lines() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            found.append(words)
    return found


def _containers(name: str) -> list[str]:
    client = docker.APIClient(version="auto")
    try:
        listed = client.containers(all=True, filters={"label": [f"{LABEL_LAB}={name}"]})
        return [entry["Names"][0] for entry in listed]
    finally:
        client.close()


def _lines(file: Path, word: str) -> list[str]:
    # The kernel writes a blank in a path as \040.
    return [line for line in file.read_text().splitlines() if word in line.replace("\\040", " ")]
