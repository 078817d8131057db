"""A workspace's first kernel: a process that waits, has its imports done, and begins when its person asks for one.

It imports while the workspace waits for its claim, or while the server starts where the machine has a core to spare;
else it imports when it begins, so that no start is held up by it.

Invariants:

* until then it is told nothing, reads nothing of its person, and ends with the server;
* it begins as any kernel does, with the arguments, the environment and the folder that the server would have given;
* it is used once; the next kernel starts as ever.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

PROGRAM = "ipykernel_launcher"
PREPARE = b"+"
"""What a kernel's arguments do not begin with."""
IMPORTED = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger"),
    *("IPython.core.debugger", "IPython.core.completerlib", "IPython.extensions.storemagic"),
    *("psutil", "sqlite3", "tornado.platform.asyncio"),
)
"""What a kernel imports until it can answer."""


def import_all(names: Iterable[str]) -> None:
    """Import what a process will need; none of it looks at its person's home, or knows its person.

    Nothing of it is garbage: looking through all of it again and again would take an eighth of the time, and once more
    at the end another eighth.
    """
    gc.disable()
    for name in names:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()


class FirstKernel:
    """The waiting process, and what the server knows of a process that it started (as of ``subprocess.Popen``)."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pipe: int | None = pipe

    def prepare(self) -> None:
        """Let it import what a kernel needs, beside what this process does; more than once is as good as once."""
        if self._pipe is not None and self.poll() is None:
            with suppress(BrokenPipeError):
                os.write(self._pipe, PREPARE)

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str], folder: str | None) -> bool:
        """Let it be a kernel; False where it was used already, or has ended."""
        if self._pipe is None or self.poll() is not None:
            return False
        told = json.dumps([list(arguments), dict(environment), folder]).encode()
        try:
            with os.fdopen(self._pipe, "wb") as pipe:
                self._pipe = None
                pipe.write(told)
        except BrokenPipeError:
            return False
        return True

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self._ended(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for its end."""
        return self._ended(0)

    def _ended(self, options: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal; one that has ended gets none."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def made_to_wait() -> FirstKernel:
    """Fork before anything is known: the child learns nothing that this process will."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writing)
        _become(reading)
    os.close(reading)
    return FirstKernel(pid, writing)


def _become(pipe: int) -> None:
    """Wait until there is something to be; without it, end with the server."""
    os.setsid()
    with os.fdopen(pipe, "rb", buffering=0) as reading:
        said = reading.read(1)
        import_all(IMPORTED if said else ())
        said = (said + reading.readall()).lstrip(PREPARE)
    if not said:
        os._exit(0)
    arguments, environment, folder = json.loads(said)
    os.environ.clear()
    os.environ.update(environment)
    if folder:
        os.chdir(folder)
    sys.argv = [PROGRAM, *arguments]
    importlib.import_module("ipykernel.kernelapp").launch_new_instance()
    sys.exit(0)


def offer(first: FirstKernel) -> None:
    """Let the server take it where it would start its first kernel of this kind."""
    provisioning: Any = importlib.import_module("jupyter_client.provisioning.local_provisioner")
    as_ever = provisioning.launch_kernel

    def launch_kernel(command: list[str], *, independent: bool = False, **options: Any) -> Any:
        streams = [options.get(name) for name in ("stdin", "stdout", "stderr")]
        if PROGRAM in command and not any(streams) and not independent:
            # The variable that says so to other kernels is read when they import what this one has imported.
            parent = f"--IPKernelApp.parent_handle={os.getpid()}"
            arguments = [*command[command.index(PROGRAM) + 1 :], parent]
            environment = {**(options.get("env") or os.environ), "JPY_PARENT_PID": str(os.getpid())}
            if first.begin(arguments, environment, options.get("cwd")):
                return first
        return as_ever(command, independent=independent, **options)

    provisioning.launch_kernel = launch_kernel
