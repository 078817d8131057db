"""A machine in small: a control group with bounds of its own, in which containers of a test share what there is.

What a flood without its own bound takes, it takes from whoever is in the same group, and the machine outside goes on.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOP = Path("/sys/fs/cgroup")
ONE_TREE = (TOP / "cgroup.controllers").exists()
"""Whether the machine has one tree of groups for all controllers (version 2), or one for each."""
NAMES = {
    "pids": "pids.max",
    "memory": "memory.max" if ONE_TREE else "memory.limit_in_bytes",
    "core": "cpuset.cpus",
}
CONTROLLERS = {"pids": "pids", "memory": "memory", "core": "cpuset"}


@contextmanager
def small_machine(**bounds: int) -> Iterator[str]:
    """A group with so many processes, bytes of memory, or on one core; gives its name, for ``CgroupParent``.

    Its containers are to be gone before it is.
    """
    name = f"datalab-test-{uuid.uuid4().hex[:8]}"
    made = [_folder(name, word) for word in bounds]
    try:
        for word, folder in zip(bounds, made, strict=True):
            folder.mkdir(exist_ok=True)
            if not ONE_TREE and word == "memory":
                (folder / "memory.use_hierarchy").write_text("1")
            if not ONE_TREE and word == "core":
                (folder / "cpuset.mems").write_text((folder.parent / "cpuset.mems").read_text())
            (folder / NAMES[word]).write_text(str(bounds[word]))
        yield f"/{name}"
    finally:
        for folder in {*made, *_of_other_controllers(name)}:
            _remove(folder)


def _folder(name: str, word: str) -> Path:
    return TOP / name if ONE_TREE else TOP / CONTROLLERS[word] / name


def _of_other_controllers(name: str) -> list[Path]:
    """The engine makes the group for the controllers, too, of which the test said nothing."""
    return [path for path in TOP.glob(f"*/{name}") if path.is_dir() and not path.parent.is_symlink()]


def _remove(folder: Path) -> None:
    """The kernel lets a group go a moment after its last process."""
    end = time.monotonic() + 10
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            assert time.monotonic() < end, f"{folder} is in use"
            time.sleep(0.1)
