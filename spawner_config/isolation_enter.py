"""``python -m spawner_config.isolation_enter … -- COMMAND``: become one of the lab's accounts, then the command.

Started by root, for each process of the lab that needs no power. Where the lab lies in a folder that others may not
enter, such as root's home, the process gets a view of its own: an empty folder stands in the closed one's place, with
nothing in it but what the process needs. Nothing changes for anybody else, and it is gone with the process.

Invariants:

* whoever cannot become the account ends, and never goes on as root;
* the account has the groups that are named and no other, no power, and no program that would give it any;
* what is mounted below the lab's state folder for containers is not seen.
"""

from __future__ import annotations

import argparse
import ctypes
import grp
import os
import pwd
import signal
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 1, 2, 4, 32, 4096, 16384, 1 << 19
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
SEARCHED_BY_ALL = 0o001
SYSTEM = ("/proc", "/sys", "/dev")
LIBC = ctypes.CDLL(None, use_errno=True)


def called(name: str, *arguments: object) -> None:
    """Call the C library; OSError when it refuses."""
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def closed_folder(path: Path) -> Path | None:
    """Return the outermost folder around a path that not everybody may go through; None where there is none."""
    for folder in reversed(path.parents):
        if folder.exists() and not folder.stat().st_mode & SEARCHED_BY_ALL:
            return folder
    return None


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Leave out what lies below another one of them."""
    chosen: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in chosen):
            chosen.append(path)
    return chosen


def mount_points(text: str) -> list[Path]:
    """Read the kernel's list of mounts, inner ones first."""
    places = [line.split(" ")[4].encode().decode("unicode_escape").encode("latin-1") for line in text.splitlines()]
    return [Path(os.fsdecode(place)) for place in sorted(set(places), reverse=True)]


def is_kept(mount: Path, kept: Sequence[Path], shown: Sequence[Path]) -> bool:
    """A view keeps the machine's own mounts, those around what it needs, and those below what it shows whole."""
    system = len(mount.parts) <= 2 or any(mount.is_relative_to(place) for place in SYSTEM)
    around = any(path.is_relative_to(mount) for path in (*kept, *shown))
    return system or around or any(mount.is_relative_to(path) for path in shown)


def enter_view(kept: Sequence[Path], shown: Sequence[Path]) -> None:
    """Put an empty folder in the place of each closed one, with what is needed in it; do nothing where none is closed.

    ``kept`` are shown without what is mounted below them, ``shown`` with it.
    """
    needed = outermost((*kept, *shown))
    closed = {path: folder for path in needed if (folder := closed_folder(path)) is not None}
    if not closed:
        return
    called("unshare", CLONE_NEWNS)
    _mount("none", "/", "", MS_REC | MS_SLAVE)
    for place in mount_points(Path("/proc/self/mountinfo").read_text(errors="surrogateescape")):
        if not is_kept(place, kept, shown):
            LIBC.umount2(os.fsencode(place), MNT_DETACH)  # one that is covered by another is out of sight already
    held = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in closed}
    for folder in outermost(closed.values()):
        _mount("datalab", str(folder), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k")
    for path, opened in held.items():
        _stand_in(path, opened)
        _mount(f"/proc/self/fd/{opened}", str(path), "", MS_BIND | MS_REC)
        os.close(opened)
    for folder in outermost(closed.values()):
        _mount("datalab", str(folder), "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _stand_in(path: Path, opened: int) -> None:
    """Make what the needed folder or file is mounted on."""
    if stat.S_ISDIR(os.fstat(opened).st_mode):
        path.mkdir(mode=0o755, parents=True)
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.touch()


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    called("mount", os.fsencode(source), os.fsencode(target), kind.encode() or None, flags, options.encode() or None)


def become(account: str, groups: Sequence[str]) -> None:
    """Take on the account with exactly these groups, and give up every power for good."""
    found = pwd.getpwnam(account)
    numbers = [grp.getgrnam(group).gr_gid for group in groups]
    if found.pw_uid == 0 or 0 in (found.pw_gid, *numbers):
        raise PermissionError(f"{account} is root's")
    parent = os.getppid()
    for power in range(64):
        if LIBC.prctl(PR_CAPBSET_DROP, power, 0, 0, 0) != 0:
            break
    os.setgroups(numbers)
    os.setresgid(found.pw_gid, found.pw_gid, found.pw_gid)
    os.setresuid(found.pw_uid, found.pw_uid, found.pw_uid)
    called("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # The kernel forgets it when the account changes.
    called("prctl", PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise ProcessLookupError("whoever started this is gone")


def main() -> None:
    """Enter the view, become the account, and become the command."""
    parser = argparse.ArgumentParser(prog="isolation_enter", description=main.__doc__)
    parser.add_argument("--account", required=True)
    parser.add_argument("--group", action="append", default=[])
    parser.add_argument("--umask", type=lambda text: int(text, 8), default=0o077)
    parser.add_argument("--folder", default="/")
    parser.add_argument("--keep", type=Path, action="append", default=[])
    parser.add_argument("--show", type=Path, action="append", default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    try:
        os.umask(0o022)
        enter_view(given.keep, given.show)
        os.chdir("/")
        become(given.account, given.group)
        os.chdir(given.folder)
        os.umask(given.umask)
        command = given.command[1:] if given.command[:1] == ["--"] else given.command
        os.execvp(command[0], command)  # noqa: S606  # our own words, no shell
    except (OSError, KeyError) as error:
        sys.exit(f"This process of the lab cannot become {given.account}: {error}.")


if __name__ == "__main__":
    main()
