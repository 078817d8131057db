"""Make the state folder what the table says, and say where it is not.

Root does it in folders that other accounts write to, so nothing is reached by a link: each path is opened below its
folder, and changed by what was opened. A file with a second name elsewhere is left alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hub.accounts import MEMBERS, Group
from hub.adapters.accounts.known import are_separate, check_are_there, gid_of, uid_of
from hub.adapters.accounts.layout import A_SECRET, Kind, Place, layout
from hub.adapters.state_folder import writing_state
from hub.domain.errors import InvalidError
from hub.settings import Settings

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
MADE = "lost+found"
"""What a disk's own folder holds beside what the lab puts there."""


def apply_layout(settings: Settings) -> None:
    """Let every folder of the table be there, its owner's and with its mode; where one account runs all, that one's."""
    separate = are_separate()
    if separate:
        check_are_there()
        _check_database_folder(settings)
    with writing_state(settings):
        for place in layout(settings):
            _let_be(place, separate=separate)


def _let_be(place: Place, *, separate: bool) -> None:
    if place.kind is Kind.FOLDER:
        place.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not separate:
        return
    if place.kind is Kind.FILE and not place.path.exists():
        with suppress(FileExistsError):
            os.close(os.open(place.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for opened in _opened(place):
        if _differs(opened, place):
            os.fchown(opened, uid_of(place.owner) or 0, gid_of(place.group) or 0)
            os.fchmod(opened, place.mode)  # after the owner, whose change takes some bits away


def _opened(place: Place) -> Iterator[int]:
    """Open whatever stands at a place, one after the other, without following a link."""
    if place.kind is Kind.FOLDER and place.name == "":
        with _held(place.path, FOLDER | (0 if place.path.is_symlink() else os.O_NOFOLLOW)) as opened:
            yield opened
        return
    flags = FOLDER if place.kind in (Kind.FOLDER, Kind.FOLDERS) else FILE
    for path in sorted(place.top.glob(place.name)):
        with suppress(OSError), _held(path.parent, FOLDER) as parent, _held_in(parent, path.name, flags) as opened:
            seen = os.fstat(opened)
            if stat.S_ISDIR(seen.st_mode) or (stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1):
                yield opened


@contextmanager
def _held(path: Path, flags: int) -> Iterator[int]:
    opened = os.open(path, flags)
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _held_in(folder: int, name: str, flags: int) -> Iterator[int]:
    opened = os.open(name, flags, dir_fd=folder)
    try:
        yield opened
    finally:
        os.close(opened)


def _differs(opened: int, place: Place) -> bool:
    seen = os.fstat(opened)
    wanted = (uid_of(place.owner), gid_of(place.group), place.mode)
    return (seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)) != wanted


def exposed(settings: Settings, *, separate: bool) -> list[str]:
    """Return the places that somebody may read or write beside those of the table.

    Where one account has all of it, the state folder and the secrets are closed to all others.
    """
    found = []
    for place in layout(settings):
        if place.path.exists() or place.kind in (Kind.FOLDERS, Kind.FILES):
            found += [
                place.path.name for opened in _opened(place) if _is_exposed(settings, opened, place, separate=separate)
            ]
    return found


def _is_exposed(settings: Settings, opened: int, place: Place, *, separate: bool) -> bool:
    seen = os.fstat(opened)
    mode = stat.S_IMODE(seen.st_mode) & 0o077
    if not separate:
        closed = place.why == A_SECRET or place.path in (settings.state, settings.state / "secrets")
        return bool(mode & (0o077 if closed else 0o002))
    others = bool(mode & 0o070) and seen.st_gid != gid_of(place.group)
    return others or bool(mode & ~place.mode) or seen.st_uid not in (0, *_who_may_own(place))


def _who_may_own(place: Place) -> list[int | None]:
    """What stands in a group's folder is its maker's until the next start gives it to root."""
    makers = MEMBERS[place.group] if isinstance(place.group, Group) and place.mode & 0o020 else ()
    return [uid_of(place.owner), *map(uid_of, makers)]


def _check_database_folder(settings: Settings) -> None:
    """SQLite's accounts get the folder of the database, so it must be for that alone."""
    file = settings.database_file
    if file is None:
        return
    with suppress(FileNotFoundError):
        others = [p.name for p in file.parent.iterdir() if not p.name.startswith(file.name) and p.name != MADE]
        if others:
            raise InvalidError(
                "The database {file} shares its folder with other things. It needs a folder of its own, which the "
                "lab's accounts may write to: move it, and change database_url in lab.toml.",
                reason="database-folder",
                file=file,
            )
