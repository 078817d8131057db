"""What an approved notebook may do that nobody expected; each act is a function without outer names.

They run as cells of one notebook, in the containers of a running lab. The first of them does no harm.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH102, PTH103, PTH104, PTH118, PTH123, PTH208, PTH211, SIM105, SIM115

from __future__ import annotations

from typing import Any


def write_words() -> Any:
    import pathlib

    for name in ("words", "more"):
        pathlib.Path(f"/outputs/{name}.txt").write_text("Nothing in here is about anybody.\n")
    return True


def break_out() -> Any:
    import ctypes
    import os
    import pathlib
    import socket

    libc = ctypes.CDLL(None, use_errno=True)
    runner = os.getppid()

    def connect() -> None:
        for address in ("127.0.0.1", "169.254.169.254", "192.0.2.1", "172.17.0.1"):
            with socket.socket() as s:
                s.settimeout(0.2)
                if s.connect_ex((address, 18998)) == 0:
                    return
        raise OSError

    def ptrace() -> None:
        if libc.ptrace(0x4206, runner, None, None) != 0:
            raise OSError

    attempts = {
        "network": connect,
        "name": lambda: socket.getaddrinfo("lab.example", 80),
        "device": lambda: {True: 1}[len(socket.if_nameindex()) > 1],
        "data": lambda: next(pathlib.Path("/data").iterdir()).joinpath("x").write_text("x"),
        "data file": lambda: open(next(pathlib.Path("/data").rglob("*.parquet")), "r+b"),
        "request": lambda: open("/in/request.json", "r+b"),
        "notebook": lambda: open("/in/notebook.ipynb", "r+b"),
        "notebook's place": lambda: os.rename("/in/notebook.ipynb", "/in/other.ipynb"),
        "code of the lab": lambda: pathlib.Path("/opt/datalab/lib/hub/x.py").write_text("x"),
        "runner's memory": lambda: open(f"/proc/{runner}/mem", "r+b"),
        "runner's output": lambda: open(f"/proc/{runner}/fd/1", "wb"),
        "runner's files": lambda: os.listdir(f"/proc/{runner}/fd"),
        "runner's limits": lambda: open(f"/proc/{runner}/oom_score_adj", "w"),
        "ptrace": ptrace,
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except (OSError, KeyError):
            pass
    return done


def look_around() -> Any:
    import os
    import pathlib

    paths, owners = [], set()
    for folder, folders, files in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys", "opt", "usr")]
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            paths.append(path)
            owners.add(os.lstat(path).st_uid)
    texts = set()  # the log of a container, by which this leaves, is short
    for file in pathlib.Path("/proc").glob("*/*"):
        if file.name in ("mounts", "mountinfo", "cmdline", "environ", "cgroup", "maps", "status"):
            try:
                texts.add(file.read_bytes().decode(errors="ignore"))
            except OSError:
                pass
    for file in pathlib.Path("/etc").iterdir():
        if file.is_file() and not file.is_symlink() and os.access(file, os.R_OK):
            texts.add(file.read_bytes().decode(errors="ignore"))
    return {"paths": paths, "owners": sorted(owners), "texts": sorted(texts)}


def forge() -> Any:
    import os
    import pathlib
    import time

    pathlib.Path("/outputs/words.txt").write_text("as the notebook wrote it\n")
    pathlib.Path("/progress/progress").unlink()
    pathlib.Path("/progress/progress").write_text("1/9999; DROP TABLE run")
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                for name in ("executed.ipynb", "words.txt", "late.txt"):
                    try:
                        pathlib.Path(f"/outputs/{name}").write_text("forged")
                    except OSError:
                        pass
        os._exit(0)
    time.sleep(1.5)
    return True


def end_as_if_well() -> Any:
    import json
    import os
    import pathlib

    whole = {"cells": [], "metadata": {"papermill": {"exception": False}}, "nbformat": 4, "nbformat_minor": 5}
    pathlib.Path("/outputs/executed.ipynb").write_text(json.dumps(whole))
    pathlib.Path("/outputs/said.json").write_text("true")
    os._exit(0)


def leave_special_files() -> Any:
    import os
    import pathlib
    import socket

    os.chdir("/outputs")
    pathlib.Path("plain.txt").write_text("plain\n")
    pathlib.Path("several.txt").write_text("several names\n")
    os.link("several.txt", "names.txt")
    os.symlink("/etc/passwd", "link.txt")
    os.symlink("/", "root")
    os.mkfifo("pipe.txt")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket.txt")
    with open("hole.txt", "wb") as file:
        file.truncate(32 * 2**20)
    for odd in ("line\nbreak.txt", "line\nbreak", "bell\x07", "\udcff", "turned\u202e", "long" * 60):
        try:
            os.mkdir(odd)
            pathlib.Path(odd, "inside.txt").write_text("x")
            pathlib.Path(odd, "long" * 60).write_text("x")
        except FileExistsError:
            pass
    deep = "/".join("d" * 40)
    os.makedirs(deep)
    pathlib.Path(deep, "bottom.txt").write_text("x")
    return True


def leave_rows() -> Any:
    import polars

    polars.read_parquet("/data/jobs/wage_panel.parquet").head(40).write_csv("/outputs/rows.csv")
    return True


def leave_many_files() -> Any:
    for number in range(10_050):
        open(f"/outputs/{number}", "w").close()
    return True


def wait_for_a_word() -> Any:
    import pathlib
    import time

    with open("/outputs/started.txt", "a") as file:
        file.write("started\n")
    end = time.monotonic() + 170
    while not pathlib.Path("/outputs/.word").exists() and time.monotonic() < end:
        time.sleep(0.1)
    return True


def fill_the_disk() -> Any:
    import os

    with open("/outputs/.full", "wb") as file:
        size = 2**28
        while size >= 4096:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            except OSError:
                size //= 2
    return True


def fill_what_all_share() -> Any:
    import os
    import pathlib
    import time

    taken = {"bytes": 0, "files": 0}
    with open("/progress/full", "wb") as file:
        size = 2**30
        while size >= 4096:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            except OSError:
                size //= 2
        taken["bytes"] = os.fstat(file.fileno()).st_size
    try:
        for taken["files"] in range(100_000):
            pathlib.Path(f"/progress/{taken['files']}").touch()
    except OSError:
        pass
    pathlib.Path("/outputs/started.txt").touch()
    end = time.monotonic() + 170
    while not pathlib.Path("/outputs/.word").exists() and time.monotonic() < end:
        time.sleep(0.1)
    return taken


ACTS = (
    write_words,
    break_out,
    look_around,
    forge,
    end_as_if_well,
    leave_special_files,
    leave_rows,
    leave_many_files,
    wait_for_a_word,
    fill_the_disk,
    fill_what_all_share,
)
