"""Files from strangers: opened only where they are plain files; a pipe holds nothing up, and a device fills nothing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from hub.domain.errors import InvalidError


@contextmanager
def opened(path: Path, name: str, *, through_links: bool = False) -> Iterator[BufferedReader]:
    """Open a plain file for reading; ``name`` is what it is called where it is none.

    A link is none either, unless ``through_links``: somebody named that very file. What is not there raises
    ``FileNotFoundError`` or ``NotADirectoryError``.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if through_links else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, and a socket or a device that nothing drives
            raise _no_plain_file(name) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_plain_file(name)
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def _no_plain_file(name: str) -> InvalidError:
    return InvalidError(
        "{name} is no plain file, but a link, a folder, a pipe, a socket or a device; it was not read.",
        reason="no-plain-file",
        name=name,
    )
