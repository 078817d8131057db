"""The reader's container: foreign files in, fragments out. Foreign bytes are parsed here and nowhere else.

``/in/request.json`` names the files, whose bytes lie in ``/in/0001`` and so on; ``/out/fragments/0001.json`` and so on
hold what was read, and ``/out/result.json`` the kind of each file or why it was refused.

Each file is read by a child process of its own with hard limits, so that a file that crashes its reader, or makes it
use too much, is refused and the others are still read.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from pydantic import ValidationError

from hub.domain.sandbox_exit import SandboxExit
from hub.gate.engine import ENGINE
from hub.gate.exchange import MOST_REQUEST_BYTES, OfferedFile, ReadFile, ReadRequest, ReadResult, file_name
from hub.gate.fragments import FileFragments, RefusalFragment, refused
from hub.gate.kinds import Kind
from hub.gate.readers.files import LARGEST, read_file
from hub.gate.refusals import RefusalReason
from hub.sandbox.program import SandboxError, read_bounded, run_program

LIMITS = {
    resource.RLIMIT_AS: 4 * 2**30,
    resource.RLIMIT_CPU: 60,
    resource.RLIMIT_FSIZE: 256 * 2**20,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,
}
SECONDS = 60


def read(root: Path, seconds: int = SECONDS) -> SandboxExit:
    """Read every file of the request below ``root``, each in a child process."""
    source, target = root / "in", root / "out"
    request = _request(source / "request.json")
    (target / "fragments").mkdir(exist_ok=True)
    files = [_read_apart(source, target, file, seconds) for file in request.files]
    result = ReadResult(engine=ENGINE, files=tuple(files))
    (target / "result.json").write_text(result.model_dump_json(), encoding="utf-8")
    return SandboxExit.OK


def _request(path: Path) -> ReadRequest:
    try:
        return ReadRequest.model_validate_json(read_bounded(path, MOST_REQUEST_BYTES))
    except (OSError, ValidationError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None


def _read_apart(source: Path, target: Path, file: OfferedFile, seconds: int) -> ReadFile:
    """Let a child read one file; whatever happens to it, the file's fragments exist afterwards."""
    out = target / "fragments" / f"{file_name(file.index)}.json"
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _be_the_child(source, out, file, sending, seconds)
    os.close(sending)
    with os.fdopen(receiving, "rb") as answer:
        said = answer.read(10_000)
    _, status = os.waitpid(child, 0)
    if status == 0:
        try:
            return ReadFile.model_validate_json(said)
        except ValidationError:
            pass
    return _crashed(out, file)


def _be_the_child(source: Path, out: Path, file: OfferedFile, sending: int, seconds: int) -> None:
    """Read one file and end the process; an error ends it, too, with a code that says so."""
    code = SandboxExit.CRASHED
    try:
        signal.alarm(seconds)
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


def _crashed(out: Path, file: OfferedFile) -> ReadFile:
    out.unlink(missing_ok=True)
    fragments = refused(file.index, file.path, 0, RefusalReason.CRASHED)
    out.write_text(fragments.model_dump_json(), encoding="utf-8")
    return ReadFile(index=file.index, path=file.path, kind=Kind.UNKNOWN, refusal=RefusalReason.CRASHED)


if __name__ == "__main__":
    run_program(read, Path(sys.argv[1]) if len(sys.argv) > 1 else Path("/"))
