"""Floods: attempts to take more than a container may have."""

from __future__ import annotations

from typing import Any

from hub.doctor.inside.trying import tried


def take_memory(megabytes: int) -> Any:
    """Take more memory than the container has; the process that takes it has to be ended."""
    import os

    child = os.fork()
    if child == 0:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        held = []
        for _ in range(megabytes):
            held.append(bytearray(b"x") * 2**20)
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    return {"tried": [f"{megabytes} MB"], "done": [] if os.WIFSIGNALED(ended) else [f"{megabytes} MB"]}


def fork_much(most: int) -> Any:
    """Start more processes than the container may have."""
    import os
    import signal

    children: list[int] = []
    try:
        for _ in range(most):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError:
        pass
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    whole = f"{most} processes"
    return {"tried": [whole], "done": [whole] if len(children) == most else []}


def fill_scratch(sizes: dict[str, int], files: dict[str, int]) -> Any:
    """Write more into the scratch folders than they hold: bytes, in files that are short enough, and files."""
    import os
    from functools import partial

    def fill(folder: str, count: int, size: int) -> None:
        names = [f"{folder}/flood-{number}" for number in range(count)]
        try:
            for name in names:
                with open(name, "wb", buffering=0) as file:
                    if size:
                        os.posix_fallocate(file.fileno(), 0, size)
        finally:
            for name in names:
                if os.path.exists(name):
                    os.unlink(name)

    ways = {f"{megabytes} MB in {f}": (f, megabytes // 2, 2 * 2**20) for f, megabytes in sizes.items()}
    ways |= {f"{count} files in {f}": (f, count, 0) for f, count in files.items()}
    return tried({name: partial(fill, *way) for name, way in ways.items()})


def open_much(files: int, megabytes: int, folder: str) -> Any:
    """Open more files, and write a longer one, than a container may."""
    import os
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def open_all() -> None:
        held = []
        for _ in range(files):
            held.append(open("/dev/null"))  # noqa: SIM115  # held open on purpose

    def lengthen(*, by_writing: bool) -> None:
        try:
            with open(f"{folder}/long", "wb", buffering=0) as file:
                if by_writing:
                    os.pwrite(file.fileno(), b"x", megabytes * 2**20 - 1)
                else:
                    os.truncate(file.fileno(), megabytes * 2**20)
        finally:
            os.unlink(f"{folder}/long")

    def leave_an_image() -> None:
        if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0):
            raise OSError

    return tried(
        {
            f"{files} open files": open_all,
            f"a file of {megabytes} MB": lambda: lengthen(by_writing=True),
            f"a file made {megabytes} MB long": lambda: lengthen(by_writing=False),
            "a memory image": leave_an_image,
        }
    )
