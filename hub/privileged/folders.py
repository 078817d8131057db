"""Look at the folders of an order: no link leads to one, what is written is its user's own, what is sealed cannot be.

They are looked at when a container is created and again when it starts, since only then does the engine mount them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hub.domain.errors import RefusedError

SEALED_FLAGS = os.ST_RDONLY | os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | 0x2000  # the last is nosymfollow
PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened_below(top: Path, path: str) -> Iterator[int]:
    """Hold a descriptor of a folder below ``top``, reached name by name without following a link."""
    current = os.open(top, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in PurePosixPath(path).parts:
            following = os.open(part, PLACE, dir_fd=current)
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


def check_folder(state: Path, path: str, owner: int | None, *, sealed: bool = False) -> None:
    """A folder of the lab is there, no link leads to it, and it belongs to ``owner`` where one is named.

    The engine is not asked to make a sealed one read-only, so it has to be on a mount that is.
    """
    try:
        with opened_below(state, path) as folder:
            found, flags = os.fstat(folder).st_uid, os.statvfs(folder).f_flag
    except OSError as error:
        raise RefusedError(
            "This container is not ordered: the folder {path} is missing, or is no folder all the way ({why}).",
            reason="order-folder",
            path=path,
            why=error.strerror,
        ) from None
    if owner is not None and found != owner:
        raise RefusedError(
            "This container is not ordered: the folder {path} does not belong to the container's user.",
            reason="order-owner",
            path=path,
        )
    if sealed and flags & SEALED_FLAGS != SEALED_FLAGS:
        raise RefusedError(
            "This container is not ordered: the folder {path} is not mounted read-only, as a dataset is.",
            reason="order-unsealed",
            path=path,
        )
