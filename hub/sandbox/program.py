"""What every program inside a container has in common: it is silent but for one fixed word, and ends with an exit code.

Invariants:

* standard output and error of the process lead nowhere before any foreign byte is read, so that no error text,
  no warning and no child process can write into the container's log;
* the one word that is written is the name of a ``SandboxExit``;
* an error that nobody foresaw ends the program with ``CRASHED``.
"""

from __future__ import annotations

import errno
import gc
import os
import secrets
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import ValidationError

from hub.domain.errors import LabError
from hub.domain.sandbox_exit import SandboxExit, sentence
from hub.sandbox.exchange import MOST_REQUEST_BYTES, Message

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
ENDED_FROM_OUTSIDE = 128 + signal.SIGTERM
Request = TypeVar("Request", bound=Message)


class SandboxError(LabError):
    """The program cannot go on; ``code`` says why, and ``file`` which of the files was at fault, from 1."""

    def __init__(self, code: SandboxExit, *, file: int = 0) -> None:
        self.code = code
        self.file = file
        super().__init__(sentence(code), reason=code.name.lower())


def run_program(program: Callable[[Path], SandboxExit], root: Path) -> NoReturn:
    """Run a program on the folders below ``root`` and end the process with the code that it came to."""
    # The first process of a container would otherwise not hear the signal that cancels it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(ENDED_FROM_OUTSIDE))
    speaker = _silence()
    # What was imported stays: it is not looked through for garbage again and again.
    gc.freeze()
    code = SandboxExit.CRASHED
    try:
        code = judge(program, root)
    finally:
        os.write(speaker, f"{code.name.lower()}\n".encode())
        # Neither a thread that is left nor an exit handler may hold the container, or change the code.
        os._exit(code)


def judge(program: Callable[[Path], SandboxExit], root: Path) -> SandboxExit:
    """Return the code that a program comes to, also where it refuses or the space is full."""
    try:
        return program(root)
    except SandboxError as error:
        return error.code
    except OSError as error:
        if error.errno in FULL:
            return SandboxExit.OUTPUT_FULL
        raise


def _silence() -> int:
    """Let standard input, output and error lead nowhere; return what was standard output, which no child inherits."""
    speaker = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return speaker


def read_request(path: Path, model: type[Request]) -> Request:
    """Read what the worker asks for; what is not of the model's form is a bad request."""
    try:
        return model.model_validate_json(read_bounded(path, MOST_REQUEST_BYTES))
    except (ValidationError, FileNotFoundError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes; a larger one is refused, and so is a link or a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SandboxError(SandboxExit.BAD_REQUEST)
        if status.st_size > limit:
            raise SandboxError(SandboxExit.TOO_LARGE)
        return file.read(limit)


def write_atomically(folder: Path, name: str, body: bytes) -> None:
    """Write a file whole or not at all; whatever stood under its name, a link or a pipe too, is replaced.

    Raises OSError where the space is full or a folder stands under the name; nothing half-written is left then.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    temporary = f".{secrets.token_hex(8)}"  # Nobody can have put anything there before.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.fdopen(os.open(temporary, flags, 0o644, dir_fd=handle), "wb")
        try:
            with file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, name, src_dir_fd=handle, dst_dir_fd=handle)
        except OSError:
            os.unlink(temporary, dir_fd=handle)
            raise
    finally:
        os.close(handle)
