"""A project folder with what images are made of, and an engine that keeps images in memory."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import IO

import pytest

from hub.setup import base_image, image
from hub.setup.digests import digest_of
from hub.setup.engine_api import EngineError
from hub.setup.places import Places


class MemoryEngine:
    """Images by name, each with its layers; a build's layer is made from the files that went into it."""

    def __init__(self) -> None:
        self.images: dict[str, list[str]] = {}
        self.containers: dict[str, tuple[str, list[str]]] = {}
        self.put_files: dict[str, list[str]] = {}
        self.code = 0
        self.said = ""

    def image_id(self, tag: str) -> str | None:
        return digest_of({"layers": " ".join(self.images[tag])}) if tag in self.images else None

    def layers(self, tag: str) -> list[str]:
        return self.images[tag]

    def tag(self, found: str, tag: str) -> None:
        self.images[tag] = self.images[found]

    def import_image(self, tar: IO[bytes], tag: str, changes: list[str]) -> None:
        self.images[tag] = [digest_of({"bytes": tar.read().hex()})]

    def pull(self, tag: str) -> None:
        raise EngineError("no such registry")

    def create(self, parent: str, command: list[str], labels: dict[str, str]) -> str:
        name = f"c{len(self.put_files)}"
        self.containers[name] = (parent, command)
        return name

    def put(self, container: str, tar: IO[bytes]) -> None:
        data = tar.read()
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            self.put_files[container] = packed.getnames()
        self.containers[container][1].append(digest_of({"bytes": data.hex()}))

    def run(self, container: str) -> int:
        return self.code

    def output(self, container: str) -> str:
        return self.said

    def commit(self, container: str, tag: str, changes: list[str]) -> None:
        parent, made = self.containers[container]
        self.images[tag] = [*self.images[parent], digest_of({"made": " ".join(made)})]

    def remove(self, container: str) -> None:
        del self.containers[container]


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A folder with every file that the images are made of."""
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    monkeypatch.setattr(base_image, "release", lambda: "bookworm")
    recipe = (
        "environment.sh",
        "prune.py",
        "requirements.lock",
        "first_files.txt",
        "workspace.sh",
        "datalab",
        "instructions",
    )
    files = [
        "images/base/packages.txt",
        *(f"{image.RECIPE}/{name}" for name in (*recipe, "jupyter/etc/a.json", "languages/fr/b.json")),
        *("hub/locks/hub.txt", "hub/locks/dev.txt", "hub/locks/identity.txt", "hub/locks/installer.txt"),
        "hub/locks/oracle.txt",
        *("hub/setup/proxy/package.json", "hub/setup/proxy/package-lock.json", "pyproject.toml"),
        *(name if name.endswith(".py") else f"{name}/x.py" for name in (*image.PACKAGES, *image.MOUNTS)),
    ]
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    made = Places(tmp_path)
    made.cache.mkdir()
    return made
