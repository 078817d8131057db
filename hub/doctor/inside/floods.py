"""Floods: attempts to take more than a container may have."""

from __future__ import annotations

from typing import Any


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


def fill_scratch(sizes: dict[str, int]) -> Any:
    """Write more into the scratch folders than they hold, in files that are small enough for one file."""
    import os

    tried, done = [], []
    for folder, megabytes in sizes.items():
        tried.append(f"{megabytes} MB in {folder}")
        names = [f"{folder}/flood-{number}" for number in range(megabytes // 2)]
        try:
            for name in names:
                with open(name, "wb", buffering=0) as file:
                    os.posix_fallocate(file.fileno(), 0, 2 * 2**20)
            done.append(tried[-1])
        except OSError:
            pass
        for name in names:
            if os.path.exists(name):
                os.unlink(name)
    return {"tried": tried, "done": done}


def open_much(files: int, megabytes: int, folder: str) -> Any:
    """Open more files, and write a longer one, than a container may."""
    import os
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    tried, done, held = [f"{files} open files", f"a file of {megabytes} MB", "a memory image"], [], []
    try:
        for _ in range(files):
            held.append(open("/dev/null"))  # noqa: SIM115  # held open on purpose
        done.append(tried[0])
    except OSError:
        pass
    held.clear()
    try:
        with open(f"{folder}/long", "wb", buffering=0) as file:
            os.truncate(file.fileno(), megabytes * 2**20)
        done.append(tried[1])
    except OSError:
        pass
    if os.path.exists(f"{folder}/long"):
        os.unlink(f"{folder}/long")
    import resource

    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        done.append(tried[2])
    return {"tried": tried, "done": done}
