"""Looking at folders that a container wrote: no link is followed, nothing but regular files is opened.

The container may still be running and may change the folder at any moment, so every step goes from an open folder to
the next by name, and every file is judged by its open descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hub.domain.errors import InvalidError, NotFoundError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
DEEPEST = 16
MOST_ENTRIES = 10_000
LONGEST_PATH = 400


def check_path(path: str) -> tuple[str, ...]:
    """A path below an outputs folder is relative, plain, and at most 16 folders deep."""
    parts = PurePosixPath(path).parts
    plain = path and not path.startswith("/") and ".." not in parts and "/".join(parts) == path
    if not plain or len(parts) > DEEPEST or not _is_said(path):
        raise InvalidError("A file is named by its plain path below the outputs folder.", reason="bad-path")
    return parts


@contextmanager
def open_file(folder: Path, path: str) -> Iterator[int]:
    """Open a regular file with one link below a folder, and give its descriptor."""
    *parents, name = check_path(path)
    with _open_below(folder, tuple(parents)) as parent:
        try:
            opened = os.open(name, FILE, dir_fd=parent)
        except FileNotFoundError:
            raise NotFoundError("There is no file {path} in the outputs.", reason="no-output", path=path) from None
        except PermissionError:
            raise InvalidError(
                "The lab cannot read {path}; make it readable (chmod a+r).", reason="unreadable", path=path
            ) from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
                raise _special(path) from None
            raise
        try:
            if not _is_plain(os.fstat(opened)):
                raise _special(path)
            yield opened
        finally:
            os.close(opened)


def _special(path: str) -> InvalidError:
    return InvalidError(
        "{path} is a link, a pipe or another special file, or has several names; offer a plain file.",
        reason="not-a-regular-file",
        path=path,
    )


def _is_plain(status: os.stat_result) -> bool:
    """A regular file with one name, all of whose bytes are on disk (a hole could claim any size)."""
    sparse = status.st_blocks * 512 < status.st_size - 4096 * 16 and status.st_size > 2**20
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and not sparse


@contextmanager
def _open_below(folder: Path, parts: tuple[str, ...]) -> Iterator[int]:
    current = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            following = os.open(part, FOLDER, dir_fd=current)
            os.close(current)
            current = following
        yield current
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError("There is no such folder in the outputs.", reason="no-output") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _special("/".join(parts)) from None
        raise
    finally:
        os.close(current)


def walk(folder: Path) -> Iterator[tuple[str, bool]]:
    """Give (path, is a plain file) of everything below a folder that is not itself a folder, sorted by name.

    Hidden ones are passed over. More than 10,000 entries, folders among them, are refused; folders deeper than 16 are
    given as no plain files.
    """
    for seen, (path, plain) in enumerate(_walk(folder, ())):
        if seen >= MOST_ENTRIES:
            raise _too_many()
        if plain is not None:
            yield path, plain


def _too_many() -> InvalidError:
    return InvalidError("The outputs folder has more than 10,000 entries.", reason="too-many-files")


def _walk(folder: Path, parts: tuple[str, ...]) -> Iterator[tuple[str, bool | None]]:
    """Give what ``walk`` does, and each folder before what is in it, of which nothing is said."""
    if len(parts) >= DEEPEST:
        yield "/".join(parts), False
        return
    with _open_below(folder, parts) as opened:
        names = sorted(n for n in os.listdir(opened) if not n.startswith("."))  # noqa: PTH208 - by descriptor
        if len(names) > MOST_ENTRIES:
            raise _too_many()
        statuses = [(n, os.stat(n, dir_fd=opened, follow_symlinks=False)) for n in names]
    for name, status in statuses:
        if stat.S_ISDIR(status.st_mode):
            yield "", None
            yield from _walk(folder, (*parts, name))
        else:
            path = "/".join((*parts, name))
            yield path, _is_plain(status) and _is_said(path)


def is_all_listed(folder: Path) -> bool:
    """Say whether ``walk`` gives everything below a folder as a plain file: nothing is hidden, special, or empty."""
    return _is_all_listed(folder, ())


def _is_all_listed(folder: Path, parts: tuple[str, ...]) -> bool:
    if len(parts) >= DEEPEST:
        return False
    with _open_below(folder, parts) as opened:
        statuses = [(n, os.stat(n, dir_fd=opened, follow_symlinks=False)) for n in os.listdir(opened)]  # noqa: PTH208
    return bool(statuses) and all(
        not name.startswith(".")
        and (
            _is_all_listed(folder, (*parts, name))
            if stat.S_ISDIR(status.st_mode)
            else _is_plain(status) and _is_said("/".join((*parts, name)))
        )
        for name, status in statuses
    )


def _is_said(path: str) -> bool:
    """A path that cannot be written down, or is too long to be, is left out: its folders count, too."""
    return path.isprintable() and len(path) <= LONGEST_PATH
