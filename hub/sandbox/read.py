"""The reader's container: foreign files in, fragments out. Foreign bytes are parsed here and nowhere else.

``/in/request.json`` names the files, whose bytes lie in ``/in/0001`` and so on; ``/out/fragments/0001.json`` and so on
hold what was read, and ``/out/result.json`` the kind of each file or why it was refused.

Each file is read by a child process of its own with hard limits, so that a file that crashes its reader, or makes it
use too much, is refused and the others are still read. Small files are read side by side.

Supporting files are read last, one by one: time and bytes are bounded for all of them together, and what is more is
refused, so that they take nothing from what is judged or compared.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.domain.sandbox_exit import SandboxExit
from hub.gate.exchange import (
    LARGEST_RESULT,
    MOST_REQUEST_BYTES,
    MOST_SHOWN_BYTES,
    MOST_SHOWN_FRAGMENTS,
    OfferedFile,
    ReadFile,
    ReadRequest,
    ReadResult,
    file_name,
)
from hub.gate.fragments import FileFragments, RefusalFragment, refused
from hub.gate.kinds import Kind
from hub.gate.readers.files import LARGEST, read_file
from hub.gate.refusals import RefusalReason
from hub.gate.version import ENGINE
from hub.sandbox.program import SandboxError, read_bounded, run_program
from hub.sandbox.shares import latest_end, share

LIMITS = {
    resource.RLIMIT_AS: 4 * 2**30,
    resource.RLIMIT_CPU: 60,
    resource.RLIMIT_FSIZE: 256 * 2**20,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,
}
SECONDS = 60
SMALL = 4 * 2**20
"""Bytes of a file that is read beside another one; a larger one has the container's memory for itself."""
SIDE_BY_SIDE = 2


@dataclass(frozen=True, slots=True)
class _Child:
    """A process that reads a file, and where it says what it read."""

    process: int
    answer: int


def read(root: Path, seconds: int = SECONDS) -> SandboxExit:
    """Read every file of the request below ``root``, each in a child process of its own."""
    began = time.monotonic()
    source, target = root / "in", root / "out"
    request = _request(source / "request.json")
    (target / "fragments").mkdir(exist_ok=True)
    last = set(request.supporting)
    said = _read_each(source, target, [file for file in request.files if file.index not in last], seconds)
    shown = [file for file in request.files if file.index in last]
    said += _read_supporting(source, target, shown, latest_end(began, request.seconds))
    told = {file.index: file for file in said}
    result = ReadResult(engine=ENGINE, files=tuple(told[file.index] for file in request.files))
    (target / "result.json").write_text(result.model_dump_json(), encoding="utf-8")
    return SandboxExit.OK


