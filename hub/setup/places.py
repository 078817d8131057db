"""Where set-up puts things: all below the project's folder, all left out of version control."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The project's folder and what set-up makes in it."""

    root: Path

    @property
    def locks(self) -> Path:
        """Locked requirements of the environments."""
        return self.root / "hub" / "locks"

    @property
    def images(self) -> Path:
        """One folder for each image."""
        return self.root / "images"

    @property
    def proxy(self) -> Path:
        """The locked package of the reverse proxy."""
        return self.root / "hub" / "setup" / "proxy"

    @property
    def environment(self) -> Path:
        """The lab's Python environment."""
        return self.root / ".venv"

    @property
    def oracle(self) -> Path:
        """The environment of the checker that a test compares the gate with."""
        return self.root / ".oracle"

    @property
    def identity(self) -> Path:
        """The environment of the demonstration's OpenID provider."""
        return self.root / ".identity"

    @property
    def cache(self) -> Path:
        """Whatever can be made again."""
        return self.root / ".cache"

    @property
    def logs(self) -> Path:
        """Full output of the commands that set-up runs."""
        return self.cache / "log"

    @property
    def installer(self) -> Path:
        """The small environment that holds pip and uv."""
        return self.cache / "installer"

    @property
    def node(self) -> Path:
        """Where npm installs the reverse proxy."""
        return self.cache / "node"

    @property
    def wheelhouse(self) -> Path:
        """Verified wheels for the images."""
        return self.cache / "wheelhouse"

    @property
    def lab_files(self) -> Path:
        """Copies of JupyterLab's own files, for the gateway."""
        return self.cache / "lab-files"

    @property
    def own_kernel(self) -> Path:
        """Debian's kernel, and the first file system that it starts from."""
        return self.cache / "own-kernel"

    @property
    def image_record(self) -> Path:
        """Identifiers and inputs of the images that were built."""
        return self.cache / "images.json"


def here() -> Places:
    """The places of the project that this package belongs to."""
    return Places(Path(__file__).resolve().parents[2])
