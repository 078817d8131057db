"""Look at the folders of an order: each is a folder all the way, without a link, and its user's own where it may write.

They are looked at when a container is created and again when it starts, since only then does the engine mount them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hub.domain.errors import RefusedError

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


def check_folder(state: Path, path: str, owner: int | None) -> None:
    """A folder of the lab is there, no link leads to it, and it belongs to ``owner`` where one is named."""
    try:
        with opened_below(state, path) as folder:
            found = os.fstat(folder).st_uid
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