def _request(path: Path) -> ReadRequest:
    try:
        return ReadRequest.model_validate_json(read_bounded(path, MOST_REQUEST_BYTES))
    except (OSError, ValidationError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None


def _read_each(source: Path, target: Path, files: list[OfferedFile], seconds: int) -> list[ReadFile]:
    """Read the files, in their order; whatever happens to a child, its file's fragments exist afterwards.

    A file whose child was killed beside another one is read once more, alone: that one may have had the memory.
    """

    def start(file: OfferedFile) -> _Child:
        return _start(source, _fragments_of(target, file), file, seconds, [child.answer for child in running])

    running: deque[_Child] = deque()
    said: list[ReadFile | None] = []
    killed: list[bool] = []
    beside = set[int]()

    def end() -> None:
        answer, ended_by = _ended(running.popleft())
        said.append(answer)
        killed.append(ended_by == signal.SIGKILL)

    for file in files:
        is_small = _is_small(source / file_name(file.index))
        while len(running) >= (SIDE_BY_SIDE if is_small else 1):
            end()
        running.append(start(file))
        if len(running) > 1:
            beside.update(range(len(said), len(said) + len(running)))
        if not is_small:
            end()
    while running:
        end()
    again = [_ended(start(file))[0] if killed[at] and at in beside else said[at] for at, file in enumerate(files)]
    return [answer or _refused(_fragments_of(target, file), file) for file, answer in zip(files, again, strict=True)]


def _read_supporting(source: Path, target: Path, files: list[OfferedFile], until: float) -> list[ReadFile]:
    """Read files that are only shown, each within its share of the time, and as far as there is room for all."""
    said = []
    room = MOST_SHOWN_FRAGMENTS
    for before, file in enumerate(files):
        out = _fragments_of(target, file)
        seconds = share(until - time.monotonic(), len(files) - before)
        answer = _read_within(source, out, file, seconds, min(room, MOST_SHOWN_BYTES))
        room -= out.stat().st_size if isinstance(answer, ReadFile) else 0
        said.append(answer if isinstance(answer, ReadFile) else _refused(out, file, answer))
    return said


def _read_within(source: Path, out: Path, file: OfferedFile, seconds: float, most: int) -> ReadFile | RefusalReason:
    """Read a file in so many seconds into so many bytes, where there is room for whatever a child may write."""
    if seconds <= 0:
        return RefusalReason.OUT_OF_TIME
    if shutil.disk_usage(out.parent).free < LIMITS[resource.RLIMIT_FSIZE] + LARGEST_RESULT:
        return RefusalReason.TOO_LARGE
    answer, ended_by = _ended(_start(source, out, file, seconds, ()))
    if ended_by == signal.SIGALRM:
        return RefusalReason.OUT_OF_TIME
    if answer is not None and out.stat().st_size > most:
        return RefusalReason.TOO_LARGE
    return answer or RefusalReason.CRASHED


def _fragments_of(target: Path, file: OfferedFile) -> Path:
    return target / "fragments" / f"{file_name(file.index)}.json"


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= SMALL
    except OSError:
        return True


def _start(source: Path, out: Path, file: OfferedFile, seconds: float, others: Iterable[int]) -> _Child:
    """Let a child read one file; it has none of the ``others``' answers in its hands."""
    receiving, sending = os.pipe()
    process = os.fork()
    if process == 0:
        for answer in (receiving, *others):
            os.close(answer)
        _be_the_child(source, out, file, sending, seconds)
    os.close(sending)
    return _Child(process, receiving)


def _ended(child: _Child) -> tuple[ReadFile | None, int]:
    """Wait for a child; returns what it said, if all went well, and the signal that ended it, or none."""
    with os.fdopen(child.answer, "rb") as answer:
        said = answer.read(10_000)
    _, status = os.waitpid(child.process, 0)
    if status == 0:
        try:
            return ReadFile.model_validate_json(said), 0
        except ValidationError:
            pass
    return None, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _be_the_child(source: Path, out: Path, file: OfferedFile, sending: int, seconds: float) -> None:
    """Read one file and end the process; an error ends it, too, with a code that says so."""
    code = SandboxExit.CRASHED
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        for limit, value in LIMITS.items():
            hard = resource.getrlimit(limit)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (value, value))
        fragments = _fragments(source / file_name(file.index), file)
        out.write_text(fragments.model_dump_json(), encoding="utf-8")
        os.write(sending, _summary(fragments).model_dump_json().encode())
        code = SandboxExit.OK
    finally:
        os._exit(code)


def _fragments(path: Path, file: OfferedFile) -> FileFragments:
    size = path.stat().st_size
    if size > LARGEST:
        return refused(file.index, file.path, size, RefusalReason.TOO_LARGE)
    return read_file(file.index, file.path, path.read_bytes())


def _summary(fragments: FileFragments) -> ReadFile:
    reason = next((part.reason for part in fragments.fragments if isinstance(part, RefusalFragment)), None)
    return ReadFile(index=fragments.index, path=fragments.path, kind=fragments.kind, refusal=reason)


def _refused(out: Path, file: OfferedFile, why: RefusalReason = RefusalReason.CRASHED) -> ReadFile:
    out.unlink(missing_ok=True)
    fragments = refused(file.index, file.path, 0, why)
    out.write_text(fragments.model_dump_json(), encoding="utf-8")
    return ReadFile(index=file.index, path=file.path, kind=Kind.UNKNOWN, refusal=why)


if __name__ == "__main__":
    run_program(read, Path(sys.argv[1]) if len(sys.argv) > 1 else Path("/"))
