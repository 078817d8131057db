"""Attempts to reach a neighbour: the container of another project, which runs beside it and waits to be found."""

from __future__ import annotations

from typing import Any


def wait_to_be_found(mark: str, port: int, seconds: int) -> Any:
    """Listen, write and hold things under the mark; end when the host writes a word into the shared folder."""
    import ctypes
    import os
    import pathlib
    import socket
    import time

    held = []
    for name in (f"\0{mark}", "/run/nb/nb.sock"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(name)
        listener.listen()
        held.append(listener)
    held.append(socket.create_server(("127.0.0.1", port)))
    for folder in ("/dev/shm", "/tmp", "/project", "/outputs"):
        pathlib.Path(f"{folder}/{mark}").write_text(mark)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmget(port, ctypes.c_size_t(4096), 0o1666)
    pathlib.Path("/project/.waits").write_text("")
    end = time.monotonic() + seconds
    while time.monotonic() < end and not os.path.exists("/project/.found"):
        time.sleep(0.05)
    return {"tried": ["to be found"], "done": []}


def reach_the_neighbour(mark: str, port: int, names: list[str]) -> Any:
    """Find the neighbour's files, name, processes, sockets and shared memory."""
    import ctypes
    import os
    import pathlib
    import socket

    tried, done = [], []
    own = ("/home", "/project", "/outputs", "/run", "/tmp", "/dev/shm", "/data", "/in", "/out", "/progress")
    tried += ["files of that name", "files with that content"]
    for folder, folders, files in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys", "usr", "opt")]
        if any(mark in name for name in (*folders, *files)):
            done.append("files of that name")
        for name in files if folder.startswith(own) else ():
            try:
                with open(os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
                    if mark.encode() in file.read(2**16):
                        done.append("files with that content")
            except OSError:
                continue
    tried += ["the name in what the kernel tells"]
    texts = []
    for number in (name for name in os.listdir("/proc") if name.isdecimal()):
        for told_in in ("mountinfo", "cmdline", "environ", "cgroup", "maps"):
            try:
                texts.append(pathlib.Path(f"/proc/{number}/{told_in}").read_bytes())
            except OSError:
                continue
    # Its own arguments name the mark, since they are this very program.
    told = [text for text in texts if b"reach_the_neighbour" not in text]
    if any(word.encode() in text for word in names for text in told):
        done.append("the name in what the kernel tells")
    tried += ["its port", "its abstract socket", "its socket", "its shared memory"]
    with socket.socket() as s:
        s.settimeout(1)
        if s.connect_ex(("127.0.0.1", port)) == 0:
            done.append("its port")
    with socket.socket(socket.AF_UNIX) as s:
        if s.connect_ex(f"\0{mark}") == 0:
            done.append("its abstract socket")
    with socket.socket(socket.AF_UNIX) as s:
        if s.connect_ex("/run/nb/nb.sock") == 0:
            done.append("its socket")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.shmget(port, ctypes.c_size_t(4096), 0o444) >= 0:
        done.append("its shared memory")
    tried.append("its processes")
    if any(b"wait_to_be_found" in text for text in told):
        done.append("its processes")
    return {"tried": tried, "done": sorted(set(done))}
